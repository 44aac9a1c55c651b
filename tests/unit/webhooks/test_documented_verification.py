"""The lines of the how-to page that verify a message do."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from holdfast.server.webhooks.signing import signature

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "webhooks.md"
SECRET, BODY = b"a shared secret!", b'{"id": "1"}'
Verify = Callable[[bytes, str, bytes], bool]


@pytest.fixture(scope="module")
def verify() -> Verify:
    """The function of the page."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own page
    found: Verify = names["is_from_holdfast"]
    return found


def test_a_message_of_ours_is_known(verify: Verify) -> None:
    """As it is signed now."""
    assert verify(SECRET, signature(SECRET, int(time.time()), BODY), BODY)


@pytest.mark.parametrize(
    ("secret", "age", "body"),
    [(b"another secret!!", 0, BODY), (SECRET, 0, b'{"id": "2"}'), (SECRET, 301, BODY)],
    ids=["secret", "body", "old"],
)
def test_any_other_message_is_refused(verify: Verify, secret: bytes, age: int, body: bytes) -> None:
    """Signed by somebody else, changed, or of some time ago."""
    assert not verify(SECRET, signature(secret, int(time.time()) - age, BODY), body)
