"""Requests that are signed at the server's time, so that a test may let hours pass for both."""

from collections.abc import Callable
from datetime import datetime

import pytest
from botocore.compat import HAS_CRT

_SIGNERS = ("botocore.auth", *(("botocore.crt.auth",) if HAS_CRT else ()))


def sign_at_server_time(clock: Callable[[], datetime], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let boto3 tell the time by the server's clock, until the test ends."""

    def now(*, remove_tzinfo: bool = True) -> datetime:
        return clock().replace(tzinfo=None) if remove_tzinfo else clock()

    for module in _SIGNERS:
        monkeypatch.setattr(f"{module}.get_current_datetime", now)
