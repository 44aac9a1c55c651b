"""A request that is authenticated and parsed: what it is judged by."""

from datetime import datetime

import msgspec

from holdfast.aws.claims import Claims
from holdfast.aws.http import Request
from holdfast.server.access.credentials import Identity
from holdfast.server.operation import Params, Site


class Call(msgspec.Struct, frozen=True):
    """One request, parsed."""

    service: str
    operation: str
    params: Params
    request: Request
    claims: Claims
    site: Site
    now: datetime  # aware
    identity: Identity  # who asks, authenticated
