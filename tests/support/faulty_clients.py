"""Faults between the library and a real server: lost answers, broken connections, ignored headers."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError


def lose_answer(monkeypatch: pytest.MonkeyPatch, client: Any, operation: str) -> None:
    """Let the next call arrive and lose its answer, so that the SDK sends it again."""
    real = getattr(client, operation)
    calls: list[None] = []

    def sent_twice(**parameters: Any) -> Any:
        calls.append(None)
        if len(calls) == 1:
            real(**parameters)
        return real(**parameters)

    monkeypatch.setattr(client, operation, sent_twice)


def break_after(monkeypatch: pytest.MonkeyPatch, client: Any, operation: str) -> None:
    """Let the next call arrive, and time out instead of returning its answer."""
    real = getattr(client, operation)
    calls: list[None] = []

    def unanswered(**parameters: Any) -> Any:
        calls.append(None)
        answer = real(**parameters)
        if len(calls) == 1:
            raise ReadTimeoutError(endpoint_url="http://here")
        return answer

    monkeypatch.setattr(client, operation, unanswered)


def break_before(
    monkeypatch: pytest.MonkeyPatch, client: Any, operation: str, times: int = 1_000
) -> None:
    """Refuse the connection for a number of calls."""
    real = getattr(client, operation)
    calls: list[None] = []

    def unreachable(**parameters: Any) -> Any:
        calls.append(None)
        if len(calls) <= times:
            raise EndpointConnectionError(endpoint_url="http://nowhere")
        return real(**parameters)

    monkeypatch.setattr(client, operation, unreachable)


def run_before(
    monkeypatch: pytest.MonkeyPatch, client: Any, operation: str, first: Callable[[], Any]
) -> None:
    """Do something before the next call is sent."""
    real = getattr(client, operation)
    calls: list[None] = []

    def late(**parameters: Any) -> Any:
        calls.append(None)
        if len(calls) == 1:
            first()
        return real(**parameters)

    monkeypatch.setattr(client, operation, late)


def record(client: Any, into: list[str]) -> None:
    """Append the name of every operation that is sent."""
    client.meta.events.register(
        "before-call", lambda model, **_: into.append(model.name), unique_id=f"record-{id(into)}"
    )


def ignore_if_match(client: Any) -> None:
    """Make S3 one of the stores that ignore If-Match on DeleteObject."""

    def without(params: dict[str, Any], **_: Any) -> None:
        params.pop("IfMatch", None)

    client.meta.events.register("provide-client-params.s3.DeleteObject", without)
