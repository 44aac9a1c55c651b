"""A session that expires while it holds the lock of a state: it may end what it began, for a while."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from holdfast.engine.state_records import State
from holdfast.server.limits import Limits
from holdfast.server.pipeline import Pipeline
from holdfast.server.services import SERVICES
from holdfast.server.serving import Serving
from in_process import ACCOUNT, Aws
from lockers import BUCKET, KEY, LOCK_FILE, LOCK_ID, MODES, TABLE, Locker, left_of_locks, prepare
from state_documents import resource, state

# Requests are signed at the real time, from which the server's may differ by less than 15 minutes.
EARLY, LATE = 600, 600  # seconds; together more than a session lasts
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deploy"


@pytest.fixture(autouse=True)
def _prepared(aws: Aws) -> None:
    prepare(aws)
    aws.clock.advance(-EARLY)


def end_sessions(aws: Aws) -> None:
    """Let time pass until the sessions that were made are past their end."""
    aws.clock.advance(EARLY + LATE)


def policy(*statements: dict[str, Any]) -> str:
    """Return a policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def user_session(aws: Aws) -> dict[str, Any]:
    """Return the shortest session of the user itself."""
    return dict(aws.sts.get_session_token(DurationSeconds=900)["Credentials"])


def role_session(aws: Aws) -> dict[str, Any]:
    """Return the shortest session of a role."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}}
    aws.iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=policy(trust))
    aws.iam.put_role_policy(RoleName="deploy", PolicyName="all", PolicyDocument=policy(EVERYTHING))
    asked = aws.sts.assume_role(RoleArn=ROLE, RoleSessionName="run", DurationSeconds=900)
    return dict(asked["Credentials"])


class Applying:
    """A process with a session that ends, and the lock of the state."""

    def __init__(self, aws: Aws, mode: str, given: dict[str, Any]) -> None:
        self.aws = aws
        credentials = self.credentials = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
        self.s3 = aws.client("s3", **credentials)
        self.dynamodb = aws.client("dynamodb", **credentials)
        self.sts = aws.client("sts", **credentials)
        self.kms = aws.client("kms", **credentials)
        self.locker = Locker(aws, mode, **credentials)
        self.locker.lock()

    def write(self, serial: int, **params: Any) -> None:
        """Write the state, and its digest if the lock is in a table."""
        self.s3.put_object(Bucket=BUCKET, Key=KEY, Body=body(serial), **params)


def body(serial: int) -> bytes:
    """Return a state."""
    return json.dumps(state(resource("terraform_data.it"), serial=serial)).encode()


@pytest.fixture(params=MODES)
def applying(aws: Aws, request: pytest.FixtureRequest) -> Applying:
    """One whose session has just ended; in each lock mode."""
    made = Applying(aws, request.param, user_session(aws))
    end_sessions(aws)
    return made


def code_of(call: Callable[[], object]) -> str:
    """Return the code that a call is refused with."""
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


def journal(aws: Aws, what: str) -> list[dict[str, Any]]:
    """Return the events of a kind, in order."""
    entries = aws.holdfast.list_journal(What=[what])["Entries"]
    return [json.loads(entry["Event"]) for entry in entries]


@pytest.mark.parametrize("session", [user_session, role_session])
@pytest.mark.parametrize("mode", MODES)
def test_the_state_is_written_and_the_lock_released(
    aws: Aws, mode: str, session: Callable[[Aws], dict[str, Any]]
) -> None:
    """After the session's end, as an apply does at its own."""
    one = Applying(aws, mode, session(aws))
    one.write(1)
    end_sessions(aws)

    assert one.s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == body(1)
    one.write(2)
    one.locker.release()

    assert aws.s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == body(2)
    assert left_of_locks(aws) == []


def test_it_is_written_down(aws: Aws) -> None:
    """The journal says what was done after the end, once for each change."""
    one = Applying(aws, "lockfile", user_session(aws))
    one.write(1)
    end_sessions(aws)
    one.write(2)
    one.s3.get_object(Bucket=BUCKET, Key=KEY)
    one.locker.release()

    events = journal(aws, "finished-after-expiry")
    assert [event["request"] for event in events] == ["PutObject", "DeleteObject"]
    assert {event["state"] for event in events} == {f"{BUCKET}/{KEY}"}
    assert events[0]["access_key_id"].startswith("ASIA")


def test_the_digest_is_written(aws: Aws) -> None:
    """Into the table in which the lock is."""
    one = Applying(aws, "dynamodb", user_session(aws))
    one.write(1)
    end_sessions(aws)
    digest_id = f"{LOCK_ID}-md5"
    found = one.dynamodb.get_item(TableName=TABLE, Key={"LockID": {"S": digest_id}})["Item"]

    one.dynamodb.put_item(TableName=TABLE, Item=found)
    one.dynamodb.put_item(
        TableName=f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{TABLE}", Item=found
    )


