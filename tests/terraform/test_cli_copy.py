"""`holdfast copy` between two servers, with the real terraform on both sides."""

import json
import os
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from client_site import Site, made_state, make_site
from denying_proxy import Asked, denying
from holdfast.client.settings import Endpoints
from patience import PATIENCE, wait_until
from real_clients import Done, Server, Terraform, run, start, stop
from terraform_blocks import value

Project = Callable[..., Terraform]
pytestmark = pytest.mark.terraform
KEY = "app.tfstate"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A second server, with keys of its own: the other endpoint."""
    process, running = start(tmp_path_factory.mktemp("elsewhere") / "data")
    yield running
    stop(process)


@pytest.fixture
def here(server: Server) -> Site:
    """A bucket and a table on the first server."""
    return make_site(server, f"h{uuid.uuid4().hex[:12]}")


@pytest.fixture
def there(elsewhere: Server) -> Site:
    """A bucket and a table on the second server."""
    return make_site(elsewhere, f"t{uuid.uuid4().hex[:12]}")


@pytest.fixture
def profiles(tmp_path: Path, server: Server, elsewhere: Server) -> dict[str, str]:
    """An environment with a profile for each server, and no keys beside them."""
    text = ""
    for name, each in (("here", server), ("there", elsewhere)):
        text += f"[{name}]\naws_access_key_id = {each.env['AWS_ACCESS_KEY_ID']}\n"
        text += f"aws_secret_access_key = {each.env['AWS_SECRET_ACCESS_KEY']}\n"
    path = tmp_path / "credentials"
    path.write_text(text)
    kept = {name: os.environ[name] for name in ("HOME",) if name in os.environ}
    path_variable = run(tmp_path, {**server.env}, "bash", "-c", "echo $PATH").out.strip()
    return {
        **kept,
        "PATH": path_variable,
        "AWS_SHARED_CREDENTIALS_FILE": str(path),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def url(site: Site, key: str = KEY, lock: str = "table", endpoint: str = "") -> str:
    """Return the URL of an end; its profile is that of the server."""
    locks = {"table": f"lock_table={site.table}", "file": "use_lockfile=true"}[lock]
    profile = "here" if site.bucket.startswith("h") else "there"
    return (
        f"s3://{site.bucket}/{key}?region=us-east-1&{locks}"
        f"&endpoint={endpoint or site.server.endpoint}&profile={profile}"
    )


def copy(profiles: dict[str, str], tmp_path: Path, *arguments: str) -> Done:
    """Run `holdfast copy --yes`."""
    return run(tmp_path, profiles, "holdfast", "copy", "--yes", *arguments)


def applied(tf: Terraform, site: Site, texts: list[str], lock: str = "table") -> None:
    """Apply one configuration after the other."""
    tf.write("backend.tf", site.block(KEY, lock))
    for text in texts:
        tf.write("main.tf", value(text))
        if not (tf.path / ".terraform").exists():
            tf.ok("init")
        tf.ok("apply", "-auto-approve")


def contents(site: Site, key: str = KEY) -> list[bytes | None]:
    """Return all versions of a key, oldest first; None for a deletion."""
    listed = list(site.backend(key, **ends(site)).history(headers=False))
    return [
        None
        if version.delete_marker
        else site.s3.get_object(Bucket=site.bucket, Key=key, VersionId=version.version_id)[
            "Body"
        ].read()
        for version in reversed(listed)
    ]


def wait_for_versions(site: Site, count: int) -> None:
    """Wait until there are so many of the key."""

    def are_there() -> bool:
        return len(contents(site)) >= count

    wait_until(are_there, f"version {count}")


def ends(site: Site) -> dict[str, Any]:
    """Return the arguments that lead a backend to a server."""
    env = site.server.env
    return {
        "endpoints": Endpoints(s3=site.server.endpoint, dynamodb=site.server.endpoint),
        "access_key": env["AWS_ACCESS_KEY_ID"],
        "secret_key": env["AWS_SECRET_ACCESS_KEY"],
    }


def printed_block(done: Done) -> str:
    """Return the backend block that the last lines of a copy say."""
    lines = done.out.splitlines()
    first = lines.index("  terraform {")
    return "\n".join(lines[first : lines.index("", first)]) + "\n"


def test_from_one_server_to_another_and_back(
    project: Project,
    here: Site,
    there: Site,
    elsewhere: Server,
    profiles: dict[str, str],
    tmp_path: Path,
) -> None:
    """Terraform goes on with the printed block alone; the way back brings what it wrote there."""
    tf = project("here")
    # Its environment knows no endpoint and no key: all that it needs is in the block.
    moved = project("there", on=replace(elsewhere, env=profiles))
    applied(tf, here, ["one", "two", "three"])

    first = copy(profiles, tmp_path, url(here), url(there, lock="file"))

    assert first.code == 0, first.out
    assert contents(there) == contents(here)
    moved.write("backend.tf", printed_block(first))
    moved.write("main.tf", value("three"))
    moved.ok("init")
    assert moved.run("plan", "-detailed-exitcode").code == 0
    moved.write("main.tf", value("four"))
    moved.ok("apply", "-auto-approve")

    back = copy(profiles, tmp_path, url(there, lock="file"), url(here), "--json")

    assert back.code == 0, back.out
    [state] = json.loads(back.out.partition("\n")[2])["states"]
    assert (state["copied"], state["there_before"]) == (1, len(contents(here)) - 1)
    assert contents(there) == contents(here)
    tf.write("main.tf", value("four"))
    assert tf.run("plan", "-detailed-exitcode").code == 0


def test_a_held_lock_at_either_end_stops_it(
    here: Site, there: Site, profiles: dict[str, str], tmp_path: Path
) -> None:
    """Nobody writes while a copy is made, and no copy is made while somebody writes."""
    here.s3.put_object(Bucket=here.bucket, Key=KEY, Body=made_state())
    with there.backend(KEY, "file", **ends(there)).lock("OperationTypeApply"):
        refused = copy(profiles, tmp_path, url(here), url(there, lock="file"))
    with here.backend(KEY, "table", **ends(here)).lock("OperationTypeApply"):
        refused_too = copy(profiles, tmp_path, url(here), url(there, lock="file"))

    assert (refused.code, refused_too.code) == (9, 9)
    assert "OperationTypeApply" in refused.text
    assert contents(there) == []


@dataclass
class Killing:
    """Kills a copy at one of the requests that it sends to its target."""

    running: "subprocess.Popen[bytes] | None" = None
    at: str = ""  # the method of the request
    number: int = 0  # how many of that method come before it
    arrives: bool = True  # whether the server gets that request all the same

    def __call__(self, asked: Asked) -> tuple[int, str] | None:
        """See `denying`."""
        if self.running is None or (asked.target or asked.method) != self.at:
            return None
        self.number -= 1
        if self.number >= 0:
            return None
        self.running.kill()
        self.running = None
        return None if self.arrives else (503, "SlowDown")


def test_a_killed_copy_goes_on_where_it_was(
    project: Project, here: Site, there: Site, profiles: dict[str, str], tmp_path: Path
) -> None:
    """Kill -9 at any moment leaves a part of the history and two locks; the next run needs no help."""
    tf = project("here")
    applied(tf, here, ["number 1", "number 2"])
    body = here.s3.get_object(Bucket=here.bucket, Key=KEY)["Body"].read()
    for _ in range(8):
        here.s3.put_object(Bucket=here.bucket, Key=KEY, Body=body)
    whole = contents(here)
    assert len(whole) == 10
    killing = Killing()
    with denying(there.server.endpoint, killing) as endpoint:
        command = ["holdfast", "copy", "--yes", url(here), url(there, endpoint=endpoint)]
        for at, number, arrives, left in (
            ("PutItem", 0, True, 0),  # the lock
            ("PUT", 3, True, 4),
            ("PUT", 2, False, 6),
            ("GET", 4, True, 10),  # all is there, and is being compared
        ):
            killing.at, killing.number, killing.arrives = at, number, arrives
            process = subprocess.Popen(command, cwd=tmp_path, env=profiles)
            killing.running = process
            assert process.wait(PATIENCE) == -signal.SIGKILL
            wait_for_versions(there, left)
            assert contents(there) == whole[:left]
            wait_until(lambda: there.item(f"{there.bucket}/{KEY}") != {}, "the lock")

    last = copy(profiles, tmp_path, url(here), url(there))

    assert last.code == 0, last.out
    assert "10 were there" in last.text
    assert contents(there) == whole
    assert there.item(f"{there.bucket}/{KEY}-md5") == {
        "LockID": f"{there.bucket}/{KEY}-md5",
        "Digest": here.item(f"{here.bucket}/{KEY}-md5")["Digest"],
    }
    assert there.item(f"{there.bucket}/{KEY}") == {}
    assert here.item(f"{here.bucket}/{KEY}") == {}
    moved = project("there", on=there.server)
    moved.write("backend.tf", there.block(KEY, "table"))
    moved.write("main.tf", value("number 2"))
    moved.ok("init")
    assert moved.run("plan", "-detailed-exitcode").code == 0
