"""Many versions of one state, and many keys: what they take, and how long they are listed."""

import re
import time
from statistics import median
from urllib.parse import quote

from benchmarks.results import metrics
from benchmarks.results.metrics import Measured, Metric
from benchmarks.scenarios import terraform_requests as terraform
from benchmarks.scenarios.places import BUCKET, VERSIONED, make_versioned
from benchmarks.scenarios.scenario import Scenario, Settings
from benchmarks.servers.peer import Running, Unsupported
from benchmarks.wire.load import Refused, must, once
from benchmarks.wire.requests import Signer

_TIMES = 5
_PAGE = 1000
_STATE_BYTES = 100 * terraform.KIB
_QUIET = 10.0  # seconds without a change: a server may begin to pack a little later


def _versions(server: Running, settings: Settings) -> Measured:
    """Write versions of one state, each a little changed, on a fresh server."""
    signer = server.signer
    make_versioned(signer)
    before = server.disk_bytes() if server.data else 0
    bodies = [terraform.state(_STATE_BYTES, serial) for serial in range(settings.versions)]
    puts = [signer.put(VERSIONED, "state", body) for body in bodies]
    outcome = once(puts, 1, settings.fill_seconds)
    values: dict[Metric, float] = {}
    if server.data:
        grown = _settled(server, settings.settle_seconds) - before
        values[metrics.DISK] = grown / sum(map(len, bodies)) * 100
    path = f"/{VERSIONED}?max-keys={_PAGE}&prefix=state&versions="
    listed = [_timed(signer, path) for _ in range(_TIMES)]
    found = re.findall(rb"<VersionId>([^<]+)</VersionId>", listed[0][1])
    if len(found) != min(settings.versions, _PAGE):
        raise Refused(f"{len(found)} of {settings.versions} versions are listed")
    oldest = f"/{VERSIONED}/state?versionId={quote(found[-1].decode())}"
    read = [_timed(signer, oldest) for _ in range(_TIMES)]
    if settings.versions <= _PAGE and read[0][1] != bodies[0]:
        raise Refused("the oldest version is not what was written")
    values[metrics.LISTED] = median(seconds for seconds, _ in listed) * 1e3
    values[metrics.OLDEST] = median(seconds for seconds, _ in read) * 1e3
    return Measured(values, note=outcome.first_failure)


def _settled(server: Running, most: float) -> int:
    """Wait until the data on disk no longer changes, and return its bytes."""
    end = time.monotonic() + most
    size, since = server.disk_bytes(), time.monotonic()
    while time.monotonic() < end and time.monotonic() - since < _QUIET:
        time.sleep(0.25)
        now = server.disk_bytes()
        if now != size:
            size, since = now, time.monotonic()
    return size


def _keys(server: Running, settings: Settings) -> Measured:
    """List many keys, page after page, on a fresh server."""
    signer = server.signer
    puts = [signer.put(BUCKET, f"team/{number:06}/state", b"{}") for number in range(settings.keys)]
    outcome = once(puts, 16, settings.fill_seconds)
    times = [_list_all(signer, settings.keys) for _ in range(3)]
    return Measured({metrics.LISTED: median(times) * 1e3}, note=outcome.first_failure)


def _list_all(signer: Signer, keys: int) -> float:
    """List all pages, and return the seconds that the requests took."""
    seconds, seen, token = 0.0, 0, ""
    while True:
        path = f"/{BUCKET}?{token}list-type=2&max-keys={_PAGE}"
        took, page = _timed(signer, path)
        seconds += took
        seen += page.count(b"<Key>")
        more = re.search(rb"<NextContinuationToken>([^<]+)<", page)
        if more is None:
            break
        token = f"continuation-token={quote(more[1].decode(), safe='')}&"
    if seen != keys:
        raise Unsupported(f"lists {seen:,} of {keys:,} keys")
    return seconds


def _timed(signer: Signer, path: str) -> tuple[float, bytes]:
    request = signer.s3("GET", path)
    before = time.perf_counter()
    body = must(request).body
    return time.perf_counter() - before, body


SCENARIOS = [
    Scenario("versions", "Versions of one 100 KB state", _versions, fresh=True, once=True),
    Scenario("keys", "Many keys", _keys, fresh=True, once=True),
]
