"""What is kept of who may do what: users, their keys, roles, and sessions."""

from datetime import datetime
from typing import ClassVar

from holdfast.engine.record import Record


class User(Record, frozen=True, kw_only=True):
    """A person or a machine that has access keys."""

    kind: ClassVar[str] = "user"
    key_fields: ClassVar[tuple[str, ...]] = ("name",)
    settled: ClassVar[bool] = True

    name: str
    user_id: str  # AIDA...
    created: datetime
    path: str = "/"
    policies: dict[str, str] = {}  # identity policies, JSON as given, by name
    tags: dict[str, str] = {}


class AccessKey(Record, frozen=True, kw_only=True):
    """A long-lived access key of a user."""

    kind: ClassVar[str] = "access_key"
    key_fields: ClassVar[tuple[str, ...]] = ("access_key_id",)
    settled: ClassVar[bool] = True

    access_key_id: str
    user: str
    secret: bytes  # sealed under the root key, bound to the id
    created: datetime
    active: bool = True
    expires: datetime | None = None  # from then on it is refused


class Role(Record, frozen=True, kw_only=True):
    """What can be assumed: who may, and what it then may do."""

    kind: ClassVar[str] = "role"
    key_fields: ClassVar[tuple[str, ...]] = ("name",)
    settled: ClassVar[bool] = True

    name: str
    role_id: str  # AROA...
    created: datetime
    path: str = "/"
    trust: str  # the trust policy, JSON as given
    policies: dict[str, str] = {}  # identity policies, JSON as given, by name
    description: str = ""
    max_seconds: int = 3600  # the longest session
    tags: dict[str, str] = {}


class Session(Record, frozen=True, kw_only=True):
    """A temporary access key: of an assumed role, or of a user itself."""

    kind: ClassVar[str] = "session"
    key_fields: ClassVar[tuple[str, ...]] = ("access_key_id",)
    settled: ClassVar[bool] = True

    access_key_id: str  # ASIA...
    secret: bytes  # sealed under the root key, bound to the id
    token_sha256: bytes
    role_arn: str  # of the role; empty for a session of a user
    role_id: str  # AROA...
    session_name: str
    assumed_by: str  # ARN
    created: datetime
    expires: datetime
    user: str = ""  # the name of the user whose own session it is (GetSessionToken)
    made_with: str = ""  # the id of the long-lived access key that it was made with, and ends with
    policy: str = ""  # the session policy, JSON as given: what it may do is what both allow
    tags: dict[str, str] = {}
    transitive: tuple[str, ...] = ()  # keys of the tags that a role chained from here has too
    source_identity: str = ""
    issuer: str = ""  # of the web identity that assumed the role
