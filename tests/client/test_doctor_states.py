"""What the doctor finds in states, digests and locks."""

from datetime import UTC, datetime, timedelta

import pytest

from client_site import LINEAGE, Site, made_state
from denying_proxy import Asked, denying
from diagnoses import diagnosed, found, put, put_item
from holdfast.client.backend import Backend
from holdfast.client.settings import Endpoints
from holdfast.operations.doctor.secrets import telling_outputs
from holdfast.operations.doctor.survey import Options
from holdfast.terraform.lockinfo import LockInfo, rfc3339
from holdfast.terraform.statefile import parse

KEY = "app.tfstate"
MANY = {f"r{number}": "x" for number in range(12)}


def lock_document(hours: float, lock_id: str = "0000-old", path: str = "") -> str:
    """Return a lock that was taken some hours ago."""
    created = rfc3339(datetime.now(UTC) - timedelta(hours=hours))
    return LockInfo(
        lock_id, "OperationTypeApply", who="ci@runner", created=created, path=path
    ).document()


def test_a_healthy_state_is_no_finding(site: Site) -> None:
    """Neither are two states, a workspace, and a history that grew as it should."""
    for workspace in ("default", "dev"):
        backend = site.backend(workspace=workspace)
        for serial in (1, 2):
            with backend.lock("x") as held:
                lineage = f"{LINEAGE}-{workspace}"
                backend.write(made_state(serial, lineage, resources=MANY), held=held)

    ids = [finding.check.id for finding in diagnosed(site.backend()).findings]

    assert [one for one in ids if one >= "HF200"] == []


def test_a_digest_that_was_not_written(site: Site) -> None:
    """The state is newer: the digest is that of the version before."""
    before = put(site, KEY, made_state(1), digest=made_state(1))
    put(site, KEY, made_state(2))

    (finding,) = found(site.backend(), "HF301")

    assert finding.evidence.startswith("The state is newer: the state (serial 2")
    assert f"version {before} (serial 1)" in finding.evidence
    assert finding.fix == f"holdfast doctor --fix HF301 --prefix {KEY}"


def test_an_older_state_that_was_put_back(site: Site) -> None:
    """Its serial is lower than that of the version whose digest is kept."""
    put(site, KEY, made_state(1))
    newer = put(site, KEY, made_state(2), digest=made_state(2))
    put(site, KEY, made_state(1))

    (finding,) = found(site.backend(), "HF301")

    assert finding.evidence.startswith("An older state was put back")
    assert f"holdfast restore {KEY} --to {newer}" in finding.fix


def test_a_digest_of_no_version(site: Site) -> None:
    """Which side is newer cannot be said, and is not guessed."""
    put(site, KEY, made_state(1), digest="0" * 32)

    (finding,) = found(site.backend(), "HF301")

    assert finding.evidence.startswith("It cannot be said which is newer")


def test_another_state_of_the_same_serial(site: Site) -> None:
    """Somebody replaced the object."""
    put(site, KEY, made_state(1), digest=made_state(1))
    put(site, KEY, made_state(1, outputs={"other": "one"}))

    (finding,) = found(site.backend(), "HF301")

    assert "another one with the same serial" in finding.evidence


def test_a_damaged_object_under_a_digest(site: Site) -> None:
    """The version to go back to is the digest's."""
    good = put(site, KEY, made_state(1), digest=made_state(1))
    put(site, KEY, made_state(1)[:-9])

    (finding,) = found(site.backend(), "HF301")

    assert finding.evidence.startswith("The object is damaged")
    assert finding.fix == f"holdfast restore {KEY} --to {good}"


def test_a_mismatch_under_a_lock_may_pass(site: Site) -> None:
    """The holder may be between the two steps of its write."""
    put(site, KEY, made_state(1), digest="0" * 32)
    with site.backend(KEY).lock("OperationTypeApply"):
        (finding,) = found(site.backend(), "HF301")

    assert "who may be writing just now" in finding.evidence


def test_orphan_digests(site: Site) -> None:
    """Of a deleted state, with its version, and of one that never was."""
    version = put(site, KEY, made_state(1), digest=made_state(1))
    site.s3.delete_object(Bucket=site.bucket, Key=KEY)
    put_item(site, "never.tfstate-md5", {"Digest": "1" * 32})

    deleted, never = found(site.backend(), "HF302")

    assert version in deleted.evidence
    assert "holdfast restore" in deleted.fix
    assert never.evidence == "No object, and no older version of one"


def test_a_digest_of_nothing_is_an_orphan_too(site: Site) -> None:
    """Terraform refuses a missing object beside the MD5 of no bytes as beside any other."""
    put_item(site, f"{KEY}-md5", {"Digest": "d41d8cd98f00b204e9800998ecf8427e"})

    assert len(found(site.backend(), "HF302")) == 1


