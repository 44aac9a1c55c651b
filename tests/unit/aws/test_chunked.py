"""aws-chunked: AWS's published examples, any split of the bytes, and everything malformed."""

import hashlib
import hmac
import itertools
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.aws import checksums, sigv4
from holdfast.aws.chunked import LONGEST_LINE, LONGEST_TRAILER, ChunkedDecoder
from holdfast.aws.claims import STREAMING_SIGNED, STREAMING_SIGNED_TRAILER
from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Headers, Request

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
TRAILER_SEED = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
SCOPE = "20130524/us-east-1/s3/aws4_request"
LETTERS = b"a" * 66560


def _context(seed: str) -> sigv4.SigningContext:
    key = sigv4.signing_key(SECRET, "20130524", "us-east-1", "s3")
    return sigv4.SigningContext(key, "20130524T000000Z", SCOPE, seed, STREAMING_SIGNED)


def _published(signatures: tuple[str, str, str]) -> bytes:
    first, second, last = signatures
    return (
        f"10000;chunk-signature={first}\r\n".encode()
        + LETTERS[:65536]
        + f"\r\n400;chunk-signature={second}\r\n".encode()
        + LETTERS[65536:]
        + f"\r\n0;chunk-signature={last}\r\n".encode()
    )


SIGNED = (
    _published(
        (
            "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
            "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
            "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
        )
    )
    + b"\r\n"
)
TRAILED = (
    _published(
        (
            "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
            "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
            "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
        )
    )
    + b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
    + b"x-amz-trailer-signature:"
    + b"d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
)


def _decode(decoder: ChunkedDecoder, pieces: Iterable[bytes]) -> tuple[bytes, dict[str, str]]:
    data = b"".join(bytes(out) for piece in pieces for out in decoder.feed(piece))
    return data, decoder.finish()


