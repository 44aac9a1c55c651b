"""Reading everything that is there now. Nothing here changes anything."""

from holdfast.client.connect import Connection
from holdfast.client.errors import HoldfastError, NotConfigured
from holdfast.client.settings import BackendSettings
from holdfast.operations.bootstrap.actual import Actual, Identity
from holdfast.operations.bootstrap.desired import Desired
from holdfast.operations.bootstrap.read_bucket import read_bucket
from holdfast.operations.bootstrap.read_key import read_key
from holdfast.operations.bootstrap.read_table import read_table
from holdfast.operations.bootstrap.refusals import Refused


def located(connection: Connection, desired: Desired) -> Desired:
    """Return the desired state with its region.

    Raises:
        NotConfigured: nothing says a region.
    """
    import msgspec

    return msgspec.structs.replace(desired, region=connection.region)


def connection_for(desired: Desired, settings: BackendSettings) -> Connection:
    """Return the way to the services.

    Args:
        desired: names the bucket and perhaps the region.
        settings: profile, endpoints and the like.
    """
    return Connection(
        settings.changed(bucket=desired.bucket, region=desired.region or settings.region)
    )


def read_actual(connection: Connection, desired: Desired) -> Actual:
    """Return what there is of a backend.

    Raises:
        Refused: we are in another account than the desired one, or the bucket is somebody else's.
        HoldfastError: the endpoint does not answer, or denies it.
    """
    identity = identity_of(connection, desired)
    return Actual(
        identity,
        read_key(connection, desired),
        read_bucket(connection, desired, identity),
        read_table(connection, desired),
    )


def identity_of(connection: Connection, desired: Desired) -> Identity:
    """Return who we are, after comparing the account with the desired one.

    Raises:
        Refused: it is another account.
        NotConfigured: an account is demanded, and the endpoint cannot say which it is.
    """
    endpoint, is_aws = connection.s3.meta.endpoint_url, connection.is_aws
    try:
        said = connection.identity()
    except HoldfastError as error:
        if is_aws or not _without_sts(error):
            raise
        if desired.account:
            raise NotConfigured(
                f"this endpoint does not say which account it serves, so it may not be "
                f"{desired.account}",
                "Leave the account out for this endpoint.",
            ) from error
        return Identity(None, "", endpoint, is_aws)
    account = said["Account"]
    if desired.account and account != desired.account:
        raise Refused(
            f"these credentials are of account {account}, not of {desired.account}",
            f"Nothing was changed. Use a profile of {desired.account}, or another account setting.",
        )
    return Identity(account, said["Arn"], endpoint, is_aws)


def _without_sts(error: HoldfastError) -> bool:
    from holdfast.client.errors import ServiceFailed

    return isinstance(error, ServiceFailed) and error.code in {
        "NotImplemented",
        "MethodNotAllowed",
        "InvalidAction",
        "405",
        "501",
    }
