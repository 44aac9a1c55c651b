"""A request that took long to arrive: its sender may have lost the key or the right meanwhile.

A body may come as slowly as a kilobyte in a second, so one of a large object may take weeks.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from holdfast.server.access import admission
from holdfast.server.access.call import Call
from holdfast.server.access.credentials import ANONYMOUS, identify
from holdfast.server.serving import Serving

LONG = timedelta(seconds=2)


def ask_again(
    serving: Serving, began: datetime, calls: Callable[[], Call], *, streams: bool
) -> None:
    """Check once more who asks and, of what was admitted by its head, whether that is allowed.

    That a session has ended meanwhile is not held against it: the time is that of the beginning.

    Args:
        serving: the server.
        began: when its head had arrived.
        calls: gives the request, which is complete.
        streams: whether it was admitted by its head, as its body was stored while it arrived.

    Raises:
        ServiceError: the access key is switched off or gone, or a policy does not allow it any more.
    """
    if serving.clock() - began < LONG or (call := calls()).identity is ANONYMOUS:
        return
    site, grace = serving.site, serving.limits.finish_seconds
    who = serving.engine.view(
        lambda tx: identify(tx, site.vault, site.account, call.claims, call.now, grace)
    )
    if streams and not admission.unbound(serving.engine, who.user, call.service, call.params):
        admission.admit(serving.engine, call)
