"""Objects of a bucket: listing them, and reading many of them at once, bounded."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from holdfast.client import object_headers
from holdfast.client.errors import ServiceFailed
from holdfast.client.listing import objects
from holdfast.client.translate import Call, code_of, status_of, translated

if TYPE_CHECKING:
    from holdfast.client.connect import Connection

WORKERS = 16  # requests at the same time
LARGE = 8 * 2**20  # bytes; of larger objects only a few are held in memory at once
_LARGE_AT_ONCE = 2
_AHEAD = 4 * WORKERS  # pieces of work that wait for a worker

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")

# Told how many of how many are done.
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a listing shows it."""

    key: str
    size: int  # bytes
    etag: str  # without quotes
    modified: datetime


@dataclass(frozen=True, slots=True)
class Body:
    """An object as it was read; it may be a newer one than the listing showed."""

    stored: StoredObject
    content: bytes


def list_objects(connection: "Connection", prefix: str = "") -> Iterator[StoredObject]:
    """Yield the objects below a prefix, in the order of their keys.

    Raises:
        HoldfastError: the bucket cannot be listed.
    """
    for each in objects(connection, prefix):
        etag = each["ETag"].strip('"')
        yield StoredObject(each["Key"], each["Size"], etag, each["LastModified"])


def read_object(connection: "Connection", key: str, *, first: int | None = None) -> Body | None:
    """Read an object; None if there is none.

    Args:
        connection: to the object's bucket.
        key: the object's key.
        first: how many bytes to read from its start; all if None.

    Raises:
        HoldfastError: it cannot be read.
    """
    from botocore.exceptions import ClientError

    bucket = connection.settings.bucket
    where = f"{bucket}/{key}"
    parameters: dict[str, Any] = object_headers.for_read(connection.settings)
    if first is not None:
        parameters["Range"] = f"bytes=0-{first - 1}"
    with translated(Call(f"read s3://{where}", "s3:GetObject", f"arn:aws:s3:::{where}")):
        try:
            answer = connection.s3.get_object(Bucket=bucket, Key=key, **parameters)
            content = answer["Body"].read()
        except ClientError as error:
            if code_of(error) in {"NoSuchKey", "404", "NotFound"}:
                return None
            if first is not None and status_of(error) == 416:  # it has no bytes
                return read_object(connection, key)
            raise
    etag = answer["ETag"].strip('"')
    return Body(StoredObject(key, len(content), etag, answer["LastModified"]), content)


def not_for_us(problem: ServiceFailed) -> str:
    """Return why one object cannot be read although all others may be; nothing if it is no such case.

    S3 answers InvalidRequest for an object under a customer's key to who does not send that key.
    """
    if problem.code != "InvalidRequest":
        return ""
    return "it is encrypted under a customer's key (SSE-C) that this backend does not have"


class Reader:
    """Reads objects for several threads, with few large ones in memory at the same time."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._large = threading.Semaphore(_LARGE_AT_ONCE)

    def work_on(self, stored: StoredObject, work: Callable[[Body], _Made]) -> _Made | None:
        """Read an object and do something with it; None if it is gone."""
        if stored.size <= LARGE:
            return self._do(stored.key, work)
        with self._large:
            return self._do(stored.key, work)

    def _do(self, key: str, work: Callable[[Body], _Made]) -> _Made | None:
        body = read_object(self._connection, key)
        return None if body is None else work(body)


def in_parallel(
    work: Callable[[_Given], _Made],
    given: Iterable[_Given],
    *,
    total: int = 0,
    progress: OnProgress | None = None,
) -> Iterator[_Made]:
    """Do the same with many things at once, and yield the results as they come, in any order.

    The first error ends it: what has not begun is not begun any more.

    Args:
        work: is called in several threads.
        given: what to call it with.
        total: how many there are, for `progress`.
        progress: told after each.
    """
    executor = ThreadPoolExecutor(WORKERS, thread_name_prefix="holdfast")
    waiting: set[Future[_Made]] = set()
    done = 0
    try:
        for each in given:
            waiting.add(executor.submit(work, each))
            if len(waiting) < _AHEAD:
                continue
            finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in finished:
                yield future.result()
            done = _told(progress, done + len(finished), total)
        while waiting:
            finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in finished:
                yield future.result()
            done = _told(progress, done + len(finished), total)
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _told(progress: OnProgress | None, done: int, total: int) -> int:
    if progress:
        progress(done, total)
    return done
