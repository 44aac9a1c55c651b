"""`holdfast users`: listing, making, deleting, granting, revoking."""

import json

import pytest

from access_commands import Access, access_for
from client_site import Site
from holdfast.cli.exit_codes import ExitCode


@pytest.fixture
def access(site: Site, capsys: pytest.CaptureFixture[str]) -> Access:
    """Commands in the environment of a server."""
    return access_for(site, capsys)


def test_a_user_is_made_with_a_key_that_works(access: Access) -> None:
    """One command, and somebody can begin; the secret is printed once."""
    name, key = access.user()
    assert access.client(key, "sts").get_caller_identity()["Arn"].endswith(f":user/{name}")
    listed = access("users")
    row = next(row for row in listed.rows if row[0] == name)
    assert row[1:3] == ["1", "1"]
    assert key["secret_access_key"] not in listed.out + access("users", "show", name).out


def test_a_secret_is_printed_for_people(access: Access) -> None:
    """Without --json it stands behind its name, and a line says that it is shown only now."""
    ran = access("users", "create", access.name("bo"), "--key")
    assert ran.code == 0
    assert "Secret access key" in ran.out
    assert "shown only now" in ran.err


def test_a_user_that_exists(access: Access) -> None:
    """Nothing is done twice."""
    name, _ = access.user()
    ran = access("users", "create", name)
    assert ran.code == ExitCode.REFUSED
    assert f"User with name {name} already exists" in ran.err


def test_a_user_that_does_not_exist(access: Access) -> None:
    """The error says how to see who there is."""
    ran = access("users", "show", access.name("nobody"))
    assert ran.code == ExitCode.NOT_FOUND
    assert "holdfast users" in ran.err


def test_a_user_is_deleted_with_all_it_has(access: Access) -> None:
    """Keys and policies go too; it is asked first."""
    name, key = access.user()
    access.grant(name, "reader", "staging/")
    asked = access("users", "delete", name)
    assert asked.code == ExitCode.REFUSED
    assert "1 access key and 1 policy" in asked.err

    assert access.ok("users", "delete", name, "--yes")["deleted"]
    assert access("users", "show", name).code == ExitCode.NOT_FOUND
    with pytest.raises(Exception, match="InvalidClientTokenId"):
        access.client(key, "sts").get_caller_identity()


def test_the_administrator_is_not_deleted(access: Access) -> None:
    """Not by itself, in any case."""
    ran = access("users", "delete", "administrator", "--yes")
    assert ran.code == ExitCode.REFUSED
    assert "is who asks" in ran.err


def test_a_right_is_granted_changed_and_revoked(access: Access) -> None:
    """There is one right of a user to a folder."""
    name, _ = access.user()
    first = access.grant(name, "reader", "staging/")
    second = access.grant(name, "writer", "staging")
    assert (first["before"], second["before"]) == (None, "reader")
    assert first["policy"] == second["policy"]
    assert second["place"] == f"s3://{access.site.bucket}/staging/"
    shown = access.ok("users", "show", name)["user"]
    assert shown["policies"] == {second["policy"]: "writer"}
    assert f"{second['policy']} (writer)" in access("users", "show", name).out

    where = ("--bucket", access.site.bucket, "--prefix", "staging/")
    gone = access.ok("users", "revoke", name, *where)
    assert gone["revoked"] == "writer"
    again = access("users", "revoke", name, *where)
    assert again.code == ExitCode.NOT_FOUND
    assert "was granted nothing" in again.err


def test_rights_to_two_folders_stand_beside_each_other(access: Access) -> None:
    """Revoking one leaves the other."""
    name, _ = access.user()
    staging = access.grant(name, "writer", "staging/")["policy"]
    testing = access.grant(name, "reader", "testing/")["policy"]
    access.ok("users", "revoke", name, "--bucket", access.site.bucket, "--prefix", "staging/")
    policies = access.ok("users", "show", name)["user"]["policies"]
    assert staging != testing
    assert policies == {testing: "reader"}


def test_nothing_is_granted_to_nobody(access: Access) -> None:
    """A name that is wrong is said, for granting and revoking alike."""
    where = ("--bucket", access.site.bucket, "--prefix", "staging/")
    name = access.name("nobody")
    for ran in (
        access("users", "grant", name, "reader", *where),
        access("users", "revoke", name, *where),
    ):
        assert ran.code == ExitCode.NOT_FOUND
        assert f"The user with name {name} cannot be found" in ran.err


def test_a_prefix_that_no_state_has(access: Access) -> None:
    """A leading slash would match nothing."""
    name, _ = access.user()
    where = ("--bucket", access.site.bucket, "--prefix", "/staging/")
    ran = access("users", "grant", name, "reader", *where)
    assert ran.code == ExitCode.REFUSED
    assert "Leave the '/' out" in ran.err


def test_the_key_of_the_bucket_is_granted_too(access: Access) -> None:
    """A bucket under a KMS key is of no use without it."""
    site = access.site
    arn = site.server.client("kms").create_key()["KeyMetadata"]["Arn"]
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn}
    }
    site.s3.put_bucket_encryption(
        Bucket=site.bucket, ServerSideEncryptionConfiguration={"Rules": [rule]}
    )
    name, _ = access.user()
    granted = access.grant(name, "writer", "staging/")["policy"]
    document = access.ok("policy", "show", name)["policies"][granted]
    (key,) = [one for one in json.loads(document)["Statement"] if one["Resource"] == arn]
    assert key["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
