"""Failed authentication, counted for each address: who only guesses is not looked at for a while."""

import ipaddress
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import lru_cache
from time import monotonic

import msgspec

from holdfast.aws.claims import Claims

log = logging.getLogger("holdfast.access")

AT_ONCE = 20  # failures
SECONDS_EACH = 3.0  # until one more is allowed
_ADDRESSES = 4096
_GOOD_KEYS = 8192
_UNTOLD = 256  # bursts that wait for the journal

# The codes of all services that say: these credentials are not right.
FAILURES = frozenset(
    {
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidIdentityToken",
        "InvalidSignatureException",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)


class Burst(msgspec.Struct, frozen=True):
    """That an address failed too often."""

    address: str
    code: str  # of the last failure
    access_key_id: str  # that was used last; empty: none


class _Account:
    """What an address has left."""

    __slots__ = ("left", "since", "told")

    def __init__(self, now: float) -> None:
        self.left = float(AT_ONCE)
        self.since = now
        self.told = False

    def refill(self, now: float) -> None:
        self.left = min(float(AT_ONCE), self.left + (now - self.since) / SECONDS_EACH)
        self.since = now


class FailedAttempts:
    """Failures of all addresses. Safe to use from many threads.

    An address may fail twenty times at once, and then once in three seconds: every failure takes
    one of twenty pieces, and one comes back every three seconds. While it has none left, its
    requests are answered "slow down" (the SDKs wait and try again) before a record is read or a
    signature computed.

    Many clients may have one address (NAT, a proxy), so an address is never locked out as a whole:
    an access key that was good from there goes on, as does a session that was issued there. Only a
    key that was not seen to be good from that address has to wait: as long as others from there
    keep failing, one such request in three seconds is looked at. A key that fails loses its good
    name until it succeeds again, so that nobody guesses the secret of a neighbour's key at full
    speed.

    An unsigned request counts to whom its token claims to be of, in place of a key.

    What is remembered is bounded: the addresses and keys that were added first are forgotten first.
    Whoever has very many addresses is not stopped by this; the secrets have 240 random bits. An
    IPv6 network of 64 bits counts as one address, since one client has all of it.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        """Begin with none.

        Args:
            clock: gives seconds that only go forward.
        """
        self._clock = clock
        self._lock = threading.Lock()
        self._accounts: OrderedDict[str, _Account] = OrderedDict()
        self._good: dict[tuple[str, str], None] = {}
        self._untold: list[Burst] = []

    def refuses(self, address: str, access_key_id: str) -> bool:
        """Whether a request is to be answered without being looked at.

        Args:
            address: it comes from.
            access_key_id: it claims to be signed with; empty: it is not signed.
        """
        if not self._accounts or (address, access_key_id) in self._good:
            return False
        with self._lock:
            account = self._accounts.get(network(address))
            if account is None:
                return False
            account.refill(self._clock())
            return account.left < 1

    def refused(self, address: str, claims: Claims | None, code: str) -> None:
        """Count an answer if it says that the credentials are not right.

        Args:
            address: the request came from.
            claims: of the request; None: it has none, or they could not be read.
            code: of the error that it is answered with.
        """
        if code in FAILURES:
            self.failed(address, claims.access_key_id if claims else "", code)

    def issued(self, address: str, claims: Claims | None, result: object) -> None:
        """Remember that a session was issued to an address: its key is good from there.

        Args:
            address: the request came from.
            claims: of the request; they are good as well.
            result: what an operation of STS answers.
        """
        if isinstance(result, Mapping) and "Credentials" in result:
            self.succeeded(address, result["Credentials"]["AccessKeyId"])
            if claims is not None:
                self.succeeded(address, claims.access_key_id)

    def failed(self, address: str, access_key_id: str, code: str) -> None:
        """Count a failure. The first of a burst is logged, and kept for the journal.

        Args:
            address: it came from.
            access_key_id: it claimed; empty: none.
            code: of the error that it was answered with.
        """
        where = network(address)
        with self._lock:
            self._good.pop((address, access_key_id), None)
            account = self._account(where)
            account.left = max(0.0, account.left - 1)
            first = account.left < 1 and not account.told
            account.told = account.told or first
            if first and len(self._untold) < _UNTOLD:
                self._untold.append(Burst(where, code, access_key_id))
        if first:
            log.warning(
                "%s failed to authenticate %d times, last with %s: its keys that are not known to "
                "be good have to wait",
                where,
                AT_ONCE,
                code,
            )

    def succeeded(self, address: str, access_key_id: str) -> None:
        """Remember that a key is good from an address."""
        known = (address, access_key_id)
        if known in self._good:
            return
        with self._lock:
            while len(self._good) >= _GOOD_KEYS:
                del self._good[next(iter(self._good))]
            self._good[known] = None

    def bursts(self) -> list[Burst]:
        """Return the bursts since this was last asked, at most 256."""
        with self._lock:
            found, self._untold = self._untold, []
        return found

    def _account(self, where: str) -> _Account:
        now = self._clock()
        account = self._accounts.pop(where, None)
        if account is None:
            while len(self._accounts) >= _ADDRESSES:
                self._accounts.popitem(last=False)
            account = _Account(now)
        self._accounts[where] = account
        account.refill(now)
        if account.left >= AT_ONCE:
            account.told = False  # it was calm for a minute: what comes now is another burst
        return account


@lru_cache(maxsize=1024)
def network(address: str) -> str:
    """Return what counts as one address: an IPv4 address, or an IPv6 network of 64 bits."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
