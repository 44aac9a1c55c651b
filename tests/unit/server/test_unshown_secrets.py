"""What holds a secret does not show it: values end up in logs and tracebacks."""

import pytest

from holdfast.engine.root_key import KeyText
from holdfast.server.access.credentials import Identity
from holdfast.server.access.users import NewKey
from holdfast.server.s3.customer_keys import CustomerKey
from holdfast.server.webhooks.receiver import Receiver

SECRET = "S3CR3T"


@pytest.mark.parametrize(
    "holder",
    [
        KeyText(SECRET, "HOLDFAST_ROOT_KEY"),
        Identity("arn", "AIDA", "AKIA", SECRET),
        NewKey("AKIA", SECRET),
        CustomerKey(SECRET.encode(), "md5"),
        Receiver(f"https://hooks.example.com/{SECRET}", SECRET.encode()),
    ],
    ids=lambda holder: type(holder).__name__,
)
def test_a_secret_is_not_shown(holder: object) -> None:
    """Neither as text nor by `repr`."""
    assert SECRET not in f"{holder} {holder!r}"
