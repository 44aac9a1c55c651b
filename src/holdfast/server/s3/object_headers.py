"""What a request says about an object besides its bytes: headers, metadata, storage class, ACL."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from holdfast.aws.errors import ServiceError
from holdfast.aws.timestamps import from_http_date, http_date
from holdfast.server.operation import Params

METADATA_BYTES = 2048  # of names and values together (User Guide: UsingMetadata)
DEFAULT_CONTENT_TYPE = "binary/octet-stream"
_KEPT = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "WebsiteRedirectLocation",
)
_STORAGE_CLASSES = frozenset(
    {
        "STANDARD",
        "REDUCED_REDUNDANCY",
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER",
        "DEEP_ARCHIVE",
        "GLACIER_IR",
    }
)
_ACCEPTED_ACLS = frozenset({"private", "bucket-owner-full-control"})
_OTHER_ACLS = frozenset(
    {
        "public-read",
        "public-read-write",
        "aws-exec-read",
        "authenticated-read",
        "bucket-owner-read",
        "log-delivery-write",
    }
)
_GRANTS = (
    "GrantFullControl",
    "GrantRead",
    "GrantReadACP",
    "GrantWrite",
    "GrantWriteACP",
)
_LOCKS = (
    "ObjectLockMode",
    "ObjectLockRetainUntilDate",
    "ObjectLockLegalHoldStatus",
)
_OVERRIDES = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
)


def check_headers(params: Params) -> None:
    """Check everything here that can be refused before a body is taken.

    Raises:
        ServiceError: MetadataTooLarge, InvalidStorageClass, AccessControlListNotSupported,
            InvalidArgument or InvalidRequest.
    """
    metadata_of(params)
    storage_class_of(params)
    check_acl(params)
    if any(name in params for name in _LOCKS):
        raise ServiceError("InvalidRequest", "Bucket is missing Object Lock Configuration")


def headers_of(params: Params) -> dict[str, str]:
    """Return the headers that are kept with an object, by AWS's member name."""
    kept = {name: str(params[name]) for name in _KEPT if params.get(name)}
    codings = kept.pop("ContentEncoding", "").split(",")
    # aws-chunked is how the body travelled, not what it is.
    coding = ",".join(part.strip() for part in codings if part.strip() not in {"", "aws-chunked"})
    if coding:
        kept["ContentEncoding"] = coding
    expires = params.get("Expires")
    if expires is not None:
        kept["Expires"] = http_date(expires) if isinstance(expires, datetime) else str(expires)
    kept.setdefault("ContentType", DEFAULT_CONTENT_TYPE)
    return kept


def metadata_of(params: Params) -> dict[str, str]:
    """Return the user's metadata, names in lower case.

    Raises:
        ServiceError: MetadataTooLarge.
    """
    metadata = {name.lower(): value for name, value in params.get("Metadata", {}).items()}
    size = sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items())
    if size > METADATA_BYTES:
        raise ServiceError("MetadataTooLarge", Size=size, MaxSizeAllowed=METADATA_BYTES)
    return metadata


def storage_class_of(params: Params) -> str:
    """Return the storage class asked for; it is kept and reported, and changes nothing.

    Raises:
        ServiceError: InvalidStorageClass.
    """
    chosen: str = params.get("StorageClass", "STANDARD")
    if chosen not in _STORAGE_CLASSES:
        raise ServiceError("InvalidStorageClass", StorageClassRequested=chosen)
    return chosen


def check_acl(params: Params) -> None:
    """Refuse any ACL but the private one, as a bucket does whose owner is enforced.

    Raises:
        ServiceError: AccessControlListNotSupported or InvalidArgument.
    """
    acl = params.get("ACL")
    if any(name in params for name in _GRANTS) or acl in _OTHER_ACLS:
        raise ServiceError("AccessControlListNotSupported")
    if acl is not None and acl not in _ACCEPTED_ACLS:
        raise ServiceError("InvalidArgument", ArgumentName="x-amz-acl", ArgumentValue=acl)


def reported_headers(headers: Mapping[str, str], params: Params) -> dict[str, Any]:
    """Return kept headers as members of a result, overridden by the `response-*` parameters.

    Args:
        headers: what `headers_of` returned.
        params: of a GetObject or HeadObject.
    """
    result: dict[str, Any] = dict(headers)
    if "Expires" in headers:
        result["Expires"] = _timestamp(headers["Expires"])
    for name in _OVERRIDES:
        override = params.get(f"Response{name}")
        if override is not None:
            result[name] = override
    return {name: value for name, value in result.items() if value is not None}


def _timestamp(text: str) -> datetime | None:
    try:
        return from_http_date(text)
    except ValueError:
        return None
