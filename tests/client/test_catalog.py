"""The catalog of a bucket: what it finds, what it says of each state, what it reads again."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from client_site import Site, made_state
from holdfast.operations import catalog as catalog_module
from holdfast.operations.catalog import Catalog, Entry, survey
from holdfast.operations.fact_cache import FactCache
from holdfast.operations.fetching import in_parallel
from holdfast.terraform.digest import Verdict
from state_commands import written

Survey = Callable[..., Catalog]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A digest that is wrong in these tests stays wrong."""
    monkeypatch.setattr(catalog_module, "_WRITING", 0.0)


def look(site: Site, prefix: str = "", cache: FactCache | None = None) -> Catalog:
    """Survey the bucket with clients of its own."""
    return survey(site.backend().connection, prefix, cache=cache or FactCache(None))


def only(found: Catalog) -> Entry:
    """Return the one state there is."""
    (entry,) = found.entries
    return entry


def test_header_facts_are_those_of_the_state(site: Site) -> None:
    """Serial, lineage, counts, size, time and digest."""
    body = written(site, "app.tfstate", made_state(7, resources={"a": "x", "b": "y"}))

    entry = only(look(site))

    assert entry.facts is not None
    assert entry.stored is not None
    assert (entry.facts.serial, entry.facts.resources, entry.facts.outputs) == (7, 2, 1)
    assert (entry.stored.size, entry.digest) == (len(body), Verdict.MATCHES)
    assert entry.healthy


def test_workspaces_stand_with_their_key(site: Site) -> None:
    """Keys and workspaces are told apart, and ordered by key."""
    written(site, "b.tfstate", made_state())
    written(site, "a.tfstate", made_state(), workspace="dev")
    written(site, "a.tfstate", made_state())

    found = [(each.address.key, each.address.workspace) for each in look(site).entries]

    assert found == [("a.tfstate", "default"), ("a.tfstate", "dev"), ("b.tfstate", "default")]


def test_a_prefix_means_the_key_in_any_workspace(site: Site) -> None:
    """`prod/` also finds the state of a workspace, whose object begins with `env:/`."""
    written(site, "prod/app.tfstate", made_state(), workspace="dev")
    written(site, "prod/net.tfstate", made_state())
    written(site, "test/net.tfstate", made_state())

    found = [each.address.object_key for each in look(site, "prod/").entries]

    assert found == ["env:/dev/prod/app.tfstate", "prod/net.tfstate"]


def test_more_states_than_a_page_of_the_listing_are_all_found(site: Site) -> None:
    """A listing has pages of a thousand."""
    connection = site.backend().connection

    def put(number: int) -> None:
        connection.s3.put_object(Bucket=site.bucket, Key=f"{number:04}.tfstate", Body=made_state())

    assert len(list(in_parallel(put, range(1003)))) == 1003

    assert len(look(site).entries) == 1003


def test_locks_of_both_places_are_shown(site: Site) -> None:
    """A lock in the file and in the table is one lock of the state, and nothing is wrong."""
    written(site, "app.tfstate", made_state())
    with site.backend("app.tfstate").lock("OperationTypeApply"):
        entry = only(look(site))

    assert [held.where for held in entry.locks] == ["file", "table"]
    assert {held.info.operation for held in entry.locks} == {"OperationTypeApply"}
    assert entry.healthy


def test_a_lock_without_a_state_is_an_entry(site: Site) -> None:
    """The first apply of a state holds a lock before there is anything."""
    with site.backend("new.tfstate", lock="table").lock("OperationTypeApply"):
        entry = only(look(site))

    assert entry.stored is None
    assert entry.address.key == "new.tfstate"
    assert entry.healthy


def test_places_that_hold_different_locks_disagree(site: Site) -> None:
    """One client locks with files only, another with the table only."""
    written(site, "app.tfstate", made_state())
    with (
        site.backend("app.tfstate", lock="file").lock("one"),
        site.backend("app.tfstate", lock="table").lock("other"),
    ):
        entry = only(look(site))

    assert [problem.id for problem in entry.problems] == ["locks-disagree"]


def test_a_lock_that_is_no_document_is_unreadable(site: Site) -> None:
    """A lock file that somebody wrote by hand."""
    written(site, "app.tfstate", made_state())
    site.s3.put_object(Bucket=site.bucket, Key="app.tfstate.tflock", Body=b"mine!")

    assert [problem.id for problem in only(look(site)).problems] == ["lock-unreadable"]


def test_a_digest_of_other_content_is_found(site: Site) -> None:
    """The object was put without its digest."""
    written(site, "app.tfstate", made_state(1))
    site.s3.put_object(Bucket=site.bucket, Key="app.tfstate", Body=made_state(2))

    entry = only(look(site))

    assert (entry.digest, entry.problems[0].id) == (Verdict.DIFFERS, "digest-differs")


