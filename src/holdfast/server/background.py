"""Transactions of the server itself, outside any request."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from holdfast.engine.port import Engine
from holdfast.server.caller import Caller
from holdfast.server.operation import Context, Site, Snapshot, Transaction

T = TypeVar("T")


def own_context(engine: Engine, site: Site, now: datetime) -> Context:
    """Return the context of something the server does by itself, as the account's root."""
    caller = Caller(f"arn:aws:iam::{site.account}:root", user_id=site.account, access_key_id="")
    return Context(site, caller, now, request_id="", view=engine.view)


def own_view(engine: Engine, site: Site, now: datetime, work: Callable[[Snapshot], T]) -> T:
    """Call `work` with a snapshot in the server's own name."""
    context = own_context(engine, site, now)
    return engine.view(lambda reader: work(Snapshot(reader, context)))


def own_update(
    engine: Engine,
    site: Site,
    now: datetime,
    work: Callable[[Transaction], T],
    *,
    durable: bool = True,
) -> T:
    """Call `work` with a transaction in the server's own name; `durable` as for `Engine.update`."""
    context = own_context(engine, site, now)
    return engine.update(lambda writer: work(Transaction(writer, context)), durable=durable)
