"""The versions of a state: in order, with what each says, read once."""

from pathlib import Path

import pytest

from client_site import KEY, Site, made_state
from faulty_clients import record
from holdfast import Backend
from holdfast.client import header_cache
from holdfast.client.header_cache import HeaderCache
from holdfast.terraform.statefile import Header


def test_versions_come_newest_first_with_what_they_say(site: Site) -> None:
    """Serial, lineage, resources, outputs and size of each."""
    backend = site.backend()
    backend.write(made_state(1), force=True)
    backend.write(made_state(2, resources={"a": "x", "b": "y"}), force=True)

    newest, oldest = backend.history()

    assert (newest.serial, newest.resources, newest.outputs, newest.is_latest) == (2, 2, 1, True)
    assert (oldest.serial, oldest.resources, oldest.is_latest) == (1, 0, False)
    assert oldest.size == len(made_state(1))
    assert (newest.terraform_version, newest.format) == ("1.11.4", "v4")


def test_keys_that_begin_alike_have_a_history_of_their_own(site: Site) -> None:
    """Neither the lock file nor a backup beside the state appears in it."""
    backend = site.backend()
    backend.write(made_state(1), force=True)
    backend.write(made_state(7), address=site.settings(KEY + ".backup").address(), force=True)
    with backend.lock("test"):
        assert [version.serial for version in backend.history()] == [1]


def test_deletions_and_what_is_no_state_are_shown(site: Site) -> None:
    """A deletion has no serial; bytes that are no state have a problem."""
    backend = site.backend()
    backend.write(made_state(1), force=True)
    backend.delete(force=True)
    site.s3.put_object(Bucket=site.bucket, Key=KEY, Body=b"not a state")

    broken, marker, state = backend.history()

    assert (broken.serial, bool(broken.problem)) == (None, True)
    assert (marker.delete_marker, marker.serial, marker.problem) == (True, None, "")
    assert state.serial == 1


def test_a_state_that_never_was_has_no_history(site: Site) -> None:
    """Nothing, and no error."""
    assert list(site.backend().history()) == []


def test_many_versions_stay_in_order(site: Site) -> None:
    """Reading ahead in several threads does not mix them up."""
    for serial in range(1, 101):
        site.s3.put_object(Bucket=site.bucket, Key=KEY, Body=made_state(serial))

    assert [version.serial for version in site.backend().history()] == list(range(100, 0, -1))


def test_a_history_that_is_left_early_stops_reading(site: Site) -> None:
    """Taking the first version only reads some ahead, not all."""
    for serial in range(1, 121):
        site.s3.put_object(Bucket=site.bucket, Key=KEY, Body=made_state(serial))
    backend = site.backend()
    sent: list[str] = []
    record(backend.connection.s3, sent)

    assert next(iter(backend.history())).serial == 120
    assert sent.count("GetObject") < 100


def test_what_was_read_once_is_remembered(site: Site, tmp_path: Path) -> None:
    """A second look lists the versions and reads none of them; another bucket's are apart."""
    site.backend().write(made_state(1), force=True)
    site.backend().write(made_state(2**63 + 5), force=True)
    list(Backend(site.settings()).history())
    backend = Backend(site.settings())
    sent: list[str] = []
    record(backend.connection.s3, sent)

    assert [version.serial for version in backend.history()] == [2**63 + 5, 1]
    assert sent == ["ListObjectVersions"]
    assert [v.serial for v in Backend(site.settings(), cache=False).history()] == [2**63 + 5, 1]

    file = next((tmp_path / "cache" / "holdfast").glob("headers-*.db"))
    assert file.stat().st_mode & 0o777 == 0o600


def test_no_value_is_remembered(site: Site, tmp_path: Path) -> None:
    """The cache holds serials and counts, and nothing of a state's content."""
    state = made_state(1, outputs={"password": "hunter2"}, resources={"secret": "s3cr3t"})
    site.backend().write(state, force=True)
    backend = Backend(site.settings())
    list(backend.history())
    backend.close()

    kept = b"".join(path.read_bytes() for path in (tmp_path / "cache" / "holdfast").iterdir())
    assert kept
    assert not [word for word in (b"hunter2", b"s3cr3t", b"password", b"secret") if word in kept]


def test_a_damaged_cache_is_no_error(tmp_path: Path) -> None:
    """It answers that it knows nothing, and the next process begins a new one."""
    path = tmp_path / "headers.db"
    path.write_bytes(b"this is no database" * 100)
    header = Header("v4", "1.11.4", 3, "lineage", 1, 1)

    broken = HeaderCache(path)
    broken.put([("a", header)])
    assert broken.get("a") is None

    fresh = HeaderCache(path)
    fresh.put([("a", header)])
    assert fresh.get("a") == header
    assert fresh.get("b") is None
    fresh.close()


def test_a_cache_that_cannot_be_written_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory that cannot be made leaves everything to be read again."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    cache = HeaderCache()
    cache.put([("a", Header("v4"))])

    assert cache.get("a") is None
    assert header_cache.directory() == tmp_path / "file" / "holdfast"


def test_two_processes_share_a_cache(tmp_path: Path) -> None:
    """What one puts the other finds, while both have it open."""
    one, other = HeaderCache(tmp_path / "x.db"), HeaderCache(tmp_path / "x.db")
    one.put([("a", Header("v4", serial=1))])
    other.put([("b", Header("v3", serial=2))])

    assert (other.get("a"), one.get("b")) == (Header("v4", serial=1), Header("v3", serial=2))
    one.close()
    other.close()