def test_a_digest_that_has_been_wrong_for_long_is_not_waited_for(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No writer is at work on a state that was written long ago."""
    written(site, "app.tfstate", made_state(1))
    site.s3.put_object(Bucket=site.bucket, Key="app.tfstate", Body=made_state(2))
    monkeypatch.setattr(catalog_module, "_CLOCKS", -60.0)  # everything is long ago
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)

    assert only(look(site)).digest is Verdict.DIFFERS
    assert waits == []


def test_a_digest_that_follows_its_state_is_no_problem(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer was between its two steps when the table was read."""
    written(site, "app.tfstate", made_state(1))
    site.s3.put_object(Bucket=site.bucket, Key="app.tfstate", Body=made_state(2))
    monkeypatch.setattr(
        "time.sleep", lambda _: written(site, "app.tfstate", made_state(2, outputs={"a": "b"}))
    )

    entry = only(look(site))

    assert (entry.digest, entry.problems) == (Verdict.MATCHES, ())


def test_a_digest_that_was_left_is_an_entry(site: Site) -> None:
    """The object was deleted, its digest was not."""
    written(site, "app.tfstate", made_state(1))
    site.s3.delete_object(Bucket=site.bucket, Key="app.tfstate")

    entry = only(look(site))

    assert (entry.digest, entry.problems[0].id) == (Verdict.ORPHAN, "digest-orphan")


@pytest.mark.parametrize(
    ("body", "problem"), [(b"{", "unreadable"), (b"", "no-bytes"), (b"[1, 2]", "unreadable")]
)
def test_a_broken_state_is_found(site: Site, body: bytes, problem: str) -> None:
    """What is named as a state and is none."""
    site.s3.put_object(Bucket=site.bucket, Key="app.tfstate", Body=body)

    assert [each.id for each in only(look(site)).problems] == [problem]


def test_objects_that_are_no_states_are_left_out(site: Site) -> None:
    """Other files, large or small, JSON or not; a state needs no suffix."""
    site.s3.put_object(Bucket=site.bucket, Key="lambda.zip", Body=b"PK" * 2**20)
    site.s3.put_object(Bucket=site.bucket, Key="package.json", Body=b'{"name": "x"}')
    site.s3.put_object(Bucket=site.bucket, Key="empty", Body=b"")
    site.s3.put_object(Bucket=site.bucket, Key="prod/network", Body=made_state(3))

    found = look(site)

    assert [each.address.key for each in found.entries] == ["prod/network"]
    assert found.others == 3


def test_only_changed_states_are_read_again(site: Site, tmp_path: Path) -> None:
    """The cache knows the ETag of each."""
    cache = FactCache(tmp_path / "cache")
    for name in ("a.tfstate", "b.tfstate", "no-state.txt"):
        site.s3.put_object(Bucket=site.bucket, Key=name, Body=made_state(1))
    first = look(site, cache=cache)
    site.s3.put_object(Bucket=site.bucket, Key="b.tfstate", Body=made_state(2))
    second = look(site, cache=cache)
    third = look(site, cache=cache)

    assert (first.read, second.read, third.read) == (3, 1, 0)
    assert [each.facts and each.facts.serial for each in third.entries] == [1, 2, 1]


def test_a_look_at_a_prefix_keeps_what_is_known_of_the_rest(site: Site, tmp_path: Path) -> None:
    """And forgets states that are gone."""
    cache = FactCache(tmp_path / "cache")
    for name in ("a/x.tfstate", "b/x.tfstate", "b/y.tfstate"):
        written(site, name, made_state())
    look(site, cache=cache)
    site.s3.delete_object(Bucket=site.bucket, Key="b/y.tfstate")
    look(site, "b/", cache)

    assert set(cache.load()) == {"a/x.tfstate", "b/x.tfstate"}


def test_the_cache_is_for_its_user_and_holds_no_values(site: Site, tmp_path: Path) -> None:
    """Mode 0600, and nothing of what is in a state."""
    path = tmp_path / "cache" / "states"
    written(site, "app.tfstate", made_state(1, outputs={"name": "hidden-text"}))
    look(site, cache=FactCache(path))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"hidden-text" not in path.read_bytes()
    assert os.listdir(path.parent) == ["states"]  # noqa: PTH208 - the names are compared


@pytest.mark.parametrize("content", [b"", b"\x80", b"not msgpack", b"\xc1" * 99])
def test_a_damaged_cache_is_as_none(site: Site, tmp_path: Path, content: bytes) -> None:
    """It is read past, and written anew."""
    path = tmp_path / "cache"
    path.write_bytes(content)
    written(site, "app.tfstate", made_state(4))

    assert look(site, cache=FactCache(path)).read == 1
    assert look(site, cache=FactCache(path)).read == 0


def test_a_cache_that_cannot_be_written_is_no_failure(site: Site, tmp_path: Path) -> None:
    """Its directory is a file."""
    (tmp_path / "file").write_text("")
    written(site, "app.tfstate", made_state())

    assert len(look(site, cache=FactCache(tmp_path / "file" / "cache")).entries) == 1


def test_a_table_that_does_not_exist_is_an_error(site: Site) -> None:
    """A wrong name is not taken for an empty table."""
    from holdfast import Backend
    from holdfast.client.errors import NoSuchTable
    from holdfast.client.settings import BackendSettings

    settings = BackendSettings(site.bucket, region="us-east-1", dynamodb_table="no-such-table")
    with pytest.raises(NoSuchTable):
        survey(Backend(settings, cache=False).connection, cache=FactCache(None))


def test_one_under_a_customers_key_hides_none_of_the_others(site: Site) -> None:
    """It is listed as one that cannot be read, and why."""
    written(site, "app.tfstate", made_state(1))
    key: dict[str, str] = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
    for name in ("theirs.tfstate", "theirs"):
        site.s3.put_object(Bucket=site.bucket, Key=name, Body=made_state(2), **key)

    found = {entry.address.key: entry.facts for entry in look(site).entries}

    assert set(found) == {"app.tfstate", "theirs.tfstate"}
    facts = found["theirs.tfstate"]
    assert facts is not None
    assert "customer's key" in facts.unreadable
