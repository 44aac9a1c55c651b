"""Lifecycle rules as they run in the background."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from holdfast.server.s3.lifecycle_run import LifecycleRun

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DAY = timedelta(days=1)


class Rules:
    """Puts rules and lets them run, so many days from now."""

    def __init__(self, aws: Any, bucket: str) -> None:
        self._aws = aws
        self._bucket = bucket
        self.page = 200

    def put(self, **rule: Any) -> None:
        """Put one rule for the whole bucket, or with the filter that is given."""
        whole: Any = {"ID": "r", "Status": "Enabled", "Filter": {}, **rule}
        self._aws.s3.put_bucket_lifecycle_configuration(
            Bucket=self._bucket, LifecycleConfiguration={"Rules": [whole]}
        )

    def run(self, days: float) -> int:
        """Let one pass run; return how much ended."""
        step = LifecycleRun(self._aws.engine, self._aws.site, page=self.page)
        return step(datetime.now(UTC) + days * DAY)


@pytest.fixture
def rules(aws: Any, bucket: str) -> Rules:
    """Rules of the bucket."""
    return Rules(aws, bucket)


@pytest.fixture
def versioned(s3: "S3Client", bucket: str) -> str:
    """The bucket, with versioning enabled."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def _put(s3: "S3Client", bucket: str, key: str, times: int = 1) -> list[str]:
    return [
        s3.put_object(Bucket=bucket, Key=key, Body=b"%d" % number)["VersionId"]
        for number in range(times)
    ]


def _versions(s3: "S3Client", bucket: str) -> list[tuple[str, str]]:
    answer = s3.list_object_versions(Bucket=bucket)
    return [(found["Key"], found["VersionId"]) for found in answer.get("Versions", [])]


def _markers(s3: "S3Client", bucket: str) -> list[str]:
    answer = s3.list_object_versions(Bucket=bucket)
    return [found["Key"] for found in answer.get("DeleteMarkers", [])]


