"""Asking the rules about a write of an object, and answering what they say."""

from collections.abc import Callable

from holdfast.engine.records import Object
from holdfast.server.judging import Done, ObjectPut, Refusal
from holdfast.server.operation import Params, ReceivedBody, Result, Transaction
from holdfast.server.s3.conditions import check_write
from holdfast.server.s3.etags import quoted
from holdfast.server.s3.refused import refused
from holdfast.server.withheld import as_told


def put_of(params: Params, received: ReceivedBody) -> ObjectPut:
    """Return what the rules are told of a write of one body."""
    return ObjectPut(
        bucket=params["Bucket"],
        key=params["Key"],
        size=received.size,
        md5=received.md5.hex(),
        facts=received.facts,
    )


def judge_put(
    tx: Transaction,
    put: ObjectPut,
    params: Params,
    keep_aside: Callable[[Refusal], str],
) -> Result:
    """Return the answer to a write that is not to be made; None if it is.

    Args:
        tx: the transaction of the write.
        put: what is to be written. What is there now is looked up after: rules may have removed it.
        params: of the request; its conditions have not been looked at.
        keep_aside: keeps the body of a write that is refused, and says under which key.

    Raises:
        ServiceError: a condition of a write that a rule refuses does not hold either.
    """
    verdict = tx.rules.put_object(tx, put)
    if verdict is None:
        return None
    newest = tx.get(Object, put.bucket, put.key)
    if isinstance(verdict, Done):
        return {"ETag": quoted(newest.etag)} if newest else {}
    if not verdict.keep_aside:
        return refused(as_told(tx, verdict, put.bucket, put.key))
    check_write(newest, params)
    kept = keep_aside(verdict)
    return refused(as_told(tx, verdict, put.bucket, put.key), kept)
