"""How the services are reached: endpoints, addressing, roles, accounts."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from client_site import KEY, Site, made_state
from holdfast import Backend, BackendSettings
from holdfast.client.connect import Connection
from holdfast.client.credentials import seconds_of
from holdfast.client.errors import NotConfigured
from holdfast.client.settings import AssumeRole, AssumeRoleWithWebIdentity, Endpoints
from roles import make_role


def connection(url: str | None, bucket: str = "bucket", **more: object) -> Connection:
    """Return a connection to an S3 endpoint."""
    settings = BackendSettings(
        bucket,
        "key",
        region="eu-central-1",
        access_key="a",
        secret_key="b",
        endpoints=Endpoints(s3=url),
    )
    return Connection(settings.changed(**more))


class NotSent(Exception):
    """Where a request goes is known; it does not go there."""


def address_of(found: Connection) -> str:
    """Return where a GetObject goes, without sending it."""
    urls: list[str] = []

    def stop(request: Any, **_: Any) -> None:
        urls.append(request.url)
        raise NotSent

    found.s3.meta.events.register("before-send.s3.GetObject", stop)
    with pytest.raises(NotSent):
        found.s3.get_object(Bucket=found.settings.bucket, Key="key")
    return urls[0]


@pytest.fixture
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of AWS other than the test's."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))


@pytest.mark.usefixtures("_no_environment")
def test_the_bucket_goes_where_terraform_puts_it() -> None:
    """Into the path for addresses and if the block says so, into the host name on AWS."""
    assert address_of(connection(None)) == "https://bucket.s3.eu-central-1.amazonaws.com/key"
    assert address_of(connection("http://127.0.0.1:1")) == "http://127.0.0.1:1/bucket/key"
    assert address_of(connection("http://[::1]:1")) == "http://[::1]:1/bucket/key"
    assert address_of(connection("http://localhost:1")) == "http://localhost:1/bucket/key"
    named = "https://s3.nowhere.invalid"
    assert address_of(connection(named)) == f"{named}/bucket/key"  # no such host name
    assert address_of(connection(named, use_path_style=True)) == f"{named}/bucket/key"
    assert (
        address_of(connection(named, use_path_style=False))
        == "https://bucket.s3.nowhere.invalid/key"
    )
    assert address_of(connection("s3.nowhere.invalid", use_path_style=True)).startswith("https://")
    assert (
        address_of(connection(None, use_path_style=True))
        == "https://s3.eu-central-1.amazonaws.com/bucket/key"
    )


@pytest.mark.usefixtures("_no_environment")
def test_the_nearest_endpoint_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The block's, else the service's own variable, else the old one, else the general one."""

    def endpoint(block: str | None = None) -> str:
        url: str = connection(block).s3.meta.endpoint_url
        return url

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert endpoint() == "http://127.0.0.1:1"
    monkeypatch.setenv("AWS_S3_ENDPOINT", "http://127.0.0.1:2")
    assert endpoint() == "http://127.0.0.1:2"
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:3")
    assert endpoint() == "http://127.0.0.1:3"
    assert endpoint("http://127.0.0.1:4") == "http://127.0.0.1:4"


@pytest.mark.usefixtures("_no_environment")
def test_an_endpoint_that_only_the_sdk_knows_decides_where_the_bucket_goes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One of a profile; and AWS's own where endpoints of the environment are to be ignored."""
    config = tmp_path / "config"
    config.write_text("[default]\nendpoint_url = http://127.0.0.1:1\n")
    assert address_of(connection(None)) == "http://127.0.0.1:1/bucket/key"

    config.unlink()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:2")
    assert address_of(connection(None)) == "http://127.0.0.1:2/bucket/key"
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert address_of(connection(None)) == "https://bucket.s3.eu-central-1.amazonaws.com/key"


@pytest.mark.usefixtures("_no_environment")
@pytest.mark.parametrize("url", ["http://[half", "http://", "127.0.0.1:1"])
def test_what_is_no_address_is_said(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it comes from."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    with pytest.raises(NotConfigured, match="Check the endpoint's address"):
        _ = connection(None).s3


@pytest.mark.usefixtures("_no_environment")
def test_the_region_is_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    """The block's, else AWS_REGION, else AWS_DEFAULT_REGION."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "region-2")
    assert connection(None, region=None).region == "region-2"
    monkeypatch.setenv("AWS_REGION", "region-1")
    assert connection(None, region=None).region == "region-1"
    assert connection(None).region == "eu-central-1"


@pytest.mark.usefixtures("_no_environment")
def test_attempts_and_checksums_are_what_the_block_says() -> None:
    """`max_retries` counts attempts, as Terraform's does."""
    config: Any = connection(None, max_retries=7, skip_s3_checksum=True).s3.meta.config

    assert config.retries["total_max_attempts"] == 7
    assert config.request_checksum_calculation == "when_required"


@pytest.mark.parametrize(
    ("text", "seconds"), [("15m", 900), ("1h30m", 5400), ("1h", 3600), ("900s", 900)]
)
def test_durations_are_go_s(text: str, seconds: int) -> None:
    """As `assume_role.duration` is written."""
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "1", "1d", "m", "1h 30m"])
def test_other_durations_are_refused(text: str) -> None:
    """With an example of one."""
    with pytest.raises(NotConfigured, match="1h30m"):
        seconds_of(text)


