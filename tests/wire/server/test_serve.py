"""`holdfast serve` as a user starts it: first start, second start, refusals, signals."""

import contextlib
import http.client
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from certificates import certificate
from holdfast.cli.server import credentials
from holdfast.cli.server.env import known
from patience import PATIENCE
from real_clients import SESSION

HOLDFAST = [sys.executable, "-c", "from holdfast.cli.main import main; main()"]


class Started:
    """A server process that is ready."""

    def __init__(self, process: subprocess.Popen[bytes], printed: str, log: Path) -> None:
        self.process = process
        self.printed = printed
        self.log = log
        found = re.search(r"https?://\S+", printed)
        assert found is not None
        self.url = found[0]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def environment(**extra: str) -> dict[str, str]:
    """Return this process's environment without settings, and some more."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "HOLDFAST_"))}
    return {**kept, **extra}


@contextlib.contextmanager
def serving(data: Path, *flags: str, **extra: str) -> Iterator[Started]:
    """Start a server on a free port, wait until it says it is ready, and stop it at the end."""
    log, printed = (data.parent / f"{data.name}.{end}" for end in ("log", "out"))
    with log.open("w") as errors, printed.open("w") as output:
        process = subprocess.Popen(
            [*HOLDFAST, "serve", "--data", str(data), "--listen", "127.0.0.1:0", *flags],
            env=environment(**extra),
            stdout=output,
            stderr=errors,
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while "ready" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        yield Started(process, printed.read_text(), log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def holdfast(*arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*HOLDFAST, *arguments],
        env=environment(**extra),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def refused(*arguments: str, code: int, **extra: str) -> str:
    """Run `serve`, which must be refused without a traceback; return the message."""
    done = holdfast("serve", *arguments, **extra)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("holdfast: ")
    return done.stderr


def client(data: Path, service: str) -> Any:
    """Return a boto3 client for the server of a data directory, as its files say."""
    where, key = known(data)
    return SESSION.client(
        service,
        endpoint_url=where.url,
        region_name=where.region,
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
        verify=where.ca_bundle or True,
    )


def mode(path: Path) -> int:
    """Return the permissions of a file."""
    return path.stat().st_mode & 0o777


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Started]]:
    """A server after its first start."""
    data = tmp_path_factory.mktemp("serve") / "some data"
    with serving(data) as started:
        yield data, started


def test_the_first_start_prints_what_to_paste(first: tuple[Path, Started]) -> None:
    """The backend block, the line for the shell, and no secret."""
    data, started = first
    secret = (data / "credentials").read_text().split()[-1]

    for part in (
        'backend "s3" {',
        'bucket         = "terraform-state"',
        'dynamodb_table = "terraform-locks"',
        'kms_key_id     = "alias/terraform-state"',
        f'eval "$(holdfast env --data {shlex.quote(str(data))})"',
    ):
        assert part in started.printed
    assert secret not in started.printed + started.log.read_text()


def test_what_is_made_is_private(first: tuple[Path, Started]) -> None:
    """The directory is 0700, the key, the credentials and the database are 0600."""
    data, _ = first

    assert mode(data) == 0o700
    for name in ("root.key", "credentials", "holdfast.db"):
        assert mode(data / name) == 0o600


def test_the_bucket_is_ready_for_states(first: tuple[Path, Started]) -> None:
    """Versioned, encrypted under the alias with a bucket key, closed to the public."""
    s3 = client(first[0], "s3")
    bucket = {"Bucket": "terraform-state"}

    assert [found["Name"] for found in s3.list_buckets()["Buckets"]] == ["terraform-state"]
    assert s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"
    rules = s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": "alias/terraform-state",
    }
    assert rules[0]["BucketKeyEnabled"] is True
    blocked = s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]
    assert len(blocked) == 4
    assert all(blocked.values())


def test_a_state_is_encrypted_under_the_key(first: tuple[Path, Started]) -> None:
    """A plain put is reported under the KMS key of the alias and comes back."""
    s3, kms = client(first[0], "s3"), client(first[0], "kms")

    put = s3.put_object(Bucket="terraform-state", Key="x/terraform.tfstate", Body=b"{}")
    key = kms.describe_key(KeyId="alias/terraform-state")["KeyMetadata"]

    assert put["SSEKMSKeyId"] == key["Arn"]
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] is True
    got = s3.get_object(Bucket="terraform-state", Key="x/terraform.tfstate")
    assert got["Body"].read() == b"{}"


def test_the_lock_table_is_ready(first: tuple[Path, Started]) -> None:
    """Its key is LockID, paid per request, active."""
    table = client(first[0], "dynamodb").describe_table(TableName="terraform-locks")["Table"]

    assert table["TableStatus"] == "ACTIVE"
    assert table["KeySchema"] == [{"AttributeName": "LockID", "KeyType": "HASH"}]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_the_caller_is_the_administrator(first: tuple[Path, Started]) -> None:
    """The credentials that were made work, and say who they are."""
    caller = client(first[0], "sts").get_caller_identity()

    assert caller["Arn"] == "arn:aws:iam::123456789012:user/administrator"


def test_a_shell_is_pointed_at_it(first: tuple[Path, Started]) -> None:
    """What `holdfast env` prints lets an SDK in that shell work without any argument."""
    script = f'{holdfast("env", "--data", str(first[0])).stdout}\nexec "$0" -c "$1"'
    program = "import boto3; print(boto3.client('s3').list_buckets()['Buckets'][0]['Name'])"
    done = subprocess.run(
        ["sh", "-euc", script, sys.executable, program],
        env=environment(AWS_ENDPOINT_URL_S3="http://127.0.0.1:1", AWS_PROFILE="nobody"),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "terraform-state\n", done.stderr


def test_health_is_open_and_metrics_are_not(first: tuple[Path, Started]) -> None:
    """Anyone may ask whether it lives; numbers are for those with a key."""
    port = int(first[1].url.rpartition(":")[2])
    answers = {}
    for page in ("healthz", "readyz", "metrics"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("GET", f"/-/{page}")
        answers[page] = connection.getresponse().status
        connection.close()

    assert answers == {"healthz": 200, "readyz": 401, "metrics": 401}


def test_a_second_server_on_the_directory_is_refused(first: tuple[Path, Started]) -> None:
    """One process has a data directory, and the message names it."""
    data, started = first

    message = refused("--data", str(data), "--listen", "127.0.0.1:0", code=3)

    assert f"in use by the process {started.process.pid}" in message


def test_check_and_backup_while_it_runs(first: tuple[Path, Started], tmp_path: Path) -> None:
    """A running server is checked and backed up; the backup with its root key serves the same."""
    data, _ = first
    client(data, "s3").put_object(Bucket="terraform-state", Key="kept", Body=b"kept")

    checked = holdfast("check", "--data", str(data))
    backed = holdfast("backup", str(tmp_path / "b.db"), "--data", str(data))
    restored = holdfast("restore-backup", str(tmp_path / "b.db"), "--data", str(tmp_path / "new"))

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert backed.returncode == 0, backed.stderr
    assert restored.returncode == 0, restored.stderr
    for name in ("root.key", "credentials"):
        (tmp_path / "new" / name).write_bytes((data / name).read_bytes())
        (tmp_path / "new" / name).chmod(0o600)
    with serving(tmp_path / "new"):
        s3 = client(tmp_path / "new", "s3")
        assert s3.get_object(Bucket="terraform-state", Key="kept")["Body"].read() == b"kept"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_start_makes_nothing_again(tmp_path: Path, number: int) -> None:
    """A signal ends it with code 0; started again it has the same key and prints no block."""
    data = tmp_path / "data"
    with serving(data) as started:
        credentials = (data / "credentials").read_text()
        root_key = (data / "root.key").read_text()
        made = client(data, "kms").list_keys()["Keys"]
        assert started.stop(number) == 0
        assert "Traceback" not in started.log.read_text()
    with serving(data) as again:
        assert (data / "credentials").read_text() == credentials
        assert (data / "root.key").read_text() == root_key
        assert client(data, "kms").list_keys()["Keys"] == made
        assert "terraform-state" not in again.printed
        assert again.stop() == 0


def test_given_credentials_are_used(tmp_path: Path) -> None:
    """The administrator's key can be chosen at first start; the secret is printed nowhere."""
    data = tmp_path / "data"
    key = {
        "HOLDFAST_ADMIN_ACCESS_KEY_ID": "AKIAGIVEN0123456789A",
        "HOLDFAST_ADMIN_SECRET_ACCESS_KEY": "given/secret+with=signs-and-more",
    }
    with serving(data, **key) as started:
        assert client(data, "sts").get_caller_identity()["Account"] == "123456789012"
        assert "given/secret" not in started.printed + started.log.read_text()
    assert "AKIAGIVEN0123456789A" in (data / "credentials").read_text()


