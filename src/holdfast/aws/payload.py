"""The body of an S3 request as it arrives: decoded, counted, hashed, checked against every claim.

Source: "PutObject" and "Checking object integrity" in the Amazon S3 API reference and user guide.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from holdfast.aws import checksums
from holdfast.aws.chunked import ChunkedDecoder, bad_trailer
from holdfast.aws.claims import (
    STREAMING,
    STREAMING_SIGNED,
    STREAMING_UNSIGNED_TRAILER,
    UNSIGNED,
)
from holdfast.aws.errors import ServiceError
from holdfast.aws.hashing import Hashing
from holdfast.aws.http import Headers, Request
from holdfast.aws.sigv4 import SigningContext

_CHECKSUM = "x-amz-checksum-"
# Headers that begin like a checksum and are none.
_NO_CHECKSUM = frozenset({"x-amz-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-type"})
_EMPTY_SHA256 = hashlib.sha256().hexdigest()
# Headers that say something of a body, or begin like one that does.
_OF_A_BODY = (_CHECKSUM, "x-amz-sdk-checksum-", "x-amz-trailer", "x-amz-decoded-", "content-md5")
_DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)


class Digests(msgspec.Struct, frozen=True):
    """What is known of a body that is complete and holds what was said about it."""

    size: int  # bytes, decoded
    md5: bytes
    sha256: str | None  # hexadecimal; None if nothing needed it
    checksums: Mapping[str, str]  # algorithm -> base64: sent and verified, or computed on request


def is_absent(request: Request, context: SigningContext) -> bool:
    """Say whether a request has no body, and claims nothing of one that would have to be checked."""
    headers = request.headers
    if "transfer-encoding" in headers or headers.get("content-length", "0") != "0":
        return False
    if context.payload_hash not in (_EMPTY_SHA256, UNSIGNED):
        return False
    said = [name for name in headers if name.startswith(_OF_A_BODY)]
    return not said or _NO_CHECKSUM.issuperset(said)


class Payload:
    """Takes the body of one request."""

    def __init__(
        self,
        request: Request,
        context: SigningContext,
        max_bytes: int,
        *,
        checksum_is_of_body: bool = True,
    ) -> None:
        """Read what the headers say about the body.

        Args:
            request: the request.
            context: what its verification gave.
            max_bytes: how long the decoded body may be.
            checksum_is_of_body: False for CompleteMultipartUpload, whose checksum header is about
                the object that it completes.

        Raises:
            ServiceError: the headers contradict themselves, or announce too long a body.
        """
        headers = request.headers
        self._declared_hash = context.payload_hash
        self._max_bytes = max_bytes
        self._size = 0
        self._expected_md5 = _content_md5(headers)
        self._trailer = _declared_trailer(headers, context.payload_hash)
        self._expected = _checksum_headers(headers, self._trailer) if checksum_is_of_body else {}
        self._length = _length(headers, context.payload_hash)
        self._decoder = _decoder(context)
        if self._length is not None and self._length > max_bytes:
            raise _too_large(self._length, max_bytes)
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._default = ""
        self._hashers = {name: checksums.hasher(name) for name in self._wanted()}
        self._hashing = Hashing(self._md5, *self._hashers.values())

    def default_to(self, algorithm: str) -> None:
        """Compute a checksum of the body if the client sends none. Call it before any `feed`.

        Args:
            algorithm: one of `checksums.SIZES`.
        """
        if self._expected or self._trailer:
            return
        self._default = algorithm
        if algorithm not in self._hashers:
            self._hashers[algorithm] = checksums.hasher(algorithm)
            self._hashing.add(self._hashers[algorithm])

    def feed(self, data: bytes | memoryview) -> Sequence[bytes | memoryview]:
        """Take the next bytes of the body and return what they decode to, in order.

        Nothing of it may be kept for good before `finish` has returned.

        Raises:
            ServiceError: the body is longer than allowed or than declared, or malformed.
        """
        pieces = tuple(self._decoded(data))
        for piece in pieces:
            self._count(len(piece))
        self._hashing.take(pieces)
        return pieces

    def finish(self) -> Digests:
        """Check the whole body against every hash, checksum and length that was said of it.

        Raises:
            ServiceError: it is incomplete, or does not match.
        """
        self._hashing.finish()
        trailers = self._decoder.finish() if self._decoder else {}
        if self._length is not None and self._size != self._length:
            raise _incomplete()
        expected = self._expected | self._from_trailers(trailers)
        digests = {name: hasher.digest() for name, hasher in self._hashers.items()}
        sha256 = digests["SHA256"].hex() if "SHA256" in digests else None
        self._check_hash(sha256)
        self._check_md5()
        for algorithm, digest in expected.items():
            if digests[algorithm] != digest:
                raise _bad_checksum(algorithm)
        kept = expected or {n: d for n, d in digests.items() if n == self._default}
        return Digests(
            size=self._size,
            md5=self._md5.digest(),
            sha256=sha256,
            checksums={name: checksums.encode(digest) for name, digest in kept.items()},
        )

    def _wanted(self) -> list[str]:
        """Return the algorithms that the request's own claims need, each once."""
        wanted = list(self._expected)
        if self._trailer:
            wanted.append(self._trailer)
        if _is_hash(self._declared_hash) and "SHA256" not in wanted:
            wanted.append("SHA256")
        return wanted

    def _decoded(self, data: bytes | memoryview) -> Iterator[bytes | memoryview]:
        if self._decoder:
            yield from self._decoder.feed(data)
        elif data:
            yield data

    def _count(self, more: int) -> None:
        self._size += more
        if self._length is not None and self._size > self._length:
            raise _incomplete()
        if self._size > self._max_bytes:
            raise _too_large(self._size, self._max_bytes)

    def _from_trailers(self, trailers: Mapping[str, str]) -> dict[str, bytes]:
        if not self._trailer:
            if trailers:
                raise bad_trailer()
            return {}
        name = _CHECKSUM + self._trailer.lower()
        if set(trailers) != {name}:
            raise bad_trailer()
        return {self._trailer: _digest(self._trailer, trailers[name])}

    def _check_hash(self, computed: str | None) -> None:
        declared = self._declared_hash
        if _is_hash(declared) and computed != declared:
            raise ServiceError(
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
                status=400,
                ClientComputedContentSHA256=declared,
                S3ComputedContentSHA256=computed,
            )

    def _check_md5(self) -> None:
        expected = self._expected_md5
        if expected is not None and expected != self._md5.digest():
            raise ServiceError(
                "BadDigest",
                "The Content-MD5 you specified did not match what we received.",
                status=400,
                ExpectedDigest=expected.hex(),
                CalculatedDigest=checksums.encode(self._md5.digest()),
            )


