"""What the real terraform does is in the journal, and a webhook tells of it."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from patience import wait_until
from real_clients import Server, Terraform, start, stop
from terraform_blocks import BUCKET, LOCK_MODES
from terraform_holders import applying, twins_in
from webhook_receiver import WebhookReceiver, receiving

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform


@pytest.fixture(scope="module")
def receiver() -> Iterator[WebhookReceiver]:
    """Who is told of everything that terraform may do by force."""
    with receiving() as made:
        yield made


@pytest.fixture(scope="module")
def server(receiver: WebhookReceiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that tells the receiver."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "holdfast.toml").write_text(
        f'webhook_urls = "{receiver.url}"\n'
        'webhook_secret = "a-shared-secret-of-tests"\n'
        'webhook_events = "lock-forced lock-held"\n'
        "webhook_lock_held_after = 1\n"
    )
    process, running = start(folder / "data", "--config", str(folder / "holdfast.toml"))
    yield running
    stop(process)


def journal(server: Server, key: str) -> list[dict[str, Any]]:
    """Return the events about a state."""
    entries = server.client("holdfast").list_journal(Bucket=BUCKET, Key=key)["Entries"]
    return [json.loads(entry["Event"]) for entry in entries]


def another_key(server: Server) -> dict[str, str]:
    """Return the environment of another session of the administrator."""
    got = server.client("sts").get_session_token()["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": got["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": got["SecretAccessKey"],
        "AWS_SESSION_TOKEN": got["SessionToken"],
    }


@pytest.mark.parametrize("mode", LOCK_MODES)
def test_a_lock_that_is_forced_is_told_with_all_that_led_to_it(
    project: Project, server: Server, receiver: WebhookReceiver, mode: str
) -> None:
    """Taken, wanted in vain, forced by somebody else, and what was written without it."""
    key = f"journal/{mode}.tfstate"
    first, second = twins_in(project, key, mode, mode)
    env = another_key(server)
    with applying(first) as holder:
        refused = second.run("apply", "-auto-approve", env=env)
        shown = re.search(r"ID: +([0-9a-f-]{36})", refused.text)
        assert shown, refused.out
        second.ok("force-unlock", "-force", shown[1], env=env)
        second.ok("apply", "-auto-approve", env=env)
        holder.kill()
        holder.wait()

    events = journal(server, key)
    forced_told = _told(receiver, "lock-forced", key)
    whats = [event["what"] for event in events]

    assert whats[:3] == ["lock-taken", "lock-refused", "lock-forced"]
    assert whats[-3:] == ["lock-taken", "state-written", "lock-released"]
    taken, wanted, forced, written = (*events[:3], events[-2])
    assert {event["tool"].partition(" ")[0] for event in events} == {"Terraform"}
    assert taken["operation"] == wanted["operation"] == "OperationTypeApply"
    assert taken["lock_id"] == forced["lock_id"] == shown[1]
    assert taken["access_key_id"] == server.env["AWS_ACCESS_KEY_ID"]
    assert wanted["access_key_id"] == forced["access_key_id"] == env["AWS_ACCESS_KEY_ID"]
    assert "@" in taken["who"]
    assert (written["serial"], written["state"]) == (1, f"{BUCKET}/{key}")
    assert len(written["version_id"]) == 32
    assert forced_told["details"] == {"number": forced_told["details"]["number"], **forced}


def test_a_lock_that_is_held_too_long_is_told(project: Project, receiver: WebhookReceiver) -> None:
    """While it is held."""
    key = "journal/held.tfstate"
    mode = next(iter(LOCK_MODES))
    first, _ = twins_in(project, key, mode, mode)
    with applying(first):
        held = _told(receiver, "lock-held", key)

    assert held["details"]["held_seconds"] >= 1
    assert held["details"]["operation"] == "OperationTypeApply"


def _told(receiver: WebhookReceiver, event: str, key: str) -> Any:
    """Return the message about a state, once it has come."""

    def found() -> list[Any]:
        documents = [each.document for each in receiver.received]
        return [
            each for each in documents if each["event"] == event and each["details"]["key"] == key
        ]

    wait_until(lambda: bool(found()))
    return found()[0]
