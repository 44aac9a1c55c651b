"""What STS tells of a session that it issued."""

from typing import Any

from holdfast.server.access.sessions import Issued


def credentials_of(issued: Issued) -> dict[str, Any]:
    """Return STS's `Credentials`: the key, the secret and the token, which are told only here."""
    return {
        "AccessKeyId": issued.session.access_key_id,
        "SecretAccessKey": issued.secret,
        "SessionToken": issued.token,
        "Expiration": issued.session.expires,
    }


def assumed_role_user(issued: Issued, account: str) -> dict[str, str]:
    """Return STS's `AssumedRoleUser`: who a session of a role is.

    Args:
        issued: the session.
        account: 12 digits.
    """
    session = issued.session
    role = session.role_arn.rpartition("/")[2]
    return {
        "AssumedRoleId": f"{session.role_id}:{session.session_name}",
        "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session.session_name}",
    }
