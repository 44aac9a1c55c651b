"""`holdfast policy`: showing, writing and explaining."""

import json
from pathlib import Path

import pytest

from access_commands import Access, access_for
from client_site import Site
from holdfast.cli.exit_codes import ExitCode

OWN = """{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "NotAtNight",
      "Effect": "Deny",
      "Action": "s3:DeleteObject",
      "Resource": "*"
    }
  ]
}
"""


@pytest.fixture
def access(site: Site, capsys: pytest.CaptureFixture[str]) -> Access:
    """Commands in the environment of a server."""
    return access_for(site, capsys)


def test_a_policy_of_ones_own_is_kept_as_it_was_written(access: Access, tmp_path: Path) -> None:
    """Put, shown, deleted."""
    name, _ = access.user()
    file = tmp_path / "own.json"
    file.write_text(OWN)
    access.ok("policy", "put", name, "own", str(file))
    assert access.ok("policy", "show", name)["policies"] == {"own": OWN}
    assert OWN in access("policy", "show", name).out
    access.ok("policy", "delete", name, "own")
    assert access.ok("policy", "show", name)["policies"] == {}
    assert access("policy", "delete", name, "own").code == ExitCode.NOT_FOUND


def test_a_policy_that_could_not_be_judged(access: Access, tmp_path: Path) -> None:
    """What is not known is named."""
    name, _ = access.user()
    file = tmp_path / "own.json"
    file.write_text(OWN.replace('"Effect"', '"Effekt"'))
    ran = access("policy", "put", name, "own", str(file))
    assert ran.code == ExitCode.REFUSED
    assert "Effekt" in ran.err


def test_the_statement_that_allows_is_shown(access: Access) -> None:
    """With the policy that it stands in."""
    name, _ = access.user()
    granted = access.grant(name, "writer", "staging/")["policy"]
    state = f"s3://{access.site.bucket}/staging/app/terraform.tfstate"
    said = access.ok("policy", "explain", name, "s3:PutObject", state)
    (statement,) = said["statements"]
    assert said["allowed"]
    assert (statement["policy"], statement["sid"]) == (granted, "HoldfastWriterStates")
    assert json.loads(statement["statement"])["Sid"] == "HoldfastWriterStates"
    ran = access("policy", "explain", name, "s3:PutObject", state)
    assert ran.code == 0
    assert f"by the statement HoldfastWriterStates of the policy {granted}" in ran.out


def test_what_nothing_allows_is_denied(access: Access) -> None:
    """It says so, with an exit code for scripts."""
    name, _ = access.user()
    access.grant(name, "writer", "staging/")
    state = f"s3://{access.site.bucket}/production/app/terraform.tfstate"
    ran = access("policy", "explain", name, "s3:GetObject", state)
    assert ran.code == ExitCode.FINDINGS
    assert f"no policy of the user {name} allows it" in ran.out


def test_what_a_statement_denies_is_denied(access: Access, tmp_path: Path) -> None:
    """It is shown as it was written, whatever allows it."""
    name, _ = access.user()
    access.grant(name, "operator", "staging/")
    file = tmp_path / "own.json"
    file.write_text(OWN)
    access.ok("policy", "put", name, "own", str(file))
    state = f"s3://{access.site.bucket}/staging/app/terraform.tfstate"
    ran = access("policy", "explain", name, "s3:DeleteObject", state)
    assert ran.code == ExitCode.FINDINGS
    assert "by the statement NotAtNight of the policy own" in ran.out
    assert '      "Sid": "NotAtNight",\n' in ran.out


def test_the_policy_of_the_bucket_counts(access: Access) -> None:
    """What it denies is denied, and it is named."""
    site = access.site
    name, _ = access.user()
    access.grant(name, "writer", "staging/")
    document = json.loads(OWN.replace("DeleteObject", "PutObject"))
    document["Statement"][0].update(
        Principal="*", Resource=f"arn:aws:s3:::{site.bucket}/*", Sid="ReadOnly"
    )
    site.s3.put_bucket_policy(Bucket=site.bucket, Policy=json.dumps(document))
    state = f"s3://{site.bucket}/staging/app/terraform.tfstate"
    ran = access("policy", "explain", name, "s3:PutObject", state)
    assert ran.code == ExitCode.FINDINGS
    assert f"by the statement ReadOnly of the policy of {site.bucket}:" in ran.out


def test_a_condition_is_given_what_it_looks_at(access: Access) -> None:
    """Without, the key that is missing is named."""
    name, _ = access.user()
    access.grant(name, "reader", "staging/")
    asked = ("policy", "explain", name, "s3:ListBucket", f"s3://{access.site.bucket}")
    without = access(*asked)
    assert without.code == ExitCode.FINDINGS
    assert "s3:prefix" in without.err
    assert access(*asked, "--context", "s3:prefix=staging/").code == 0
    assert access(*asked, "--context", "s3:prefix=production/").code == ExitCode.FINDINGS


def test_locks_in_the_table_are_explained(access: Access) -> None:
    """By the id of the lock."""
    site, (name, _) = access.site, access.user()
    access.grant(name, "writer", "staging/")
    account = site.server.client("sts").get_caller_identity()["Account"]
    table = f"arn:aws:dynamodb:us-east-1:{account}:table/{site.table}"
    asked = ("policy", "explain", name, "dynamodb:PutItem", table, "--context")
    inside = f"dynamodb:LeadingKeys={site.bucket}/staging/app/terraform.tfstate-md5"
    assert access(*asked, inside).code == 0
    assert access(*asked, inside.replace("staging", "other")).code == ExitCode.FINDINGS


def test_the_administrator_may_do_everything(access: Access) -> None:
    """No statement says so."""
    ran = access("policy", "explain", "administrator", "kms:CreateKey", "*")
    assert ran.code == 0
    assert "the administrator may do everything" in ran.out


def test_what_is_no_resource(access: Access) -> None:
    """It says what one looks like."""
    ran = access("policy", "explain", "administrator", "s3:GetObject", "bucket/key")
    assert ran.code == ExitCode.REFUSED
    assert "s3://BUCKET/KEY" in ran.err