def test_a_large_state_is_written_in_parts(applying: Applying) -> None:
    """As Terraform's uploader does above five megabytes."""
    begun = applying.s3.create_multipart_upload(Bucket=BUCKET, Key=KEY)["UploadId"]
    upload = {"Bucket": BUCKET, "Key": KEY, "UploadId": begun}
    etag = applying.s3.upload_part(**upload, PartNumber=1, Body=body(2))["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    applying.s3.complete_multipart_upload(**upload, MultipartUpload=parts)

    assert applying.aws.s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == body(2)


def test_an_upload_in_parts_is_given_up(applying: Applying) -> None:
    """Nothing of it stays."""
    begun = applying.s3.create_multipart_upload(Bucket=BUCKET, Key=KEY)["UploadId"]
    applying.s3.abort_multipart_upload(Bucket=BUCKET, Key=KEY, UploadId=begun)

    assert "Uploads" not in applying.aws.s3.list_multipart_uploads(Bucket=BUCKET)


def test_its_kms_key_encrypts_for_it(applying: Applying) -> None:
    """The key is used within the write, though KMS itself refuses the session."""
    key = applying.aws.kms.create_key()["KeyMetadata"]["KeyId"]
    applying.write(2, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)

    assert applying.s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == body(2)
    refused = code_of(lambda: applying.kms.generate_data_key(KeyId=key, KeySpec="AES_256"))
    assert refused == "ExpiredTokenException"


OTHER_ITEM = {"LockID": {"S": f"{BUCKET}/other"}, "Info": {"S": "{}"}}
REFUSED: dict[str, Callable[[Applying], object]] = {
    "who it is": lambda one: one.sts.get_caller_identity(),
    "buckets": lambda one: one.s3.list_buckets(),
    "objects": lambda one: one.s3.list_objects_v2(Bucket=BUCKET),
    "another state": lambda one: one.s3.get_object(Bucket=BUCKET, Key="other"),
    "a write of another state": lambda one: one.s3.put_object(
        Bucket=BUCKET, Key="other", Body=body(1)
    ),
    "another bucket": lambda one: one.s3.get_object(Bucket="missing", Key=KEY),
    "the state's deletion": lambda one: one.s3.delete_object(Bucket=BUCKET, Key=KEY),
    "an older version": lambda one: one.s3.get_object(Bucket=BUCKET, Key=KEY, VersionId="null"),
    "a version of the lock": lambda one: one.s3.delete_object(
        Bucket=BUCKET, Key=LOCK_FILE, VersionId="null"
    ),
    "the lock once more": lambda one: one.s3.put_object(
        Bucket=BUCKET, Key=LOCK_FILE, Body=one.locker.document
    ),
    "a copy over the state": lambda one: one.s3.copy_object(
        Bucket=BUCKET, Key=KEY, CopySource=f"{BUCKET}/other"
    ),
    "several deletions": lambda one: one.s3.delete_objects(
        Bucket=BUCKET, Delete={"Objects": [{"Key": LOCK_FILE}]}
    ),
    "tables": lambda one: one.dynamodb.list_tables(),
    "all items": lambda one: one.dynamodb.scan(TableName=TABLE),
    "another item": lambda one: one.dynamodb.put_item(TableName=TABLE, Item=OTHER_ITEM),
    "the digest's deletion": lambda one: one.dynamodb.delete_item(
        TableName=TABLE, Key={"LockID": {"S": f"{LOCK_ID}-md5"}}
    ),
    "an item of no state": lambda one: one.dynamodb.get_item(
        TableName=TABLE, Key={"LockID": {"S": "elsewhere/state"}}
    ),
    "a key of another kind": lambda one: one.dynamodb.get_item(
        TableName=TABLE, Key={"LockID": {"N": "1"}}
    ),
    "another table": lambda one: one.dynamodb.get_item(
        TableName="another", Key={"LockID": {"S": LOCK_ID}}
    ),
}


@pytest.mark.parametrize("what", list(REFUSED))
def test_nothing_else_is_allowed(applying: Applying, what: str) -> None:
    """The answer is that the session has expired, whatever is asked for."""
    assert code_of(lambda: REFUSED[what](applying)).startswith("ExpiredToken")


def both(aws: Aws) -> tuple[Applying, Locker]:
    """Return one that has locked in table and file, and its other half."""
    given = user_session(aws)
    one = Applying(aws, "dynamodb", given)
    other = Locker(aws, "lockfile", **one.credentials)
    other.document = one.locker.document
    other.lock()
    return one, other


def test_a_lock_in_both_places_is_released_in_both(aws: Aws) -> None:
    """As Terraform does with both, although the first release frees it everywhere."""
    one, other = both(aws)
    end_sessions(aws)
    one.locker.release()
    other.release()
    assert left_of_locks(aws) == []
    assert code_of(lambda: one.write(1)) == "ExpiredToken"


def test_a_successor_keeps_its_lock_when_the_rest_is_released(aws: Aws) -> None:
    """It took the lock between the two; only the expired session's own is given back."""
    one, other = both(aws)
    end_sessions(aws)
    one.locker.release()
    successor = Locker(aws, "lockfile")
    successor.lock()
    other.release()
    assert successor.holder() == successor.document
    other.unlock()
    assert successor.holder() == successor.document
    assert successor.holder() == successor.document


def test_a_release_whose_answer_was_lost_is_sent_again(applying: Applying) -> None:
    """It succeeds, for a minute."""
    applying.locker.release()
    applying.locker.unlock()
    applying.aws.clock.advance(61)
    assert code_of(applying.locker.unlock).startswith("ExpiredToken")


def test_the_lock_of_another_is_not_released(aws: Aws) -> None:
    """A session that holds nothing may nothing."""
    idle = Applying(aws, "lockfile", user_session(aws))
    idle.locker.release()
    other = Locker(aws, "lockfile")
    other.lock()
    end_sessions(aws)

    assert code_of(idle.locker.unlock) == "ExpiredToken"
    assert code_of(lambda: idle.write(1)) == "ExpiredToken"
    assert other.holder() == other.document


def test_a_session_that_lost_its_lock_may_nothing(applying: Applying) -> None:
    """After an unlock by force it is as expired as any."""
    Locker(applying.aws, applying.locker.mode).unlock()
    assert code_of(lambda: applying.write(1)) == "ExpiredToken"


def test_it_ends_after_the_time_that_is_set(aws: Aws) -> None:
    """Then the lock is for others to break."""
    limits = Limits(finish_seconds=EARLY + LATE - 900 + 100)
    aws.pipeline = Pipeline(Serving(aws.engine, aws.site, SERVICES, aws.clock, limits))
    one = Applying(aws, "lockfile", user_session(aws))
    end_sessions(aws)
    one.write(1)
    aws.clock.advance(120)
    assert code_of(lambda: one.write(2)) == "ExpiredToken"


def test_a_wrong_signature_is_refused_as_ever(aws: Aws) -> None:
    """Who has the token but not the secret may nothing, and learns nothing."""
    given = user_session(aws)
    Applying(aws, "lockfile", given)
    end_sessions(aws)
    thief = aws.client(
        "s3",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key="x" * 40,
        aws_session_token=given["SessionToken"],
    )
    refused = code_of(lambda: thief.get_object(Bucket=BUCKET, Key=KEY))
    assert refused == "ExpiredToken"


def test_a_removed_user_ends_at_once(aws: Aws) -> None:
    """A session of a user ends with the key that it was made with; no grace is given then."""
    aws.iam.create_user(UserName="ann")
    key = aws.iam.create_access_key(UserName="ann")["AccessKey"]
    aws.iam.put_user_policy(UserName="ann", PolicyName="all", PolicyDocument=policy(EVERYTHING))
    sts = aws.client(
        "sts",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    one = Applying(aws, "lockfile", sts.get_session_token(DurationSeconds=900)["Credentials"])
    end_sessions(aws)
    one.write(1)
    aws.iam.update_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"], Status="Inactive")

    assert code_of(lambda: one.write(2)) == "InvalidAccessKeyId"


def test_a_deleted_role_ends_at_once(aws: Aws) -> None:
    """Its sessions end with it, whatever they hold."""
    one = Applying(aws, "lockfile", role_session(aws))
    end_sessions(aws)
    one.write(1)
    aws.iam.delete_role_policy(RoleName="deploy", PolicyName="all")
    assert code_of(lambda: one.write(2)) == "AccessDenied"
    aws.iam.delete_role(RoleName="deploy")
    assert code_of(lambda: one.write(2)) in ("AccessDenied", "InvalidAccessKeyId")


def test_a_renewed_session_that_expires_too_may_finish(aws: Aws) -> None:
    """It was the holder: it took over from the session of the same user that took the lock."""
    first = Applying(aws, "lockfile", user_session(aws))
    aws.clock.advance(400)
    later = Applying.__new__(Applying)
    given = user_session(aws)
    later.s3 = aws.client(
        "s3",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    aws.clock.advance(1060)
    later.write(1)
    assert first.locker.holder() == first.locker.document


def test_the_lock_is_looked_at_again_when_the_body_is_there(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who loses it while the body arrives writes nothing."""
    one = Applying(aws, "lockfile", user_session(aws))
    end_sessions(aws)
    seen: list[State | None] = []
    rules = type(aws.site.rules)
    inspector = rules.inspector

    def break_lock(self: Any, bucket: str, key: str, size: float) -> Any:
        if key == KEY and not seen:
            seen.append(aws.engine.view(lambda tx: tx.get(State, BUCKET, KEY)))
            Locker(aws, "lockfile").unlock()
        return inspector(self, bucket, key, size)

    monkeypatch.setattr(rules, "inspector", break_lock)
    assert code_of(lambda: one.write(1)) == "ExpiredToken"
    assert seen[0] is not None
    assert seen[0].lock is not None