def test_a_lost_credentials_file_is_written_again(tmp_path: Path) -> None:
    """A restored directory without it gets it back: the root key is all that has to be kept."""
    data = tmp_path / "data"
    with serving(data) as started:
        before = (data / "credentials").read_text()
        assert started.stop() == 0
    (data / "credentials").unlink()
    with serving(data) as again:
        assert (data / "credentials").read_text() == before
        assert mode(data / "credentials") == 0o600
        assert again.stop() == 0


def test_credentials_given_later_replace_the_first_ones(tmp_path: Path) -> None:
    """A key that has become known is shut out by giving another one."""
    data = tmp_path / "data"
    with serving(data) as started:
        _, old = known(data)
        assert started.stop() == 0
    key = {
        "HOLDFAST_ADMIN_ACCESS_KEY_ID": "AKIAGIVEN0123456789A",
        "HOLDFAST_ADMIN_SECRET_ACCESS_KEY": "given/secret+with=signs-and-more",
    }
    with serving(data, **key):
        assert client(data, "sts").get_caller_identity()["Arn"].endswith(":user/administrator")
        assert "AKIAGIVEN0123456789A" in (data / "credentials").read_text()
        credentials.write(data, old)
        with pytest.raises(ClientError, match="InvalidClientTokenId"):
            client(data, "sts").get_caller_identity()