def test_digests_that_are_none_or_missing(site: Site) -> None:
    """Terraform goes on without a check in both cases."""
    put(site, "bad.tfstate", made_state(1), digest="hello")
    put(site, "none.tfstate", made_state(1))

    (bad,) = found(site.backend(), "HF303")
    (none,) = found(site.backend(), "HF304")

    assert bad.evidence == "The item says 'hello'"
    assert none.address
    assert none.address.key == "none.tfstate"
    assert found(site.backend(lock="file"), "HF304") == ()


def test_stale_locks(site: Site) -> None:
    """Older than the limit, with what was written since."""
    put_item(site, KEY, {"Info": lock_document(3)})
    put(site, KEY, made_state(1))
    put_item(site, "young.tfstate", {"Info": lock_document(1)})

    (finding,) = found(site.backend(), "HF201")

    assert finding.evidence.startswith("Held for 3h")
    assert "written 1 times since" in finding.evidence
    assert "--id 0000-old" in finding.fix
    both = found(site.backend(), "HF201", Options(stale_after=timedelta(minutes=30)))
    assert len(both) == 2


def test_unreadable_locks(site: Site) -> None:
    """What is stored is shown, so that somebody may know it."""
    put_item(site, KEY, {"Info": "nonsense"})

    (finding,) = found(site.backend(), "HF202")

    assert "In the table" in finding.evidence
    assert "'nonsense'" in finding.evidence


def test_table_and_file_that_disagree(site: Site) -> None:
    """Both holders are named."""
    put_item(site, KEY, {"Info": lock_document(0, "one")})
    site.s3.put_object(
        Bucket=site.bucket, Key=f"{KEY}.tflock", Body=lock_document(0, "two").encode()
    )

    (finding,) = found(site.backend(), "HF203")

    assert "(lock one)" in finding.evidence
    assert "(lock two)" in finding.evidence


@pytest.mark.parametrize(
    ("used", "seen_by", "check"),
    [("table", "both", "HF204"), ("file", "both", "HF204"), ("file", "table", "HF205")],
)
def test_locks_in_one_place_only(site: Site, used: str, seen_by: str, check: str) -> None:
    """Clients that lock in different ways do not see each other."""
    with site.backend(KEY, used).lock("x"):
        (finding,) = found(site.backend(lock=seen_by), check)

    assert finding.evidence.startswith(f"It is in the {used}")


def test_a_copied_lock(site: Site) -> None:
    """It names another state."""
    put_item(site, KEY, {"Info": lock_document(0, path="other/app.tfstate")})

    (finding,) = found(site.backend(), "HF206")

    assert finding.evidence.startswith("It says other/app.tfstate")


def test_objects_that_are_no_states(site: Site) -> None:
    """Broken, of a foreign kind, and without a byte."""
    put(site, "broken.tfstate", b'{"version": 4, "ser')
    put(site, "foreign.tfstate", b'{"a": 1}')
    put(site, "empty.tfstate", made_state(7, resources=MANY))
    put(site, "empty.tfstate", b"")

    broken, foreign = found(site.backend(), "HF401")
    (empty,) = found(site.backend(), "HF402")

    assert broken.address
    assert broken.address.key == "broken.tfstate"
    assert 'no "version"' in foreign.evidence
    assert empty.evidence == "0 bytes; the version before has serial 7, 12 resources"


def test_a_state_that_lost_its_resources(site: Site) -> None:
    """Most of many; losing a few is everyday."""
    put(site, "lost.tfstate", made_state(1, resources=MANY))
    put(site, "lost.tfstate", made_state(2))
    put(site, "few.tfstate", made_state(1, resources={"a": "1", "b": "2"}))
    put(site, "few.tfstate", made_state(2))

    (finding,) = found(site.backend(), "HF403")

    assert "12 resources became 0 (serial 1 to 2)" in finding.evidence


def test_a_foreign_lineage_in_the_history(site: Site) -> None:
    """Two configurations share a key."""
    put(site, KEY, made_state(5, "first"))
    put(site, KEY, made_state(6, "second"))

    (finding,) = found(site.backend(), "HF404")

    assert "lineage first (serial 5) became second" in finding.evidence


def test_a_state_that_was_made_again_after_its_deletion(site: Site) -> None:
    """A workspace that was deleted and made again has another lineage, and begins at 1."""
    put(site, KEY, made_state(5, "first"))
    site.s3.delete_object(Bucket=site.bucket, Key=KEY)
    put(site, KEY, made_state(1, "second"))

    assert diagnosed(site.backend(), "HF404", "HF405").findings == ()