def _is_hash(declared: str) -> bool:
    return declared != UNSIGNED and declared not in STREAMING


def _decoder(context: SigningContext) -> ChunkedDecoder | None:
    declared = context.payload_hash
    if declared not in STREAMING:
        return None
    signed = declared != STREAMING_UNSIGNED_TRAILER
    return ChunkedDecoder(context if signed else None, trailers=declared != STREAMING_SIGNED)


def _length(headers: Headers, declared: str) -> int | None:
    """Return how long the decoded body says it is; only a chunked transfer need not say."""
    streaming = declared in STREAMING
    name = "x-amz-decoded-content-length" if streaming else "content-length"
    text = headers.get(name)
    if not text and streaming:
        raise ServiceError(
            "MissingContentLength", "You must provide the Content-Length HTTP header.", status=411
        )
    if not text:
        return None
    if not _DIGITS.fullmatch(text):
        raise ServiceError(
            "InvalidArgument",
            f"The value of {name} is not a length.",
            status=400,
            ArgumentName=name,
            ArgumentValue=text,
        )
    return int(text)


def _content_md5(headers: Headers) -> bytes | None:
    if "content-md5" not in headers:
        return None
    try:
        digest = base64.b64decode(headers.get("content-md5"), validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != 16:
        raise ServiceError(
            "InvalidDigest", "The Content-MD5 you specified was invalid.", status=400
        )
    return digest


def _declared_trailer(headers: Headers, declared: str) -> str:
    """Return the algorithm whose checksum is to follow the body, or ""."""
    text = headers.get("x-amz-trailer").lower()
    may_trail = declared in STREAMING and declared != STREAMING_SIGNED
    if not text:
        return ""
    if not may_trail:
        raise bad_trailer()
    algorithm = text.removeprefix(_CHECKSUM).upper()
    if algorithm not in checksums.SIZES or not text.startswith(_CHECKSUM):
        raise _invalid("The value specified in the x-amz-trailer header is not supported")
    return algorithm


def _checksum_headers(headers: Headers, trailer: str) -> dict[str, bytes]:
    """Return the checksum that the headers promise, if any: algorithm -> digest."""
    names = [n for n in headers if n.startswith(_CHECKSUM) and n not in _NO_CHECKSUM]
    if len(names) + bool(trailer) > 1:
        raise _invalid(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    found = {}
    for name in names:
        algorithm = name.removeprefix(_CHECKSUM).upper()
        if algorithm not in checksums.SIZES:
            raise ServiceError("NotImplemented", Header=name)
        found[algorithm] = _digest(algorithm, headers.get(name))
    _check_sdk_algorithm(headers, trailer or next(iter(found), ""))
    return found


def _check_sdk_algorithm(headers: Headers, sent: str) -> None:
    named = headers.get("x-amz-sdk-checksum-algorithm").upper()
    if not named:
        return
    if named not in checksums.SIZES:
        raise _invalid("Value for x-amz-sdk-checksum-algorithm header is invalid.")
    if named != sent:
        raise _invalid(
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or "
            "x-amz-trailer headers were found."
        )


def _digest(algorithm: str, value: str) -> bytes:
    digest = checksums.decode(algorithm, value)
    if digest is None:
        raise _invalid(f"Value for {_CHECKSUM}{algorithm.lower()} header is invalid.")
    return digest


def _bad_checksum(algorithm: str) -> ServiceError:
    return ServiceError(
        "BadDigest",
        f"The {algorithm} you specified did not match the calculated checksum.",
        status=400,
    )


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidRequest", message, status=400)


def _incomplete() -> ServiceError:
    return ServiceError(
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header.",
        status=400,
    )


def _too_large(size: int, most: int) -> ServiceError:
    return ServiceError(
        "EntityTooLarge",
        "Your proposed upload exceeds the maximum allowed size",
        status=400,
        ProposedSize=size,
        MaxSizeAllowed=most,
    )