def _seed_request(payload: str, signature: str, *more: tuple[str, str]) -> Request:
    pairs = [
        ("host", "s3.amazonaws.com"),
        ("x-amz-date", "20130524T000000Z"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ("x-amz-content-sha256", payload),
        ("content-encoding", "aws-chunked"),
        ("x-amz-decoded-content-length", "66560"),
        *more,
    ]
    signed = ";".join(sorted(name for name, _ in pairs))
    authorization = (
        f"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/{SCOPE},SignedHeaders={signed},"
        f"Signature={signature}"
    )
    headers = Headers([*pairs, ("authorization", authorization)])
    return Request("PUT", "/examplebucket/chunkObject.txt", "", headers)


@pytest.mark.parametrize(
    "request_",
    [
        _seed_request(STREAMING_SIGNED, SEED, ("content-length", "66824")),
        _seed_request(
            STREAMING_SIGNED_TRAILER, TRAILER_SEED, ("x-amz-trailer", "x-amz-checksum-crc32c")
        ),
    ],
    ids=["chunks", "chunks-and-trailer"],
)
def test_head_of_the_published_example_verifies(request_: Request) -> None:
    """The head of each streaming example has the seed signature printed there."""
    claims = sigv4.claims(request_, "s3")
    now = datetime(2013, 5, 24, tzinfo=UTC)
    assert sigv4.verify(claims, request_, SECRET, now)


def test_published_signed_chunks_decode() -> None:
    """The chunked example of the S3 API reference is accepted."""
    decoder = ChunkedDecoder(_context(SEED), trailers=False)
    assert _decode(decoder, [SIGNED]) == (LETTERS, {})


def test_published_signed_trailer_decodes() -> None:
    """The trailer example of the S3 API reference is accepted."""
    decoder = ChunkedDecoder(_context(TRAILER_SEED), trailers=True)
    data, trailers = _decode(decoder, [TRAILED])
    assert data == LETTERS
    crc = checksums.hasher("CRC32C")
    crc.update(data)
    assert trailers == {"x-amz-checksum-crc32c": checksums.encode(crc.digest())}


def test_signed_trailer_may_end_its_lines_with_lf_crlf() -> None:
    """The documentation also shows a line feed before CR LF in a signed trailer."""
    wire = TRAILED.replace(b"/Q==\r\n", b"/Q==\n\r\n")
    decoder = ChunkedDecoder(_context(TRAILER_SEED), trailers=True)
    assert _decode(decoder, [wire])[1] == {"x-amz-checksum-crc32c": "sOO8/Q=="}


@given(st.lists(st.integers(0, len(TRAILED)), max_size=12))
def test_any_split_of_the_bytes_gives_the_same(cuts: list[int]) -> None:
    """How the bytes are cut on the way makes no difference."""
    bounds = [0, *sorted(cuts), len(TRAILED)]
    pieces = [TRAILED[low:high] for low, high in itertools.pairwise(bounds)]
    decoder = ChunkedDecoder(_context(TRAILER_SEED), trailers=True)
    assert _decode(decoder, pieces) == (LETTERS, {"x-amz-checksum-crc32c": "sOO8/Q=="})


def test_bytes_one_at_a_time_give_the_same() -> None:
    """The finest split of all works, for the framing around a short chunk."""
    wire = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"
    decoder = ChunkedDecoder(None, trailers=True)
    pieces = [wire[at : at + 1] for at in range(len(wire))]
    assert _decode(decoder, pieces) == (b"hello", {"x-amz-checksum-crc32": "NhCmhg=="})


@given(st.integers(0, len(TRAILED) - 1), st.integers(0, 7))
def test_any_flipped_bit_is_refused_or_harmless(place: int, bit: int) -> None:
    """Whatever bit is flipped, what comes out of a signed body was signed."""
    wire = bytearray(TRAILED)
    wire[place] ^= 1 << bit
    decoder = ChunkedDecoder(_context(TRAILER_SEED), trailers=True)
    try:
        data, trailers = _decode(decoder, [bytes(wire)])
    except ServiceError:
        return
    # The case of a hexadecimal size or of a trailer's name, or a line ending in the trailer.
    assert (data, trailers) == (LETTERS, {"x-amz-checksum-crc32c": "sOO8/Q=="})


@given(st.integers(0, len(TRAILED) - 1))
def test_any_truncation_is_an_incomplete_body(length: int) -> None:
    """A body that ends early is never taken for a whole one."""
    decoder = ChunkedDecoder(_context(TRAILER_SEED), trailers=True)
    with pytest.raises(ServiceError) as caught:
        _decode(decoder, [TRAILED[:length]])
    assert caught.value.code == "IncompleteBody"


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_decode_or_give_a_clear_error(wire: bytes, trailers: bool) -> None:
    """No input raises anything but AWS's errors."""
    code = ""
    try:
        _decode(ChunkedDecoder(None, trailers=trailers), [wire])
    except ServiceError as error:
        code = error.code
    assert code in {"", "IncompleteBody", "InvalidRequest", "MalformedTrailerError"}


def _chunk_signature(previous: str, data: bytes) -> str:
    context = _context(previous)
    digests = (hashlib.sha256(b"").hexdigest(), hashlib.sha256(data).hexdigest())
    text = "\n".join(
        ("AWS4-HMAC-SHA256-PAYLOAD", context.amz_date, context.scope, previous, *digests)
    )
    return hmac.digest(context.key, text.encode(), "sha256").hex()


@given(st.lists(st.integers(8192, 20000), max_size=4), st.integers(1, 100))
def test_signed_chunks_of_any_sizes_decode(sizes: list[int], last: int) -> None:
    """Each signature builds on the one before."""
    wire, plain, previous = b"", b"", SEED
    for number, size in enumerate([*sizes, last, 0]):
        data = bytes([number]) * size
        previous = _chunk_signature(previous, data)
        wire += f"{size:x};chunk-signature={previous}\r\n".encode() + data + b"\r\n"
        plain += data
    assert _decode(ChunkedDecoder(_context(SEED), trailers=False), [wire])[0] == plain


MALFORMED = {
    "size is not hexadecimal": (b"xyz\r\n", "InvalidRequest"),
    "size is negative": (b"-5\r\n", "InvalidRequest"),
    "size has too many digits": (b"1" * 17 + b"\r\n", "InvalidRequest"),
    "size is empty": (b"\r\n", "InvalidRequest"),
    "header has no end": (b"5" * (LONGEST_LINE + 1), "InvalidRequest"),
    "header ends in a bare line feed": (b"5\nhello\r\n0\r\n\r\n", "InvalidRequest"),
    "unexpected signature": (b"5;chunk-signature=" + b"a" * 64 + b"\r\n", "InvalidRequest"),
    "chunk is longer than it says": (b"4\r\nhello\r\n0\r\n\r\n", "InvalidRequest"),
    "data after the end": (b"0\r\n\r\nmore", "InvalidRequest"),
    "small chunk before the last": (b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n", "InvalidChunkSizeError"),
    "trailer without a colon": (b"0\r\nbroken\r\n\r\n", "MalformedTrailerError"),
    "trailer twice": (b"0\r\na:1\r\nA:2\r\n\r\n", "MalformedTrailerError"),
    "trailer is too long": (b"0\r\na:" + b"b" * LONGEST_TRAILER, "MalformedTrailerError"),
    "trailers are too long": (b"0\r\n" + b"a:b\r\n" * LONGEST_TRAILER, "MalformedTrailerError"),
    "trailer with a control character": (b"0\r\na:\x01\r\n\r\n", "MalformedTrailerError"),
    "no last chunk": (b"5\r\nhello\r\n", "IncompleteBody"),
    "nothing at all": (b"", "IncompleteBody"),
}


@pytest.mark.parametrize(("wire", "code"), MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_body_has_its_error(wire: bytes, code: str) -> None:
    """Everything malformed is answered with its own code."""
    with pytest.raises(ServiceError) as caught:
        _decode(ChunkedDecoder(None, trailers=True), [wire])
    assert caught.value.code == code


@pytest.mark.parametrize(
    "wire",
    [
        SIGNED.replace(b"ad80c7", b"ad80c8"),
        SIGNED.replace(b"aaa", b"aab", 1),
        SIGNED.replace(b"b6c6ea", b"b6c6eb"),
    ],
    ids=["signature", "data", "last signature"],
)
def test_changed_signed_chunk_does_not_match(wire: bytes) -> None:
    """A chunk that was not signed so is refused."""
    with pytest.raises(ServiceError) as caught:
        _decode(ChunkedDecoder(_context(SEED), trailers=False), [wire])
    assert (caught.value.code, caught.value.status) == ("SignatureDoesNotMatch", 403)


@pytest.mark.parametrize(
    "wire",
    [TRAILED.replace(b"sOO8/Q==", b"sOO8/A=="), TRAILED.replace(b"d81f82", b"d81f83")],
    ids=["value", "signature"],
)
def test_changed_signed_trailer_does_not_match(wire: bytes) -> None:
    """A trailer that was not signed so is refused."""
    with pytest.raises(ServiceError) as caught:
        _decode(ChunkedDecoder(_context(TRAILER_SEED), trailers=True), [wire])
    assert caught.value.code == "SignatureDoesNotMatch"


def test_unsigned_chunk_is_refused_where_signed_ones_are_declared() -> None:
    """Leaving the signature out does not help."""
    with pytest.raises(ServiceError):
        _decode(ChunkedDecoder(_context(SEED), trailers=False), [b"5\r\nhello\r\n0\r\n\r\n"])


def test_signed_trailer_without_signature_never_ends() -> None:
    """A trailer that must be signed and is not is incomplete."""
    wire = TRAILED[: TRAILED.index(b"x-amz-trailer-signature")] + b"\r\n\r\n"
    with pytest.raises(ServiceError) as caught:
        _decode(ChunkedDecoder(_context(TRAILER_SEED), trailers=True), [wire])
    assert caught.value.code == "IncompleteBody"


def test_giant_chunk_is_handed_on_as_it_arrives() -> None:
    """A chunk that holds a whole body is not kept in memory until its end."""
    decoder = ChunkedDecoder(None, trailers=True)
    assert not list(decoder.feed(b"40000000\r\n"))
    block = bytes(1 << 16)
    assert sum(len(piece) for piece in decoder.feed(block)) == len(block)
