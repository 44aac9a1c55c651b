"""Whether a bucket keeps the versions of its objects."""

from holdfast.client.backend import Backend
from holdfast.client.errors import HoldfastError
from holdfast.client.translate import Call, translated


def keeps_versions(backend: Backend) -> bool:
    """Return whether a backend's bucket keeps versions from now on.

    Raises:
        HoldfastError: it cannot be asked.
    """
    bucket = backend.settings.bucket
    call = Call(
        f"ask whether s3://{bucket} keeps versions",
        "s3:GetBucketVersioning",
        f"arn:aws:s3:::{bucket}",
    )
    with translated(call):
        answer = backend.connection.s3.get_bucket_versioning(Bucket=bucket)
    return answer.get("Status") == "Enabled"


def keeps_versions_if_known(backend: Backend) -> bool | None:
    """Return whether a backend's bucket keeps versions from now on; None if it cannot be asked."""
    try:
        return keeps_versions(backend)
    except HoldfastError:
        return None
