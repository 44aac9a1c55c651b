"""Errors as AWS says them: one class, one table of code, status and message per service.

Handlers raise `ServiceError` with AWS's code; the protocol modules write it in the client's own form.
"""

from collections.abc import Mapping
from typing import Any

# code -> (HTTP status, AWS's usual message)
S3: Mapping[str, tuple[int, str]] = {
    "AccessControlListNotSupported": (400, "The bucket does not allow ACLs"),
    "AccessDenied": (403, "Access Denied"),
    "BadDigest": (
        400,
        (
            "The Content-MD5 or checksum value that you specified did not match what the "
            "server received."
        ),
    ),
    "BucketAlreadyExists": (
        409,
        (
            "The requested bucket name is not available. The bucket namespace is shared by "
            "all users of the system. Please select a different name and try again."
        ),
    ),
    "BucketAlreadyOwnedByYou": (
        409,
        ("Your previous request to create the named bucket succeeded and you already own it."),
    ),
    "BucketNotEmpty": (409, "The bucket you tried to delete is not empty"),
    "EntityTooLarge": (400, "Your proposed upload exceeds the maximum allowed object size."),
    "EntityTooSmall": (400, "Your proposed upload is smaller than the minimum allowed size"),
    "InternalError": (500, "We encountered an internal error. Please try again."),
    "InvalidArgument": (400, "Invalid Argument"),
    "InvalidBucketName": (400, "The specified bucket is not valid."),
    "InvalidPart": (
        400,
        (
            "One or more of the specified parts could not be found. The part may not have "
            "been uploaded, or the specified entity tag may not match the part's entity "
            "tag."
        ),
    ),
    "InvalidPartNumber": (416, "The requested partnumber is not satisfiable"),
    "InvalidPartOrder": (
        400,
        ("The list of parts was not in ascending order. Parts must be ordered by part number."),
    ),
    "InvalidRange": (416, "The requested range is not satisfiable"),
    "InvalidRequest": (400, "Invalid Request"),
    "InvalidStorageClass": (400, "The storage class you specified is not valid"),
    "InvalidTag": (400, "The tag provided was not a valid tag."),
    "InvalidURI": (400, "Couldn't parse the specified URI."),
    "KeyTooLongError": (400, "Your key is too long"),
    "MalformedPolicy": (400, "Policies must be valid JSON and the first byte must be '{'"),
    "MalformedXML": (
        400,
        (
            "The XML you provided was not well-formed or did not validate against our "
            "published schema"
        ),
    ),
    "MetadataTooLarge": (400, "Your metadata headers exceed the maximum allowed metadata size"),
    "MethodNotAllowed": (405, "The specified method is not allowed against this resource."),
    "MissingContentLength": (411, "You must provide the Content-Length HTTP header."),
    "MissingRequestBodyError": (400, "Request Body is empty"),
    "NoSuchBucket": (404, "The specified bucket does not exist"),
    "NoSuchBucketPolicy": (404, "The bucket policy does not exist"),
    "NoSuchCORSConfiguration": (404, "The CORS configuration does not exist"),
    "NoSuchKey": (404, "The specified key does not exist."),
    "NoSuchLifecycleConfiguration": (404, "The lifecycle configuration does not exist"),
    "NoSuchPublicAccessBlockConfiguration": (
        404,
        "The public access block configuration was not found",
    ),
    "NoSuchTagSet": (404, "The TagSet does not exist"),
    "NoSuchUpload": (
        404,
        (
            "The specified upload does not exist. The upload ID may be invalid, or the "
            "upload may have been aborted or completed."
        ),
    ),
    "NoSuchVersion": (404, "The specified version does not exist."),
    "NoSuchWebsiteConfiguration": (
        404,
        "The specified bucket does not have a website configuration",
    ),
    "NotImplemented": (501, "A header you provided implies functionality that is not implemented"),
    "NotModified": (304, "Not Modified"),
    "ObjectLockConfigurationNotFoundError": (
        404,
        "Object Lock configuration does not exist for this bucket",
    ),
    "OwnershipControlsNotFoundError": (404, "The bucket ownership controls were not found"),
    "PreconditionFailed": (412, "At least one of the pre-conditions you specified did not hold"),
    "ReplicationConfigurationNotFoundError": (404, "The replication configuration was not found"),
    "RequestTimeout": (
        400,
        (
            "Your socket connection to the server was not read from or written to within the "
            "timeout period."
        ),
    ),
    "ServerSideEncryptionConfigurationNotFoundError": (
        404,
        "The server side encryption configuration was not found",
    ),
    "SlowDown": (503, "Please reduce your request rate."),
}

# The JSON and query services answer 400 to every client error that is not listed here.
JSON: Mapping[str, tuple[int, str]] = {
    "InternalServerError": (500, "The request processing has failed because of an unknown error."),
    "InternalFailure": (500, "The request processing has failed because of an unknown error."),
}


class ServiceError(Exception):
    """An answer other than success, in AWS's words.

    Args:
        code: AWS's error code, such as `NoSuchKey` or `ResourceNotFoundException`.
        message: what happened; AWS's usual message for the code if empty.
        status: the HTTP status; the table's if None.
        headers: response headers that go with it.
        fields: further members of the error document (`Key`, `BucketName`, `Item`, ...).
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        status: int | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        **fields: Any,
    ) -> None:
        known = S3.get(code) or JSON.get(code)
        self.code = code
        self.message = message or (known[1] if known else "")
        self.status = status if status is not None else (known[0] if known else 400)
        self.headers = headers
        self.fields = fields
        super().__init__(f"{code}: {self.message}")
