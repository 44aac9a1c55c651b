"""From locks in a DynamoDB table to lock files, across a tree of Terraform directories."""
