"""STS and the one IAM call that Terraform makes."""