def test_a_falling_serial_in_the_history(site: Site) -> None:
    """Also if it rose again since."""
    for serial in (5, 3, 6):
        put(site, KEY, made_state(serial))

    (finding,) = found(site.backend(), "HF405")

    assert "serial 5 was followed by serial 3" in finding.evidence


def test_a_serial_written_twice(site: Site) -> None:
    """With other content; the same content twice is harmless."""
    put(site, "same.tfstate", made_state(1))
    put(site, "same.tfstate", made_state(1))
    put(site, KEY, made_state(1))
    put(site, KEY, made_state(1, resources=MANY))

    (finding,) = found(site.backend(), "HF406")

    assert finding.address
    assert finding.address.key == KEY


def test_older_versions_are_read_as_far_as_asked(site: Site) -> None:
    """`history` bounds what is read."""
    for serial in (5, 3, 6, 7):
        put(site, KEY, made_state(serial))

    assert found(site.backend(), "HF405", Options(history=1)) == ()
    assert len(found(site.backend(), "HF405", Options(history=3))) == 1


def test_an_object_without_encryption(site: Site) -> None:
    """The store says nothing of any."""
    put(site, KEY, made_state(1))
    assert found(site.backend(), "HF407") == ()

    def rule(_asked: Asked) -> tuple[int, str] | None:
        return None

    with denying(site.server.endpoint, rule, drop="x-amz-server-side-encryption") as address:
        settings = site.settings(endpoints=Endpoints(s3=address))
        (finding,) = found(Backend(settings, cache=False), "HF407")

    assert finding.address
    assert finding.address.key == KEY


def test_an_object_from_before_versioning(site: Site) -> None:
    """Its version is the null version."""
    setting = {"Status": "Suspended"}
    site.s3.put_bucket_versioning(Bucket=site.bucket, VersioningConfiguration=setting)
    site.s3.put_object(Bucket=site.bucket, Key=KEY, Body=made_state(1))

    (finding,) = found(site.backend(), "HF408")

    assert finding.evidence == "Its version id is 'null'"


def test_a_copied_state(site: Site) -> None:
    """Two keys of one lineage; a copy that is deleted or manages nothing does not count."""
    for key in ("a.tfstate", "b.tfstate", "gone.tfstate"):
        put(site, key, made_state(1, resources=MANY))
    put(site, "left.tfstate", made_state(2, outputs={}))
    site.s3.delete_object(Bucket=site.bucket, Key="gone.tfstate")

    (finding,) = found(site.backend(), "HF409")

    assert finding.evidence == f"Lineage {LINEAGE}: a.tfstate (serial 1), b.tfstate (serial 1)"


def test_outputs_that_look_like_secrets(site: Site) -> None:
    """The name is told, the value is not."""
    put(site, KEY, made_state(1, outputs={"db_password": "hunter2", "password_length": "12"}))

    (finding,) = found(site.backend(), "HF410")

    assert finding.evidence == "db_password (named db_password)"
    assert "hunter2" not in f"{finding}"


@pytest.mark.parametrize(
    ("name", "value", "telling"),
    [
        ("dbPassword", "x", True),
        ("api-key", "x", True),
        ("secret_arn", "arn:aws:secretsmanager:x", False),
        ("token_url", "https://example.com/token", False),
        ("secrets_manager_name", "x", False),
        ("tokenizer", "x", False),
        ("password", "", False),
        ("url", "postgres://me:pw@db/x", True),
        ("url", "https://example.com:8080/x@y", False),
        ("pem", "-----BEGIN RSA PRIVATE KEY-----\nAAAA", True),
        ("public", "-----BEGIN PUBLIC KEY-----", False),
    ],
)
def test_what_looks_like_a_secret(name: str, value: str, *, telling: bool) -> None:
    """By its name, or by what it holds."""
    state = parse(made_state(1, outputs={name: value}))

    assert bool(list(telling_outputs(state))) is telling


def test_a_prefix_leaves_other_states_out(site: Site) -> None:
    """Their objects, digests and locks."""
    put(site, "test/x.tfstate", b"broken")
    put_item(site, "test/y.tfstate-md5", {"Digest": "1" * 32})
    put_item(site, "test/z.tfstate", {"Info": "nonsense"})

    options = Options(prefix="prod/")
    diagnosis = diagnosed(site.backend(), "HF401", "HF302", "HF202", options=options)

    assert diagnosis.findings == ()


def test_keys_of_any_name_are_states(site: Site) -> None:
    """If a digest or a lock names them, or the backend's own key does."""
    put(site, "network", b"broken", digest=b"broken")
    put(site, "env:/dev/main", b"broken")
    put(site, "readme.txt", b"no state")

    findings = found(site.backend("main"), "HF401")

    keys = [finding.address.object_key for finding in findings if finding.address]
    assert sorted(keys) == ["env:/dev/main", "network"]
