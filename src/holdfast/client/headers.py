"""The headers of many state versions: read by several threads, in order, remembered on disk."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from holdfast.client import object_headers
from holdfast.client.connect import Connection
from holdfast.client.errors import HoldfastError
from holdfast.client.header_cache import HeaderCache
from holdfast.client.translate import Call, translated
from holdfast.terraform.statefile import Header, UnreadableState, header

WORKERS = 16
_AHEAD = 4 * WORKERS  # how many versions are read before they are asked for


@dataclass(frozen=True, slots=True)
class Which:
    """One version of an object. Without an id it is the newest, which the ETag then names."""

    key: str
    version_id: str | None
    etag: str


@dataclass(frozen=True, slots=True)
class Found:
    """A header, or why there is none."""

    header: Header | None
    problem: str = ""


class Headers:
    """Reads headers of the versions in one bucket."""

    def __init__(self, connection: Connection, cache: HeaderCache | None) -> None:
        """Prepare to read.

        Args:
            connection: the services.
            cache: where headers are remembered; None to remember nothing.
        """
        self._connection = connection
        self._cache = cache

    def read_all(self, versions: Iterable[Which], workers: int = WORKERS) -> Iterator[Found]:
        """Yield what is found for each version, in their order, reading some ahead.

        Args:
            versions: which; taken as they are needed, so it may be long.
            workers: requests at the same time.
        """
        waiting: deque[Future[Found] | Found] = deque()
        with ThreadPoolExecutor(workers, thread_name_prefix="headers") as pool:
            try:
                for version in versions:
                    known = self._known(version)
                    waiting.append(known or pool.submit(self._fetch, version))
                    if len(waiting) >= _AHEAD:
                        yield _result(waiting.popleft())
                while waiting:
                    yield _result(waiting.popleft())
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _known(self, version: Which) -> Found | None:
        found = self._cache.get(self._name(version)) if self._cache else None
        return Found(found) if found else None

    def _name(self, version: Which) -> str:
        """Return the name of a version among all that this user ever reads."""
        where = self._connection.s3.meta.endpoint_url
        bucket = self._connection.settings.bucket
        return "\n".join((where, bucket, version.key, version.version_id or "", version.etag))

    def _fetch(self, version: Which) -> Found:
        try:
            body = self._body(version)
        except HoldfastError as problem:
            return Found(None, problem.happened)
        try:
            found = header(body)
        except UnreadableState as bad:
            return Found(None, str(bad))
        if self._cache:
            self._cache.put([(self._name(version), found)])
        return Found(found)

    def _body(self, version: Which) -> bytes:
        bucket = self._connection.settings.bucket
        arn = f"arn:aws:s3:::{bucket}/{version.key}"
        doing = f"read s3://{bucket}/{version.key}"
        read = object_headers.for_read(self._connection.settings)
        if version.version_id:
            with translated(Call(doing, "s3:GetObjectVersion", arn)):
                answer = self._connection.s3.get_object(
                    Bucket=bucket, Key=version.key, VersionId=version.version_id, **read
                )
                return answer["Body"].read()
        with translated(Call(doing, "s3:GetObject", arn)):
            return self._connection.s3.get_object(Bucket=bucket, Key=version.key, **read)[
                "Body"
            ].read()


def _result(waiting: "Future[Found] | Found") -> Found:
    return waiting if isinstance(waiting, Found) else waiting.result()
