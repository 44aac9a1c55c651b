"""Whether a bucket keeps the versions of its objects."""

from holdfast.client.backend import Backend
from holdfast.client.errors import HoldfastError
from holdfast.client.translate import Call, translated


def keeps_versions(backend: Backend) -> bool | None:
    """Return whether the bucket keeps versions from now on; None if we may not know."""
    bucket = backend.settings.bucket
    call = Call(
        f"ask whether {bucket} keeps versions",
        "s3:GetBucketVersioning",
        f"arn:aws:s3:::{bucket}",
    )
    try:
        with translated(call):
            answer = backend.connection.s3.get_bucket_versioning(Bucket=bucket)
    except HoldfastError:
        return None
    return answer.get("Status") == "Enabled"
