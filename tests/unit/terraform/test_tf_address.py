"""Names that follow from a state's address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.terraform.address import StateAddress, address_of

NAMES = st.text(
    st.characters(blacklist_characters="/", blacklist_categories=["Cs"]), min_size=1, max_size=8
).filter(lambda name: name not in (".", ".."))
KEYS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
WORKSPACES = NAMES.filter(lambda name: name != "default")


def test_default_workspace_has_the_plain_key() -> None:
    """No prefix stands before the key, and every name begins with it."""
    address = StateAddress("b", "app/terraform.tfstate")

    assert address.object_key == "app/terraform.tfstate"
    assert address.lock_id == "b/app/terraform.tfstate"
    assert address.digest_id == "b/app/terraform.tfstate-md5"
    assert address.lock_file_key == "app/terraform.tfstate.tflock"


def test_another_workspace_stands_between_prefix_and_key() -> None:
    """The default prefix is `env:`."""
    address = StateAddress("b", "app.tfstate").in_workspace("dev")

    assert address.object_key == "env:/dev/app.tfstate"
    assert address.lock_id == "b/env:/dev/app.tfstate"
    assert address.url == "s3://b/env:/dev/app.tfstate"


def test_an_empty_prefix_leaves_no_slash() -> None:
    """Workspaces then stand at the top of the bucket."""
    assert StateAddress("b", "k", "dev", "").object_key == "dev/k"


def test_a_workspace_named_default_below_the_prefix_is_a_key() -> None:
    """Its object is not the one of the default workspace."""
    address = address_of("b", "env:/default/app")

    assert address == StateAddress("b", "env:/default/app")


@pytest.mark.parametrize("key", ["env:/dev", "env:/dev/", "env://app", "env:/dev/a/../b", "env:"])
def test_keys_that_no_workspace_has_are_keys_of_the_default_one(key: str) -> None:
    """Below the prefix stand a workspace and a key, or something else."""
    assert address_of("b", key) == StateAddress("b", key)


@given(KEYS, WORKSPACES)
def test_an_address_is_found_again_by_its_object_key(key: str, workspace: str) -> None:
    """What is written under a workspace is read as of that workspace."""
    address = StateAddress("bucket", key, workspace, "env:")

    assert address_of("bucket", address.object_key) == address


@given(
    st.text(st.characters(blacklist_categories=["Cs"]), min_size=1),
    st.sampled_from(["env:", "", "w"]),
)
def test_every_object_key_has_an_address(object_key: str, prefix: str) -> None:
    """The address leads back to the very object, whatever its key."""
    assert address_of("bucket", object_key, prefix).object_key == object_key