def test_region_and_account_are_kept(tmp_path: Path) -> None:
    """They are part of stored names: left out they stay, changed they are refused."""
    data = tmp_path / "data"
    with serving(data, "--region", "eu-central-1", "--account", "210987654321") as started:
        assert started.stop() == 0
    with serving(data) as again:
        assert client(data, "sts").get_caller_identity()["Account"] == "210987654321"
        location = client(data, "s3").get_bucket_location(Bucket="terraform-state")
        assert location["LocationConstraint"] == "eu-central-1"
        assert again.stop() == 0

    message = refused("--data", str(data), "--listen", "127.0.0.1:0", "--account", "0" * 12, code=2)
    assert "presents account 210987654321, not 000000000000" in message


def test_a_missing_or_wrong_root_key_is_refused(tmp_path: Path) -> None:
    """Without its key the data stays closed, and the message says what to do."""
    data = tmp_path / "data"
    with serving(data) as started:
        started.stop()
    listen = ("--data", str(data), "--listen", "127.0.0.1:0")
    kept = (data / "root.key").read_text()

    (data / "root.key").unlink()
    assert "root key" in refused(*listen, code=5)
    assert not (data / "root.key").exists()
    wrong = {"HOLDFAST_ROOT_KEY": "env:THE_KEY", "THE_KEY": "00" * 32}
    assert "fingerprint" in refused(*listen, code=5, **wrong)
    with serving(data, HOLDFAST_ROOT_KEY="env:THE_KEY", THE_KEY=kept) as again:
        assert again.stop() == 0


