"""Bodies of refused writes are kept in a bucket of their own."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from holdfast.server.judging import (
    REFUSED_BUCKET,
    JudgedWriter,
    NoRules,
    ObjectPut,
    Refusal,
    Verdict,
)
from holdfast.server.pipeline import Pipeline
from holdfast.server.s3.lifecycle_run import LifecycleRun
from holdfast.server.services import SERVICES
from holdfast.server.serving import Serving

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIB = 1024 * 1024
PARTS = (b"a" * (5 * MIB), b"b" * 17)
CUSTOMER_KEY = b"k" * 32
CUSTOMER: Any = {
    "SSECustomerAlgorithm": "AES256",
    "SSECustomerKey": base64.b64encode(CUSTOMER_KEY).decode(),
    "SSECustomerKeyMD5": base64.b64encode(
        hashlib.md5(CUSTOMER_KEY, usedforsecurity=False).digest()
    ).decode(),
}


class RefuseAll(NoRules):
    """Refuses every write of an object but those to the bucket of copies."""

    def put_object(self, _tx: JudgedWriter, put: ObjectPut) -> Verdict:
        """Refuse it, and keep it."""
        if put.bucket == "sources":
            return None
        facts = {"serial": "7", "reason": "Für nichts, 100% sicher"}
        return Refusal("fence.test", "No.", keep_aside=True, facts=facts)


@pytest.fixture
def refusing(aws: Any) -> "S3Client":
    """A server that refuses every write."""
    site = replace(aws.site, rules=RefuseAll())
    aws.pipeline = Pipeline(Serving(aws.engine, site, SERVICES, aws.clock))
    aws.s3.create_bucket(Bucket="states")
    client: S3Client = aws.s3
    return client


def refused(call: Any, **given: Any) -> str:
    """Return what the client is told."""
    with pytest.raises(ClientError) as error:
        call(**given)
    assert error.value.response["Error"]["Code"] == "PreconditionFailed"
    return str(error.value.response["Error"]["Message"])


def kept(s3: "S3Client") -> list[str]:
    """Return the keys of what is kept."""
    return [one["Key"] for one in s3.list_objects_v2(Bucket=REFUSED_BUCKET).get("Contents", [])]


def read(s3: "S3Client", key: str, **options: Any) -> bytes:
    """Return what is kept under a key."""
    return s3.get_object(Bucket=REFUSED_BUCKET, Key=key, **options)["Body"].read()


def test_a_refused_body_is_kept(aws: Any, refusing: "S3Client") -> None:
    """Under bucket, key, time and request, with what is known of it."""
    told = refused(refusing.put_object, Bucket="states", Key="env:/a/app", Body=b"{}")

    (key,) = kept(refusing)
    assert key.startswith("states/env:/a/app/20")
    assert told == f"No. What was sent is kept: holdfast refused show {key}"
    found = refusing.get_object(Bucket=REFUSED_BUCKET, Key=key)
    assert found["Body"].read() == b"{}"
    noted = found["Metadata"]
    assert (noted["rule"], noted["bucket"], noted["key"]) == ("fence.test", "states", "env:/a/app")
    assert noted["serial"] == "7"
    assert noted["reason"] == "F%C3%BCr nichts, 100%25 sicher"
    assert noted["principal"].startswith("arn:aws:iam::")


def test_the_object_itself_is_untouched(refusing: "S3Client") -> None:
    """Nothing was written where it was meant to go."""
    refused(refusing.put_object, Bucket="states", Key="app", Body=b"{}")

    assert refusing.list_objects_v2(Bucket="states")["KeyCount"] == 0


def test_the_same_bytes_are_kept_once(refusing: "S3Client") -> None:
    """For one state; others have their own, also those below it."""
    for key, body in (("a", b"1"), ("a", b"1"), ("a/b", b"1"), ("a", b"2"), ("a", b"1")):
        refused(refusing.put_object, Bucket="states", Key=key, Body=body)

    assert sorted((key.rpartition("/")[0], read(refusing, key)) for key in kept(refusing)) == [
        ("states/a", b"1"),
        ("states/a", b"2"),
        ("states/a/b", b"1"),
    ]


def test_a_body_is_kept_as_it_would_have_been_encrypted(aws: Any, refusing: "S3Client") -> None:
    """Under KMS, or under the customer's own key."""
    arn = aws.kms.create_key()["KeyMetadata"]["Arn"]
    refused(
        refusing.put_object,
        Bucket="states",
        Key="kms",
        Body=b"1",
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=arn,
    )
    refused(refusing.put_object, Bucket="states", Key="own", Body=b"2", **CUSTOMER)

    under_kms, under_own = kept(refusing)
    found = refusing.get_object(Bucket=REFUSED_BUCKET, Key=under_kms)
    assert (found["Body"].read(), found["SSEKMSKeyId"]) == (b"1", arn)
    assert read(refusing, under_own, **CUSTOMER) == b"2"