def _keys(s3: "S3Client", bucket: str) -> list[str]:
    return [found["Key"] for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_without_rules_nothing_ends(s3: "S3Client", versioned: str, rules: Rules) -> None:
    """However old."""
    _put(s3, versioned, "a", 3)
    assert rules.run(days=5000) == 0
    assert len(_versions(s3, versioned)) == 3


def test_a_disabled_rule_does_nothing(s3: "S3Client", bucket: str, rules: Rules) -> None:
    """It is only kept."""
    s3.put_object(Bucket=bucket, Key="a", Body=b"")
    rules.put(Status="Disabled", Expiration={"Days": 1})
    assert rules.run(days=50) == 0


def test_noncurrent_versions_end_by_days(s3: "S3Client", versioned: str, rules: Rules) -> None:
    """The current one stays."""
    ids = _put(s3, versioned, "a", 3)
    rules.put(NoncurrentVersionExpiration={"NoncurrentDays": 10})
    assert rules.run(days=9) == 0
    assert rules.run(days=11) == 2
    assert _versions(s3, versioned) == [("a", ids[-1])]
    assert s3.get_object(Bucket=versioned, Key="a")["Body"].read() == b"2"


def test_the_newest_noncurrent_versions_are_kept(
    s3: "S3Client", versioned: str, rules: Rules
) -> None:
    """So many as the rule says, for each key; over the edges of pages too."""
    first, second = _put(s3, versioned, "a", 7), _put(s3, versioned, "b", 2)
    rules.put(NoncurrentVersionExpiration={"NoncurrentDays": 1, "NewerNoncurrentVersions": 3})
    rules.page = 2
    assert rules.run(days=3) == 3
    kept = [("a", one) for one in reversed(first[3:])] + [("b", one) for one in reversed(second)]
    assert _versions(s3, versioned) == kept


def test_a_versioned_object_expires_under_a_marker(
    s3: "S3Client", versioned: str, rules: Rules
) -> None:
    """Its version stays, and expires once only."""
    ids = _put(s3, versioned, "a")
    rules.put(Expiration={"Days": 3})
    assert rules.run(days=2) == 0
    assert rules.run(days=5) == 1
    assert _keys(s3, versioned) == []
    assert _markers(s3, versioned) == ["a"]
    assert _versions(s3, versioned) == [("a", ids[0])]
    assert rules.run(days=6) == 0


def test_an_unversioned_object_expires_for_good(s3: "S3Client", bucket: str, rules: Rules) -> None:
    """There is no marker."""
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    rules.put(Expiration={"Days": 3})
    assert rules.run(days=5) == 1
    assert _versions(s3, bucket) == []
    assert _markers(s3, bucket) == []


def test_a_date_ends_everything_from_then_on(s3: "S3Client", bucket: str, rules: Rules) -> None:
    """Not before."""
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    rules.put(Expiration={"Date": midnight + 10 * DAY})
    assert rules.run(days=8) == 0
    assert rules.run(days=11) == 1


def test_a_lone_marker_goes(s3: "S3Client", versioned: str, rules: Rules) -> None:
    """One over a version stays until the version has gone, which takes another pass."""
    s3.delete_object(Bucket=versioned, Key="lone")
    _put(s3, versioned, "over")
    s3.delete_object(Bucket=versioned, Key="over")
    rules.put(
        Expiration={"ExpiredObjectDeleteMarker": True},
        NoncurrentVersionExpiration={"NoncurrentDays": 1},
    )
    assert rules.run(days=0) == 1
    assert _markers(s3, versioned) == ["over"]
    assert rules.run(days=3) == 1
    assert _markers(s3, versioned) == ["over"]
    assert rules.run(days=3) == 1
    assert _markers(s3, versioned) == []


@pytest.mark.parametrize(
    ("chosen", "expired"),
    [
        ({"Prefix": "app/"}, ["app/big", "app/small"]),
        ({"Tag": {"Key": "temp", "Value": "yes"}}, ["other"]),
        ({"ObjectSizeGreaterThan": 10}, ["app/big"]),
        ({"And": {"Prefix": "app/", "ObjectSizeLessThan": 10}}, ["app/small"]),
    ],
)
def test_a_filter_chooses(
    s3: "S3Client", bucket: str, rules: Rules, chosen: dict[str, Any], expired: list[str]
) -> None:
    """By prefix, tag, size, or several of them."""
    s3.put_object(Bucket=bucket, Key="app/big", Body=b"x" * 20)
    s3.put_object(Bucket=bucket, Key="app/small", Body=b"x")
    s3.put_object(Bucket=bucket, Key="other", Body=b"x", Tagging="temp=yes")
    before = _keys(s3, bucket)
    rules.put(Filter=chosen, Expiration={"Days": 1})
    assert rules.run(days=3) == len(expired)
    assert sorted(set(before) - set(_keys(s3, bucket))) == expired


def test_an_abandoned_upload_is_aborted(s3: "S3Client", bucket: str, rules: Rules) -> None:
    """With its parts."""
    upload = s3.create_multipart_upload(Bucket=bucket, Key="a")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="a", UploadId=upload, PartNumber=1, Body=b"x")
    rules.put(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7})
    assert rules.run(days=6) == 0
    assert rules.run(days=9) == 1
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_a_transition_changes_nothing(s3: "S3Client", bucket: str, rules: Rules) -> None:
    """There is one kind of storage."""
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    rules.put(Transitions=[{"Days": 0, "StorageClass": "GLACIER"}])
    assert rules.run(days=100) == 0
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["StorageClass"] == "STANDARD"


def test_a_pass_is_not_repeated_before_its_time(
    aws: Any, s3: "S3Client", bucket: str, rules: Rules
) -> None:
    """Calls in between do nothing; the next one after an hour does."""
    rules.put(Expiration={"Days": 1})
    step = LifecycleRun(aws.engine, aws.site)
    now = datetime.now(UTC) + 5 * DAY
    assert step(now) == 0
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    assert step(now + timedelta(minutes=59)) == 0
    assert step(now + timedelta(minutes=60)) == 1
