"""The fence over the wire: which writes of states are refused, what is kept, what leave does."""

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from holdfast.engine.state_records import State
from holdfast.server.states import overrides
from in_process import Aws
from lockers import BUCKET, KEY, TERRAFORM, Locker, prepare, session
from state_documents import instance, resource, state, written

REFUSED = "holdfast-refused"


@pytest.fixture(autouse=True)
def _prepared(aws: Aws) -> None:
    prepare(aws)


def body(serial: int, lineage: str = "L1", resources: int = 1, **fields: Any) -> bytes:
    """Return a state."""
    instances = [instance({"id": f"i-{number}"}) for number in range(resources)]
    managed = [resource("aws_x.y", *instances)] if instances else []
    return written(state(*managed, serial=serial, lineage=lineage, **fields))


def put(client: Any, content: bytes, key: str = KEY) -> None:
    """Write a state."""
    client.put_object(Bucket=BUCKET, Key=key, Body=content)


def refused(call: Any, *given: Any, **named: Any) -> str:
    """Return the rule that refuses a call."""
    with pytest.raises(ClientError) as error:
        call(*given, **named)
    answer: dict[str, Any] = dict(error.value.response)
    assert answer["Error"]["Code"] == "PreconditionFailed"
    rule: str = answer["Error"]["Condition"]
    assert rule in answer["Error"]["Message"]
    return rule


def stored(client: Any, key: str = KEY) -> int:
    """Return the serial of what is stored."""
    content = client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    serial: int = json.loads(content)["serial"]
    return serial


def journaled(aws: Aws, *what: str) -> list[dict[str, Any]]:
    """Return what happened."""
    entries = aws.holdfast.list_journal(What=list(what))["Entries"]
    return [json.loads(entry["Event"]) for entry in entries]


def test_a_client_with_the_lock_writes_as_terraform_does(aws: Aws) -> None:
    """First write, apply, a write again after an answer that was lost, a forced older one."""
    holder = Locker(aws, "lockfile")
    holder.lock()
    for serial in (1, 2, 3, 3, 2):
        put(aws.s3, body(serial))

    assert stored(aws.s3) == 2
    (rewound,) = journaled(aws, "state-rewound")
    assert (rewound["from_serial"], rewound["serial"]) == (3, 2)
    assert journaled(aws, "write-refused", "write-warned") == []


def test_another_session_does_not_write_while_one_holds_the_lock(aws: Aws) -> None:
    """And is told by whom; what it sent is kept."""
    put(aws.s3, body(1))
    Locker(aws, "lockfile", "ann@host").lock()
    other = aws.client("s3", **session(aws))
    with pytest.raises(ClientError, match="ann@host") as error:
        put(other, body(2, resources=3))

    (kept,) = aws.s3.list_objects_v2(Bucket=REFUSED)["Contents"]
    assert kept["Key"].rpartition("/")[2] in str(error.value)
    assert aws.s3.get_object(Bucket=REFUSED, Key=kept["Key"])["Body"].read() == body(2, resources=3)
    assert stored(aws.s3) == 1


def test_what_is_kept_aside_is_no_state_of_its_own(aws: Aws) -> None:
    """Nothing is known of it, and nothing in that bucket is judged."""
    put(aws.s3, body(2))
    refused(put, aws.s3, body(2, resources=2))
    (kept,) = aws.s3.list_objects_v2(Bucket=REFUSED)["Contents"]

    assert aws.engine.view(lambda tx: tx.get(State, REFUSED, kept["Key"])) is None
    aws.s3.put_object(Bucket=REFUSED, Key=kept["Key"], Body=body(1, "other"))


def test_a_session_that_was_refused_does_not_write_the_next_serial(aws: Aws) -> None:
    """Terraform counts on and tries once more; having read the state anew, it may."""
    put(aws.s3, body(2))
    racing = aws.client("s3", **session(aws))

    assert refused(put, racing, body(2, resources=2)) == "fence.stale"
    assert refused(put, racing, body(3, resources=2)) == "fence.outdated"
    racing.get_object(Bucket=BUCKET, Key=KEY)
    put(racing, body(3, resources=2))
    assert stored(aws.s3) == 3


def test_a_session_that_lost_its_lock_does_not_write(aws: Aws) -> None:
    """The lock was forced open, and nobody has it now."""
    put(aws.s3, body(1))
    credentials = session(aws)
    Locker(aws, "lockfile", **credentials).lock()
    Locker(aws, "lockfile").unlock()

    assert refused(put, aws.client("s3", **credentials), body(2)) == "fence.outdated"


