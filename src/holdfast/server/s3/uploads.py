"""Multipart uploads under way: ids, finding one, and which checksums its parts must have."""

from datetime import UTC, datetime

from holdfast.aws.checksums import COMPOSITE, CRCS, FULL_OBJECT
from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Upload
from holdfast.server.operation import Params, Snapshot, Transaction

MOST_PARTS = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RANDOM_BYTES = 24


def new_upload_id(tx: Transaction) -> str:
    """Return an id that cannot be guessed; ids of one key sort by when they were made."""
    since = tx.now - _EPOCH
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return f"{micros:016x}{tx.site.random(_RANDOM_BYTES).hex()}"


def upload_of(tx: Snapshot, params: Params) -> Upload:
    """Return the upload that `Bucket`, `Key` and `UploadId` name.

    Raises:
        ServiceError: NoSuchUpload.
    """
    upload = tx.get(Upload, params["Bucket"], params["Key"], params["UploadId"])
    if upload is None:
        raise ServiceError("NoSuchUpload", UploadId=params["UploadId"])
    return upload


def checksum_type_of(algorithm: str, asked: str) -> str:
    """Return the checksum type of an upload: what is asked for, if the algorithm has it.

    Source: User Guide, "Checking object integrity": CRC64NVME is for whole objects only, the SHAs
    are composite only, the other CRCs are composite unless asked otherwise.

    Raises:
        ServiceError: InvalidRequest.
    """
    if not algorithm:
        if asked:
            raise ServiceError(
                "InvalidRequest",
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm "
                "header.",
            )
        return ""
    chosen = asked.upper() or (FULL_OBJECT if algorithm == "CRC64NVME" else COMPOSITE)
    if chosen not in (FULL_OBJECT, COMPOSITE):
        raise ServiceError("InvalidRequest", "Value for x-amz-checksum-type header is invalid.")
    impossible = algorithm not in CRCS if chosen == FULL_OBJECT else algorithm == "CRC64NVME"
    if impossible:
        raise ServiceError(
            "InvalidRequest",
            f"The {chosen} checksum type cannot be used with the {algorithm.lower()} checksum "
            "algorithm.",
        )
    return chosen
