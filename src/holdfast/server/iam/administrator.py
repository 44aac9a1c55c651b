"""The administrator cannot be locked out through IAM: somebody must be able to let people in."""

from holdfast.aws.errors import ServiceError
from holdfast.engine.access_records import AccessKey, User
from holdfast.server.access.users import ADMINISTRATOR
from holdfast.server.iam.owned_keys import keys_of
from holdfast.server.operation import Transaction


def require_not_administrator(user: User) -> None:
    """Refuse to delete the administrator, or to give it another name.

    Raises:
        ServiceError: DeleteConflict.
    """
    if user.name == ADMINISTRATOR:
        raise ServiceError(
            "DeleteConflict",
            f"The user {ADMINISTRATOR} cannot be deleted or renamed: nobody else can always let "
            "people in.",
            status=409,
        )


def require_left(tx: Transaction, key: AccessKey) -> None:
    """Refuse to end the last access key of the administrator that is active and does not expire.

    Raises:
        ServiceError: UnmodifiableEntity.
    """
    if key.user != ADMINISTRATOR:
        return
    lasting = [
        other.access_key_id
        for other in keys_of(tx, key.user)
        if other.active and other.expires is None
    ]
    if lasting == [key.access_key_id]:
        raise ServiceError(
            "UnmodifiableEntity",
            f"{key.access_key_id} is the last access key of {ADMINISTRATOR} that is active and does "
            "not expire. Create another one first.",
            status=400,
        )