def test_a_process_whose_lock_another_program_broke_does_not_write(aws: Aws) -> None:
    """Also with one key for both; it may once it has read what is there."""
    process = aws.client("s3", config=TERRAFORM)
    put(process, body(1))
    Locker(aws, "dynamodb", config=TERRAFORM).lock()
    Locker(aws, "dynamodb").unlock()
    assert refused(put, process, body(2)) == "fence.outdated"
    assert stored(process) == 1
    put(process, body(2))


def test_a_state_of_another_configuration_is_refused_with_the_lock(aws: Aws) -> None:
    """The key was copied into another backend block."""
    put(aws.s3, body(1))
    Locker(aws, "lockfile").lock()

    assert refused(put, aws.s3, body(1, "L2")) == "fence.lineage"


def test_a_copy_of_an_older_version_is_refused_without_the_lock(aws: Aws) -> None:
    """`aws s3api copy-object` of a version is a write like others."""
    for serial in (1, 2):
        put(aws.s3, body(serial))
    older = aws.s3.list_object_versions(Bucket=BUCKET, Prefix=KEY)["Versions"][1]["VersionId"]
    source: Any = {"Bucket": BUCKET, "Key": KEY, "VersionId": older}

    assert refused(aws.s3.copy_object, Bucket=BUCKET, Key=KEY, CopySource=source) == "fence.stale"


def test_a_state_in_parts_is_judged_too(aws: Aws) -> None:
    """Terraform sends states of more than 5 MiB so."""
    put(aws.s3, body(5))
    begun = aws.s3.create_multipart_upload(Bucket=BUCKET, Key=KEY)
    named: Any = {"Bucket": BUCKET, "Key": KEY, "UploadId": begun["UploadId"]}
    content = body(5, resources=2)
    tag = aws.s3.upload_part(**named, PartNumber=1, Body=content)["ETag"]
    parts: Any = {"Parts": [{"PartNumber": 1, "ETag": tag}]}

    assert (
        refused(aws.s3.complete_multipart_upload, **named, MultipartUpload=parts) == "fence.stale"
    )
    assert stored(aws.s3) == 5


def test_a_locked_state_is_not_deleted_by_another(aws: Aws) -> None:
    """Its holder deletes it."""
    put(aws.s3, body(1))
    Locker(aws, "lockfile").lock()
    other = aws.client("s3", **session(aws))

    assert refused(other.delete_object, Bucket=BUCKET, Key=KEY) == "fence.held"
    aws.s3.delete_object(Bucket=BUCKET, Key=KEY)


def test_a_write_without_a_lock_and_one_that_empties_are_warned_of(aws: Aws) -> None:
    """In the journal; they pass."""
    put(aws.s3, body(1))
    put(aws.s3, body(2, resources=0))

    assert [event["rule"] for event in journaled(aws, "write-warned")] == [
        "fence.unlocked",
        "fence.emptied",
        "fence.unlocked",
    ]


# ---- leave -----------------------------------------------------------------------------------


def test_leave_lets_one_write_pass(aws: Aws) -> None:
    """The next one is refused again; all of it is journaled."""
    put(aws.s3, body(5))
    given = aws.holdfast.put_override(Bucket=BUCKET, Key=KEY, Reason="restored from tape")
    assert given["Override"]["Until"] - given["Override"]["Granted"] == timedelta(minutes=10)
    put(aws.s3, body(3))

    assert stored(aws.s3) == 3
    assert refused(put, aws.s3, body(2)) == "fence.stale"
    (used,) = journaled(aws, "override-used")
    assert (used["rule"], used["given_for"]) == ("fence.stale", "restored from tape")
    (granted,) = journaled(aws, "override-granted")
    assert granted["reason"] == "restored from tape"


def test_leave_ends(aws: Aws) -> None:
    """After as many seconds as it was given for."""
    put(aws.s3, body(5))
    aws.holdfast.put_override(Bucket=BUCKET, Key=KEY, Reason="r", Seconds=30)
    aws.clock.advance(31)

    assert aws.holdfast.list_overrides()["Overrides"] == []
    assert refused(put, aws.s3, body(3)) == "fence.stale"


def test_leave_can_be_taken_back(aws: Aws) -> None:
    """Then it is as if it had never been given."""
    put(aws.s3, body(5))
    aws.holdfast.put_override(Bucket=BUCKET, Key=KEY, Reason="r")
    aws.holdfast.delete_override(Bucket=BUCKET, Key=KEY)
    aws.holdfast.delete_override(Bucket=BUCKET, Key=KEY)

    assert refused(put, aws.s3, body(3)) == "fence.stale"
    assert len(journaled(aws, "override-cancelled")) == 1


