"""Making, listing, finding and removing buckets."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Bucket, ObjectVersion, Upload
from holdfast.engine.state_records import State
from holdfast.server.operation import Answer, Params, Result, Snapshot, Transaction, operation
from holdfast.server.s3 import bucket_tags, ownership, public_access
from holdfast.server.s3.bucket_acl import refuse_grants
from holdfast.server.s3.bucket_lookup import bucket_of, owner
from holdfast.server.s3.bucket_names import check_bucket_name
from holdfast.server.s3.given_up_uploads import drop_upload

_MOST_LISTED = 10_000
_HOME = "us-east-1"  # the region that S3 calls by no name


@operation("CreateBucket", writes=True)
def create_bucket(tx: Transaction, params: Params) -> Result:
    """Make a private bucket, with the settings that S3 gives a new one.

    Raises:
        ServiceError: InvalidBucketName, BucketAlreadyOwnedByYou (not in us-east-1, where S3 answers
            200), IllegalLocationConstraintException, InvalidTag, InvalidArgument, NotImplemented.
    """
    name = params["Bucket"]
    check_bucket_name(name)
    configuration = params.get("CreateBucketConfiguration", {})
    _check_location(configuration.get("LocationConstraint"), tx.site.region)
    _refuse_unserved(params, configuration)
    answer = Answer({"Location": f"/{name}", "BucketArn": f"arn:aws:s3:::{name}"})
    if tx.get(Bucket, name) is not None:
        if tx.site.region == _HOME:
            return answer
        raise ServiceError("BucketAlreadyOwnedByYou", BucketName=name)
    settings = first_settings(params, configuration.get("Tags", []))
    tx.put(Bucket(name=name, created=tx.now, region=tx.site.region, settings=settings))
    return answer


def first_settings(params: Params, tags: list[Mapping[str, str]]) -> dict[str, Any]:
    """Return the settings of a new bucket: private, and its owner's.

    Raises:
        ServiceError: InvalidArgument.
    """
    chosen = params.get("ObjectOwnership", ownership.ENFORCED)
    if chosen not in ownership.CHOICES:
        raise ServiceError(
            "InvalidArgument",
            f"Invalid x-amz-object-ownership header: {chosen}",
            status=400,
            ArgumentName="x-amz-object-ownership",
            ArgumentValue=chosen,
        )
    settings: dict[str, Any] = {
        public_access.MEMBER: public_access.ALL_BLOCKED,
        ownership.MEMBER: ownership.controls(chosen),
    }
    if tags:
        settings[bucket_tags.MEMBER] = bucket_tags.bucket_tagging(tags)
    return settings


def _check_location(constraint: str | None, region: str) -> None:
    if constraint == _HOME:
        raise ServiceError(
            "InvalidLocationConstraint",
            "The specified location-constraint is not valid",
            status=400,
            LocationConstraint=constraint,
        )
    wanted = {None: _HOME, "EU": "eu-west-1"}.get(constraint, constraint)
    if wanted != region:
        raise ServiceError(
            "IllegalLocationConstraintException",
            f"The {constraint or 'unspecified'} location constraint is incompatible for the region "
            "specific endpoint this request was sent to.",
            status=400,
        )


def _refuse_unserved(params: Params, configuration: Mapping[str, Any]) -> None:
    refuse_grants(params, "CreateBucket")
    if params.get("ObjectLockEnabledForBucket"):
        raise ServiceError("NotImplemented", "CreateBucket: object lock is not supported")
    if "Location" in configuration or "Bucket" in configuration:
        raise ServiceError("NotImplemented", "CreateBucket: directory buckets are not supported")
    if params.get("BucketNamespace", "global") != "global":
        raise ServiceError("NotImplemented", "CreateBucket: bucket namespaces are not supported")


@operation("HeadBucket", brief=True)
def head_bucket(tx: Snapshot, params: Params) -> Result:
    """Answer that a bucket is there, and in which region."""
    bucket = bucket_of(tx, params)
    return {
        "BucketRegion": bucket.region,
        "BucketArn": f"arn:aws:s3:::{bucket.name}",
        "AccessPointAlias": False,
    }


@operation("GetBucketLocation")
def get_bucket_location(tx: Snapshot, params: Params) -> Result:
    """Answer the region of a bucket; nothing for us-east-1."""
    region = bucket_of(tx, params).region
    return {} if region == _HOME else {"LocationConstraint": region}


@operation("DeleteBucket", writes=True)
def delete_bucket(tx: Transaction, params: Params) -> Result:
    """Remove a bucket that has no object version; uploads under way are given up with it.

    Raises:
        ServiceError: BucketNotEmpty.
    """
    bucket = bucket_of(tx, params)
    if any(True for _ in tx.scan(ObjectVersion, bucket.name, limit=1)):
        raise ServiceError(
            "BucketNotEmpty",
            "The bucket you tried to delete is not empty"
            + (". You must delete all versions in the bucket." if bucket.versioning else ""),
            BucketName=bucket.name,
        )
    for upload in tuple(tx.scan(Upload, bucket.name)):
        drop_upload(tx, upload)
    for state in tuple(tx.scan(State, bucket.name)):
        tx.drop(State, state.bucket, state.key)
    tx.drop(Bucket, bucket.name)
    return None


@operation("ListBuckets")
def list_buckets(tx: Snapshot, params: Params) -> Result:
    """List the buckets by name, a page at a time if `MaxBuckets` says so.

    Raises:
        ServiceError: InvalidArgument.
    """
    most = params.get("MaxBuckets", _MOST_LISTED)
    if not 1 <= most <= _MOST_LISTED:
        raise ServiceError(
            "InvalidArgument",
            f"Argument max-buckets must be an integer between 1 and {_MOST_LISTED}",
            status=400,
            ArgumentName="max-buckets",
            ArgumentValue=str(most),
        )
    found: list[dict[str, Any]] = []
    answer: dict[str, Any] = {"Owner": owner(tx)}
    for bucket in _wanted(tx, params):
        if len(found) == most:
            answer["ContinuationToken"] = _token(found[-1]["Name"])
            break
        found.append(_listed(bucket, paged="MaxBuckets" in params))
    answer["Buckets"] = found
    if params.get("Prefix"):
        answer["Prefix"] = params["Prefix"]
    return answer


def _wanted(tx: Snapshot, params: Params) -> Iterator[Bucket]:
    prefix = params.get("Prefix", "")
    region = params.get("BucketRegion")
    if "ContinuationToken" in params:
        buckets = tx.scan(Bucket, after=(_name_in(params["ContinuationToken"]),))
    else:
        buckets = tx.scan(Bucket, start=(prefix,)) if prefix else tx.scan(Bucket)
    for bucket in buckets:
        if bucket.name.startswith(prefix):
            if region in (None, bucket.region):
                yield bucket
        elif bucket.name > prefix:
            return


def _listed(bucket: Bucket, *, paged: bool) -> dict[str, Any]:
    listed: dict[str, Any] = {"Name": bucket.name, "CreationDate": bucket.created}
    if paged:  # S3 tells the region only to who asks with a parameter
        listed["BucketRegion"] = bucket.region
    listed["BucketArn"] = f"arn:aws:s3:::{bucket.name}"
    return listed


def _token(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _name_in(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise ServiceError(
            "InvalidArgument",
            "The continuation token provided is incorrect",
            status=400,
            ArgumentName="continuation-token",
        ) from None
