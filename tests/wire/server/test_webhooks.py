"""Webhooks of a server that was started as users do."""

from pathlib import Path

import pytest

from real_clients import start, stop
from webhook_receiver import receiving


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Where the settings file is."""
    return tmp_path / "holdfast.toml"


def test_what_happens_to_a_state_is_sent(tmp_path: Path, config: Path) -> None:
    """As the settings file says, also after a restart; the log holds no secret."""
    data = tmp_path / "data"
    with receiving() as receiver:
        config.write_text(
            f'webhook_urls = "{receiver.url}/t0ken"\n'
            'webhook_secret = "a-shared-secret-of-tests"\n'
            'webhook_events = "lock-taken state-written state-deleted"\n'
        )
        config.chmod(0o600)
        process, server = start(data, "--config", str(config))
        try:
            s3 = server.client("s3")
            s3.create_bucket(Bucket="told")
            s3.put_object(Bucket="told", Key="a.tflock", Body=b'{"ID": "1", "Who": "me@here"}')
            s3.delete_object(Bucket="told", Key="a.tflock")
            receiver.wait(1)
        finally:
            stop(process)
        process, server = start(data, "--config", str(config))
        try:
            server.client("s3").put_object(
                Bucket="told", Key="b.tflock", Body=b'{"ID": "2", "Who": "me@here"}'
            )
            received = receiver.wait(2)
        finally:
            stop(process)
        log = data.with_suffix(".log").read_text()

    assert [each.document["details"]["state"] for each in received] == ["told/a", "told/b"]
    assert {each.what for each in received} == {"lock-taken"}
    assert {each.path for each in received} == {"/t0ken"}
    assert "t0ken" not in log
    assert "a-shared-secret" not in log