def test_leave_is_listed_by_bucket_and_prefix(aws: Aws) -> None:
    """With who gave it and what for."""
    for key in ("a/1", "a/2", "b/1"):
        put(aws.s3, body(1), key)
        aws.holdfast.put_override(Bucket=BUCKET, Key=key, Reason=f"for {key}")

    def listed(**filters: Any) -> list[str]:
        return [one["Key"] for one in aws.holdfast.list_overrides(**filters)["Overrides"]]

    assert listed() == ["a/1", "a/2", "b/1"]
    assert listed(Bucket=BUCKET) == ["a/1", "a/2", "b/1"]
    assert listed(Bucket=BUCKET, Prefix="a/") == ["a/1", "a/2"]
    assert listed(Bucket="other") == []


@pytest.mark.parametrize("asked", [{}, {"Bucket": BUCKET}, {"Bucket": BUCKET, "Prefix": "a/"}])
def test_the_list_of_leave_goes_on_at_its_token(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str]
) -> None:
    """After so many states as are looked at for one request."""
    monkeypatch.setattr(overrides, "_MOST_EXAMINED", 2)
    for key in ("a/1", "a/2", "a/3"):
        put(aws.s3, body(1), key)
        aws.holdfast.put_override(Bucket=BUCKET, Key=key, Reason=f"for {key}")
    page = aws.holdfast.list_overrides(**asked)
    rest = aws.holdfast.list_overrides(**asked, NextToken=page["NextToken"])
    assert [one["Key"] for one in (*page["Overrides"], *rest["Overrides"])] == ["a/1", "a/2", "a/3"]


@pytest.mark.parametrize(
    ("bucket", "key", "code"), [("none", KEY, "NoSuchBucket"), (BUCKET, "none", "NoSuchState")]
)
def test_leave_is_for_a_state_that_is_there(aws: Aws, bucket: str, key: str, code: str) -> None:
    """A slip of the hand is told."""
    with pytest.raises(ClientError, match=code):
        aws.holdfast.put_override(Bucket=bucket, Key=key, Reason="r")


# ---- modes -----------------------------------------------------------------------------------


def modes(aws: Aws, **where: str) -> dict[str, str]:
    """Return how strictly each rule is held."""
    return {one["Name"]: one["Mode"] for one in aws.holdfast.get_state_rules(**where)["Rules"]}


def test_a_rule_is_held_as_its_prefix_says(aws: Aws) -> None:
    """Switched off below a prefix, enforced elsewhere."""
    aws.holdfast.put_state_rules(
        Bucket=BUCKET, Prefix="lab/", Modes={"fence.stale": "off", "fence.unlocked": "off"}
    )
    aws.holdfast.put_state_rules(Bucket=BUCKET, Modes={"fence.emptied": "enforce"})
    for key in (KEY, "lab/x"):
        put(aws.s3, body(5), key)
    put(aws.s3, body(4), "lab/x")

    assert refused(put, aws.s3, body(4)) == "fence.stale"
    assert stored(aws.s3) == 5
    assert refused(put, aws.s3, body(6, resources=0)) == "fence.emptied"
    assert modes(aws, Bucket=BUCKET, Key="lab/x")["fence.stale"] == "off"
    assert modes(aws, Bucket=BUCKET, Key=KEY)["fence.stale"] == "enforce"
    assert modes(aws)["fence.emptied"] == "warn"


def test_what_was_set_is_shown_and_forgotten(aws: Aws) -> None:
    """By prefix, or all at once; every change is journaled."""
    for prefix, mode in (("a/", "off"), ("b/", "warn"), ("a/", "enforce")):
        aws.holdfast.put_state_rules(Bucket=BUCKET, Prefix=prefix, Modes={"fence.held": mode})
    given = aws.holdfast.get_state_rules(Bucket=BUCKET)["Given"]
    assert [(one["Prefix"], one["Modes"]) for one in given] == [
        ("a/", {"fence.held": "enforce"}),
        ("b/", {"fence.held": "warn"}),
    ]

    aws.holdfast.delete_state_rules(Bucket=BUCKET, Prefix="a/")
    assert [one["Prefix"] for one in aws.holdfast.get_state_rules(Bucket=BUCKET)["Given"]] == ["b/"]
    aws.holdfast.delete_state_rules(Bucket=BUCKET)
    assert aws.holdfast.get_state_rules(Bucket=BUCKET)["Given"] == []
    assert len(journaled(aws, "rules-changed")) == 5


@pytest.mark.parametrize("given", [{"fence": "off"}, {"fence.held": "maybe"}])
def test_a_rule_or_mode_that_is_not_there_is_refused(aws: Aws, given: dict[str, str]) -> None:
    """Nothing is kept of it."""
    with pytest.raises(ClientError, match="ValidationException"):
        aws.holdfast.put_state_rules(Bucket=BUCKET, Modes=given)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        aws.holdfast.put_state_rules(Bucket="none", Modes={"fence.held": "off"})

    assert aws.holdfast.get_state_rules(Bucket=BUCKET)["Given"] == []
