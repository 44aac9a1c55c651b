"""Terraform's s3-backend semantics over boto3: states, locks, digests, history; on AWS or elsewhere."""
