"""GetState and HeadState."""

import base64
import hashlib
from typing import Any

from holdfast.aws.http import Response
from holdfast.engine.records import Object
from holdfast.engine.state_records import State
from holdfast.server.httpbackend.answers import JSON
from holdfast.server.httpbackend.asked import Asked, result_of
from holdfast.server.operation import OUTPUTS_ONLY, Result, Snapshot, Stream


def get_state(tx: Snapshot, asked: Asked) -> Response:
    """Return a state.

    Raises:
        ServiceError: as GetObject; NoSuchKey if there is none.
        CorruptData: what is stored is not what was written.
    """
    body = result_of(asked.handlers["GetObject"](tx, asked.params))["Body"]
    if isinstance(body, Stream):
        return Response(200, (JSON, *_known_md5(tx, asked)), body.pieces, body.length)
    return Response(200, (JSON, _md5(hashlib.md5(body, usedforsecurity=False).digest())), body)


def head_state(tx: Snapshot, asked: Asked) -> Response:
    """Return what `get_state` would, but the bytes.

    Raises:
        ServiceError: as HeadObject; NoSuchKey if there is none.
    """
    found: Result = asked.handlers["HeadObject"](tx, asked.params)
    length: Any = result_of(found)["ContentLength"]
    return Response(200, (JSON, *_known_md5(tx, asked), ("content-length", str(length))))


def _known_md5(tx: Snapshot, asked: Asked) -> tuple[tuple[str, str], ...]:
    """Return the header for a state that is not held in memory: its MD5, if the rules know it.

    Who reads a part of it only is not told the MD5 of the whole.
    """
    if asked.params.get(OUTPUTS_ONLY):
        return ()
    state = tx.get(State, asked.bucket, asked.key)
    newest = tx.get(Object, asked.bucket, asked.key)
    if state is None or newest is None or state.order != newest.order or not state.md5:
        return ()
    return (_md5(bytes.fromhex(state.md5)),)


def _md5(digest: bytes) -> tuple[str, str]:
    return ("content-md5", base64.b64encode(digest).decode())
