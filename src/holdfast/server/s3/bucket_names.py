"""Which names a bucket may have."""

import re

from holdfast.aws.errors import ServiceError

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
_ADDRESS = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
_RESERVED_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def is_bucket_name(name: str) -> bool:
    """Say whether a general purpose bucket may have this name.

    Source: "General purpose bucket naming rules" in the S3 user guide.
    """
    return (
        _NAME.fullmatch(name) is not None
        and _ADDRESS.fullmatch(name) is None
        and not name.startswith(_RESERVED_STARTS)
        and not name.endswith(_RESERVED_ENDS)
    )


def check_bucket_name(name: str) -> None:
    """Refuse a name that no bucket may have.

    Raises:
        ServiceError: InvalidBucketName.
    """
    if not is_bucket_name(name):
        raise ServiceError(
            "InvalidBucketName", "The specified bucket is not valid.", status=400, BucketName=name
        )