def test_a_refused_copy_is_kept(refusing: "S3Client") -> None:
    """As it would have been written."""
    refusing.create_bucket(Bucket="sources")
    refusing.put_object(Bucket="sources", Key="k", Body=b"copied")
    refused(refusing.copy_object, Bucket="states", Key="app", CopySource="sources/k")

    assert [read(refusing, key) for key in kept(refusing)] == [b"copied"]


def upload(s3: "S3Client", **options: Any) -> dict[str, Any]:
    """Upload parts; return what completes them."""
    customer = {name: value for name, value in options.items() if name.startswith("SSEC")}
    begun = s3.create_multipart_upload(Bucket="states", Key="app", **options)
    named: Any = {"Bucket": "states", "Key": "app", "UploadId": begun["UploadId"]}
    parts = []
    for number, body in enumerate(PARTS, 1):
        answer = s3.upload_part(**named, PartNumber=number, Body=body, **customer)
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    return {**named, "MultipartUpload": {"Parts": parts}}


def test_a_refused_upload_is_kept_and_over(refusing: "S3Client") -> None:
    """Its parts are the copy's now: to abort it takes nothing away."""
    complete = upload(refusing)
    told = refused(refusing.complete_multipart_upload, **complete)
    named = {name: complete[name] for name in ("Bucket", "Key", "UploadId")}
    with pytest.raises(ClientError, match="NoSuchUpload"):
        refusing.abort_multipart_upload(**named)

    (key,) = kept(refusing)
    assert key.rpartition("/")[2] in told
    assert read(refusing, key) == b"".join(PARTS)


def test_the_same_upload_is_kept_once(refusing: "S3Client") -> None:
    """The second may be aborted as usual."""
    refused(refusing.complete_multipart_upload, **upload(refusing))
    again = upload(refusing)
    refused(refusing.complete_multipart_upload, **again)
    refusing.abort_multipart_upload(**{name: again[name] for name in ("Bucket", "Key", "UploadId")})

    (key,) = kept(refusing)
    assert read(refusing, key) == b"".join(PARTS)


def test_an_upload_under_kms_is_kept_under_its_key(aws: Any, refusing: "S3Client") -> None:
    """Each part's envelope is made anew for where it is now."""
    arn = aws.kms.create_key()["KeyMetadata"]["Arn"]
    complete = upload(refusing, ServerSideEncryption="aws:kms", SSEKMSKeyId=arn)
    refused(refusing.complete_multipart_upload, **complete)

    (key,) = kept(refusing)
    assert read(refusing, key) == b"".join(PARTS)


def test_an_upload_that_only_its_owner_opens_says_that_it_is_not_kept(
    refusing: "S3Client",
) -> None:
    """To complete an upload brings no key."""
    told = refused(refusing.complete_multipart_upload, **upload(refusing, **CUSTOMER))

    assert told == "No. What was sent could not be kept, as only your own key opens it."


def test_what_is_kept_goes_after_ninety_days(aws: Any, refusing: "S3Client") -> None:
    """By a lifecycle rule that everybody can see, and change."""
    refused(refusing.put_object, Bucket="states", Key="app", Body=b"{}")
    (rule,) = refusing.get_bucket_lifecycle_configuration(Bucket=REFUSED_BUCKET)["Rules"]
    run = LifecycleRun(aws.engine, aws.site)
    run(datetime.now(UTC) + timedelta(days=89))

    assert rule["Expiration"]["Days"] == 90
    assert len(kept(refusing)) == 1
    run(datetime.now(UTC) + timedelta(days=92))
    assert kept(refusing) == []


def test_the_longest_key_is_kept_too(refusing: "S3Client") -> None:
    """Its name is shortened, as no key may have more than 1024 bytes."""
    key = "é" * 512
    refused(refusing.put_object, Bucket="states", Key=key, Body=b"1")
    refused(refusing.put_object, Bucket="states", Key=key, Body=b"1")

    (found,) = kept(refusing)
    assert found.startswith("states/sha256-")