def test_data_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    """An older server leaves newer data alone."""
    import sqlite3

    data = tmp_path / "data"
    with serving(data) as started:
        started.stop()
    with contextlib.closing(sqlite3.connect(data / "holdfast.db")) as database:
        database.execute("PRAGMA user_version = 999")

    assert "999" in refused("--data", str(data), "--listen", "127.0.0.1:0", code=7)


def test_an_address_in_use_is_named(tmp_path: Path) -> None:
    """The message says which address, and how to choose another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        message = refused("--data", str(tmp_path / "data"), "--listen", address, code=3)

    assert f"{address} is in use" in message
    assert "--listen" in message


def test_beyond_loopback_needs_tls_or_a_word(tmp_path: Path) -> None:
    """Plain HTTP for the whole network must be asked for; nothing is made before that."""
    data = tmp_path / "data"

    assert "--insecure" in refused("--data", str(data), "--listen", "0.0.0.0:0", code=8)
    assert not data.exists()


def test_bad_tls_files_are_named(tmp_path: Path) -> None:
    """Files that are no certificate and key are named, before anything is made."""
    data, bad = tmp_path / "data", tmp_path / "bad.pem"
    bad.write_text("no certificate")

    message = refused(
        "--data", str(data), "--tls-certificate", str(bad), "--tls-key", str(bad), code=2
    )

    assert str(bad) in message
    assert not data.exists()


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file where the directory should be is told."""
    (tmp_path / "file").write_text("")

    message = refused("--data", str(tmp_path / "file" / "data"), "--listen", "127.0.0.1:0", code=1)

    assert str(tmp_path / "file") in message


def test_a_directory_with_other_things_is_left_alone(tmp_path: Path) -> None:
    """A first start does not begin among files that are not its own."""
    (tmp_path / "payroll.ods").write_text("")

    message = refused("--data", str(tmp_path), "--listen", "127.0.0.1:0", code=8)

    assert "payroll.ods" in message
    assert [entry.name for entry in tmp_path.iterdir()] == ["payroll.ods"]


def test_tls_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    """Over HTTPS `holdfast env` also exports the bundle that makes clients trust it."""
    data = tmp_path / "data"
    cert, key = certificate(tmp_path)

    with serving(data, "--tls-certificate", str(cert), "--tls-key", str(key)) as started:
        assert started.url.startswith("https://127.0.0.1:")
        for body in (b"over tls", os.urandom(3_000_000)):
            client(data, "s3").put_object(Bucket="terraform-state", Key="a", Body=body)
            got = client(data, "s3").get_object(Bucket="terraform-state", Key="a")
            assert got["Body"].read() == body
        assert started.stop() == 0


def test_a_client_that_is_idle_over_tls_does_not_delay_the_end(tmp_path: Path) -> None:
    """SDKs keep connections open and never answer the end of TLS; only requests are waited for."""
    data = tmp_path / "data"
    cert, key = certificate(tmp_path)
    tls = ("--tls-certificate", str(cert), "--tls-key", str(key))
    with serving(data, *tls, "--drain-timeout", "120") as started:
        s3 = client(data, "s3")
        s3.list_buckets()
        began = time.monotonic()
        assert started.stop() == 0
        assert time.monotonic() - began < 60
        s3.close()


def test_a_config_file_is_read(tmp_path: Path) -> None:
    """Settings from TOML hold, and a misspelt one is refused."""
    config = tmp_path / "holdfast.toml"
    config.write_text('account = "999999999999"\nlog_format = "json"\n')
    data = tmp_path / "data"
    with serving(data, "--config", str(config)) as started:
        assert client(data, "sts").get_caller_identity()["Account"] == "999999999999"
        assert started.log.read_text().startswith('{"time": ')

    config.write_text("acount = 1\n")
    assert "unknown setting 'acount'" in refused("--config", str(config), code=2)
