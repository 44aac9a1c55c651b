"""The AWS provider manages who may use the backend: users, access keys, roles, policies."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from provider_in_place import use_provider
from real_clients import Server, Terraform

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

ACCESS = """
data "aws_caller_identity" "me" {}

resource "aws_iam_user" "ci" {
  name          = "provider-ci"
  path          = "/machines/"
  force_destroy = FORCE
  tags          = { team = "one" }
}
resource "aws_iam_user" "moved" {
  name = "provider-FOLDER"
  path = "/FOLDER/"
}
resource "aws_iam_access_key" "ci" {
  user   = aws_iam_user.ci.name
  status = "STATUS"
}
data "aws_iam_policy_document" "staging" {
  statement {
    sid       = "States"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["arn:aws:s3:::states/staging/*"]
  }
  statement {
    sid       = "List"
    actions   = ["s3:ListBucket"]
    resources = ["arn:aws:s3:::states"]
    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["staging/*"]
    }
  }
}
resource "aws_iam_user_policy" "staging" {
  name   = "staging"
  user   = aws_iam_user.ci.name
  policy = data.aws_iam_policy_document.staging.json
}
resource "aws_iam_role" "deploy" {
  name                 = "provider-deploy"
  description          = "DESCRIPTION"
  max_session_duration = 7200
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = aws_iam_user.ci.arn }
      Action    = "sts:AssumeRole"
    }]
  })
  tags = { team = "one" }
}
resource "aws_iam_role_policy" "staging" {
  name   = "staging"
  role   = aws_iam_role.deploy.id
  policy = data.aws_iam_policy_document.staging.json
}
output "secret" {
  value     = aws_iam_access_key.ci.secret
  sensitive = true
}
output "key" { value = aws_iam_access_key.ci.id }
"""


def _stack(*, changed: bool = False) -> str:
    words = {
        "STATUS": "Inactive" if changed else "Active",
        "DESCRIPTION": "deploys at night" if changed else "deploys",
        "FORCE": "true" if changed else "false",
        "FOLDER": "robots" if changed else "machines",
    }
    text = ACCESS
    for word, value in words.items():
        text = text.replace(word, value)
    return text


@pytest.fixture
def provider(project: Project, mirror: Path) -> Terraform:
    """A project that has the AWS provider."""
    tf = project("provider-iam")
    use_provider(tf, mirror)
    tf.write("provider.tf", PROVIDER)
    return tf


def _plan_is_empty(tf: Terraform) -> bool:
    return "No changes" in tf.ok("plan", "-detailed-exitcode")


def test_users_keys_and_roles_are_made_stay_are_changed_and_go_away(
    provider: Terraform, server: Server
) -> None:
    """Applied once, nothing left to change; changed in place; all of it destroyed.

    Each command loads the provider's schemas for seconds, so all of it is one stack.
    """
    iam = server.client("iam")
    provider.write("access.tf", _stack())
    provider.ok("apply", "-auto-approve")
    assert _plan_is_empty(provider)
    outputs = json.loads(provider.ok("output", "-json"))
    key = {name: outputs[name]["value"] for name in ("key", "secret")}
    assert _who(provider, key) == "user/machines/provider-ci"

    # A user that has a key which Terraform does not know is deleted by force_destroy alone.
    iam.create_access_key(UserName="provider-ci")
    provider.write("access.tf", _stack(changed=True))
    provider.ok("apply", "-auto-approve")
    assert _plan_is_empty(provider)
    assert iam.get_role(RoleName="provider-deploy")["Role"]["Description"] == "deploys at night"
    assert iam.get_user(UserName="provider-robots")["User"]["Path"] == "/robots/"
    assert _who(provider, key) == "InvalidClientTokenId"

    provider.ok("destroy", "-auto-approve")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_user(UserName="provider-ci")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName="provider-deploy")


def _who(tf: Terraform, key: dict[str, str]) -> str:
    """Return whose key it is, as the aws CLI finds out; the error's code if it is nobody's."""
    env = {
        **tf.environment(),
        "AWS_ACCESS_KEY_ID": key["key"],
        "AWS_SECRET_ACCESS_KEY": key["secret"],
    }
    done = subprocess.run(
        ["aws", "sts", "get-caller-identity", "--query", "Arn", "--output", "text"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return done.stderr.partition("(")[2].partition(")")[0]
    return done.stdout.strip().partition(":")[2].split(":")[-1]
