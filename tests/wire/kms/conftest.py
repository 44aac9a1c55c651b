"""What the tests of KMS operations share."""

import pytest

from in_process import Aws


@pytest.fixture
def key(aws: Aws) -> str:
    """The id of a new key."""
    return aws.kms.create_key()["KeyMetadata"]["KeyId"]