def test_two_threads_can_begin_at_once(site: Site) -> None:
    """Clients are made on first use, from any thread."""
    backend = site.backend()
    backend.write(made_state(1), force=True)
    fresh = site.backend()
    together = threading.Barrier(8)
    serials: list[int] = []

    def read() -> None:
        together.wait()
        serials.append(fresh.read().header.serial)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert serials == [1] * 8


def test_a_role_is_assumed_and_another_from_it(site: Site) -> None:
    """Each role's session is used; the last one is who we are."""
    iam = site.server.client("iam")
    first = AssumeRole(make_role(iam, "first"), duration="15m", session_name="one")
    second = AssumeRole(make_role(iam, "second"), tags={"team": "a"})

    backend = site.backend(assume_role=(first,))
    assert backend.connection.identity()["Arn"].endswith(":assumed-role/first/one")
    backend.write(made_state(1), force=True)

    chained = site.backend(assume_role=(first, second))
    assert "assumed-role/second/" in chained.connection.identity()["Arn"]
    assert chained.read().header.serial == 1


class _TokenService(BaseHTTPRequestHandler):
    """An STS that gives anybody a key."""

    asked: ClassVar[list[tuple[str, str | None]]] = []

    def do_POST(self) -> None:
        """Answer AssumeRoleWithWebIdentity."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.asked.append((body, self.headers["Authorization"]))
        answer = _CREDENTIALS.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


_CREDENTIALS = """<AssumeRoleWithWebIdentityResponse
  xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
  <Credentials><AccessKeyId>ASIAFROMTHEWEB</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
  <SessionToken>t</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>
  <AssumedRoleUser><Arn>arn</Arn><AssumedRoleId>id</AssumedRoleId></AssumedRoleUser>
</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"""


def test_a_web_identity_gives_its_token_and_no_signature(site: Site, tmp_path: Path) -> None:
    """The token of the file is sent, and the key that comes back is used."""
    (tmp_path / "token").write_text("a.web.token\n")
    role = AssumeRoleWithWebIdentity(
        "arn:aws:iam::123456789012:role/web",
        duration="15m",
        web_identity_token_file=str(tmp_path / "token"),
    )
    with ThreadingHTTPServer(("127.0.0.1", 0), _TokenService) as service:
        threading.Thread(target=service.serve_forever).start()
        sts = Endpoints(sts=f"http://127.0.0.1:{service.server_port}")
        found = site.backend(assume_role_with_web_identity=role, endpoints=sts).connection
        url = found.s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
        service.shutdown()

    (asked, signature), *_ = _TokenService.asked
    assert "ASIAFROMTHEWEB" in url
    assert ("WebIdentityToken=a.web.token" in asked, signature) == (True, None)
    assert "DurationSeconds=900" in asked


def test_a_web_identity_without_a_token_is_said(site: Site, tmp_path: Path) -> None:
    """A file that is missing is named; so is that there is no token at all."""
    arn = "arn:aws:iam::123456789012:role/web"
    missing = AssumeRoleWithWebIdentity(arn, web_identity_token_file=str(tmp_path / "none"))
    for role, says in ((missing, "none"), (AssumeRoleWithWebIdentity(arn), "has no token")):
        with pytest.raises(NotConfigured, match=says):
            site.backend(assume_role_with_web_identity=role).read()


def test_an_account_that_is_not_allowed_is_refused(site: Site) -> None:
    """Before anything is read or locked."""
    account = site.backend().connection.identity()["Account"]
    assert site.backend(allowed_account_ids=(account,)).workspaces() == ["default"]

    refusals: list[dict[str, Any]] = [
        {"forbidden_account_ids": (account,)},
        {"allowed_account_ids": ("1" * 12,)},
    ]
    for refused in refusals:
        with pytest.raises(NotConfigured, match=f"account {account}"):
            site.backend(**refused).read()
        with pytest.raises(NotConfigured, match=f"account {account}"):
            site.backend(lock="table", **refused).lock("test")


def test_a_backend_from_a_url_a_directory_and_arguments_is_the_same(
    site: Site, tmp_path: Path
) -> None:
    """All of them read what one wrote."""
    site.backend(workspace="dev").write(made_state(4), force=True)
    (tmp_path / "main.tf").write_text(site.block())

    by_arguments = Backend.from_arguments(
        site.bucket, KEY, workspace="dev", dynamodb_table=site.table
    )
    by_directory = Backend.from_directory(tmp_path, workspace="dev")
    by_url = Backend.from_url(f"s3://{site.bucket}/env:/dev/{KEY}?lock_table={site.table}")

    for backend in (by_arguments, by_directory, by_url):
        assert backend.read().header.serial == 4
    with by_directory.lock("test") as held:
        assert held.places == ("file", "table")


def test_secrets_do_not_appear_when_settings_are_printed() -> None:
    """Neither keys nor tokens."""
    printed = repr(
        BackendSettings(
            "b", "k", secret_key="hush", token="hush", sse_customer_key="hush", access_key="AK"
        )
    )

    assert "hush" not in json.dumps(printed)
    assert "AK" in printed
