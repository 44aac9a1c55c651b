"""The AWS provider manages the backend itself: bucket, key and lock table."""

from collections.abc import Callable
from pathlib import Path

import pytest

from provider_in_place import use_provider
from real_clients import Server, Terraform
from terraform_blocks import LOCK_MODES

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform

PROVIDER = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" { region = "us-east-1" }
"""

BUCKET = """
resource "aws_kms_key" "state" {
  description             = "states of team one"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  tags                    = { team = "one" }
}
resource "aws_kms_alias" "state" {
  name          = "alias/team-one"
  target_key_id = aws_kms_key.state.key_id
}
resource "aws_s3_bucket" "state" {
  bucket = "team-one-state"
  tags   = { team = "one" }
  lifecycle { prevent_destroy = true }
}
resource "aws_s3_bucket_versioning" "state" {
  bucket = aws_s3_bucket.state.id
  versioning_configuration { status = "Enabled" }
}
resource "aws_s3_bucket_server_side_encryption_configuration" "state" {
  bucket = aws_s3_bucket.state.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.state.arn
    }
    bucket_key_enabled = true
  }
}
resource "aws_s3_bucket_public_access_block" "state" {
  bucket                  = aws_s3_bucket.state.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}
resource "aws_s3_bucket_ownership_controls" "state" {
  bucket = aws_s3_bucket.state.id
  rule { object_ownership = "BucketOwnerEnforced" }
}
resource "aws_s3_bucket_policy" "state" {
  bucket     = aws_s3_bucket.state.id
  depends_on = [aws_s3_bucket_public_access_block.state]
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Encryption"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:PutObject"
      Resource  = "${aws_s3_bucket.state.arn}/*"
      Condition = {
        Null            = { "s3:x-amz-server-side-encryption" = "false" }
        StringNotEquals = { "s3:x-amz-server-side-encryption" = "aws:kms" }
      }
    }]
  })
}
"""

LIFECYCLE = """
resource "aws_s3_bucket_lifecycle_configuration" "state" {
  bucket     = aws_s3_bucket.state.id
  depends_on = [aws_s3_bucket_versioning.state]
  rule {
    id     = "old-versions"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration {
      noncurrent_days           = 90
      newer_noncurrent_versions = 10
    }
    abort_incomplete_multipart_upload { days_after_initiation = 7 }
  }
  rule {
    id     = "archive"
    status = "Enabled"
    filter { prefix = "archive/" }
    noncurrent_version_transition {
      noncurrent_days = 30
      storage_class   = "STANDARD_IA"
    }
    expiration { expired_object_delete_marker = true }
  }
}
"""

TABLES = """
resource "aws_dynamodb_table" "plain" {
  name         = "locks-plain"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "LockID"
  attribute {
    name = "LockID"
    type = "S"
  }
}
resource "aws_dynamodb_table" "guarded" {
  name                        = "locks-guarded"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "LockID"
  deletion_protection_enabled = PROTECTED
  attribute {
    name = "LockID"
    type = "S"
  }
  point_in_time_recovery { enabled = true }
  server_side_encryption { enabled = true }
  ttl {
    attribute_name = "Expires"
    enabled        = true
  }
  tags = { team = "one" }
}
"""


@pytest.fixture
def provider(project: Project, mirror: Path) -> Terraform:
    """A project that has the AWS provider."""
    tf = project("provider")
    use_provider(tf, mirror)
    tf.write("provider.tf", PROVIDER)
    return tf


def test_the_backend_is_made_stays_as_it_is_is_guarded_and_goes_away(
    provider: Terraform, server: Server
) -> None:
    """Bucket, key and tables: applied once, nothing left to change, no accident, all of it destroyed.

    Each command loads the provider's schemas for seconds, so all of it is one stack.
    """
    guarded = TABLES.replace("PROTECTED", "true")
    provider.write("bucket.tf", BUCKET + LIFECYCLE)
    provider.write("tables.tf", guarded)
    provider.ok("apply", "-auto-approve")
    assert "No changes" in provider.ok("plan", "-detailed-exitcode")

    refused = provider.run("destroy", "-auto-approve")
    assert "Instance cannot be destroyed" in refused.text
    assert server.has_bucket("team-one-state")

    provider.write("bucket.tf", BUCKET.replace("prevent_destroy = true", "") + LIFECYCLE)
    refused = provider.run("destroy", "-auto-approve")
    assert "deletion protection" in refused.text.lower()
    assert not server.has_bucket("team-one-state")
    assert server.has_table("locks-guarded")

    provider.write("bucket.tf", "")
    provider.write("tables.tf", TABLES.replace("PROTECTED", "false"))
    provider.ok("apply", "-auto-approve")
    provider.ok("destroy", "-auto-approve")
    assert not server.has_table("locks-guarded")
    assert not server.has_table("locks-plain")


def test_the_stack_keeps_its_own_state(provider: Terraform, server: Server) -> None:
    """Bootstrapped with local state, then moved into the very bucket and table it made."""
    stack = BUCKET.replace("team-one", "team-self").replace("prevent_destroy = true", "")
    tables = TABLES.replace("locks-", "self-locks-").replace("PROTECTED", "false")
    provider.write("main.tf", stack + tables)
    provider.ok("apply", "-auto-approve")
    lock = LOCK_MODES["both"].replace("terraform-locks", "self-locks-plain")
    provider.write(
        "backend.tf",
        f"""
terraform {{
  backend "s3" {{
    bucket     = "team-self-state"
    key        = "bootstrap/terraform.tfstate"
    region     = "us-east-1"
    encrypt    = true
    kms_key_id = "alias/team-self"
    {lock}
  }}
}}
""",
    )

    provider.ok("init", "-migrate-state", "-force-copy")

    assert "No changes" in provider.ok("plan", "-detailed-exitcode")
    head = server.client("s3").head_object(
        Bucket="team-self-state", Key="bootstrap/terraform.tfstate"
    )
    assert head["BucketKeyEnabled"]
