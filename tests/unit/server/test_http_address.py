"""Addresses of the `http` backend."""

from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from holdfast.aws.errors import ServiceError
from holdfast.server.httpbackend.address import addressed, is_address

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "LOCK", "UNLOCK")
PIECES = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1)


def refused(method: str, path: str) -> ServiceError:
    """Return the error for an address."""
    with pytest.raises(ServiceError) as caught:
        addressed(method, path)
    return caught.value


@pytest.mark.parametrize(
    ("method", "operation"),
    [
        ("GET", "GetState"),
        ("HEAD", "HeadState"),
        ("POST", "PutState"),
        ("PUT", "PutState"),
        ("DELETE", "DeleteState"),
        ("LOCK", "LockState"),
        ("UNLOCK", "UnlockState"),
    ],
)
def test_methods_of_a_state(method: str, operation: str) -> None:
    """As Terraform sends them, and what they may be configured to."""
    assert addressed(method, "/-/terraform/b/k").operation == operation


@pytest.mark.parametrize(
    ("method", "operation"),
    [
        ("LOCK", "LockState"),
        ("POST", "LockState"),
        ("PUT", "LockState"),
        ("UNLOCK", "UnlockState"),
        ("DELETE", "UnlockState"),
    ],
)
def test_methods_of_a_lock(method: str, operation: str) -> None:
    """POST and DELETE mean something else here than at the state."""
    assert addressed(method, "/-/lock/b/k").operation == operation


@given(method=st.sampled_from(METHODS), pieces=st.lists(PIECES, min_size=1, max_size=4))
def test_a_key_is_what_was_encoded(method: str, pieces: list[str]) -> None:
    """However it is written, one state has one key."""
    assume(not {".", ".."} & set(pieces))
    key = "/".join(pieces)
    assume(not key.endswith(".tflock"))
    found = addressed(method, f"/-/terraform/a-bucket/{quote(key)}")
    assert (found.bucket, found.key) == ("a-bucket", key)
    assert addressed(method, f"/-/terraform/a-bucket/{quote(key, safe='')}") == found


@pytest.mark.parametrize(
    "path",
    [
        *("/-/terraform/", "/-/terraform/b", "/-/terraform/b/", "/-/terraform//k"),
        *("/-/terraform/b/../k", "/-/terraform/b/a/./k", "/-/terraform/b/%2e%2e/k"),
        *("/-/terraform/b/a%2f..%2fk", "/-/terraform/b/..", "/-/lock/b/.."),
        *("/-/terraform/b//k", "/-/terraform/b/%2Fk", "/-/terraform/b/k/", "/-/terraform/b/a//k"),
        *("/-/terraform/b/%00", "/-/terraform/b/a%0Ak", "/-/terraform/b/%7f", "/-/terraform/b/%ff"),
        *("/-/terraform/b/k.tflock", "/-/lock/b/k.tflock"),
    ],
)
def test_addresses_that_are_none(path: str) -> None:
    """No way around a key, and none to a lock file."""
    assert refused("LOCK", path).code == "InvalidURI"


@pytest.mark.parametrize(
    ("method", "path"),
    [("PATCH", "/-/terraform/b/k"), ("GET", "/-/lock/b/k"), ("get", "/-/lock/b/k")],
)
def test_other_methods(method: str, path: str) -> None:
    """405 says which there are."""
    error = refused(method, path)
    assert error.status == 405
    assert "LOCK" in dict(error.headers)["allow"]


@pytest.mark.parametrize("path", ["/-/terraform", "/-/terraformx/b/k", "/b/-/terraform/k", "/-/"])
def test_other_paths_are_not_for_the_backend(path: str) -> None:
    """They are pages of the server, or objects."""
    assert not is_address(path)
