"""Bodies of S3 requests: every claim about them is checked."""

import base64
import hashlib
import itertools
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.aws import checksums
from holdfast.aws.claims import (
    STREAMING_SIGNED,
    STREAMING_UNSIGNED_TRAILER,
    UNSIGNED,
)
from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Headers, Request
from holdfast.aws.payload import Digests, Payload, is_absent
from holdfast.aws.sigv4 import SigningContext

BODY = b"the state of things"
MOST = 1 << 20
ALGORITHMS = sorted(checksums.SIZES)


def _context(payload_hash: str) -> SigningContext:
    scope = "20130524/us-east-1/s3/aws4_request"
    return SigningContext(bytes(32), "20130524T000000Z", scope, "0" * 64, payload_hash)


def _payload(
    payload_hash: str = UNSIGNED,
    max_bytes: int = MOST,
    default: str = "",
    of_body: bool = True,
    /,
    **headers: str,
) -> Payload:
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    request = Request("PUT", "/b/k", "", Headers(pairs))
    context = _context(payload_hash)
    payload = Payload(request, context, max_bytes, checksum_is_of_body=of_body)
    if default:
        payload.default_to(default)
    return payload


def _take(payload: Payload, *pieces: bytes) -> tuple[bytes, Digests]:
    data = b"".join(bytes(out) for piece in pieces for out in payload.feed(piece))
    return data, payload.finish()


def _value(algorithm: str, data: bytes = BODY) -> str:
    hasher = checksums.hasher(algorithm)
    hasher.update(data)
    return checksums.encode(hasher.digest())


def _sent(algorithm: str, value: str) -> dict[str, str]:
    return {f"x_amz_checksum_{algorithm.lower()}": value}


def _trailed(data: bytes, trailer: str, value: str) -> bytes:
    return b"%x\r\n%b\r\n0\r\n%b:%b\r\n\r\n" % (len(data), data, trailer.encode(), value.encode())


def _streaming(algorithm: str, length: int = len(BODY), **headers: str) -> Payload:
    return _payload(
        STREAMING_UNSIGNED_TRAILER,
        x_amz_decoded_content_length=str(length),
        x_amz_trailer=f"x-amz-checksum-{algorithm.lower()}",
        **headers,
    )


# ---- What holds --------------------------------------------------------------------------------


def test_plain_body_has_its_md5_and_size() -> None:
    """An ETag needs the MD5; nothing else is computed unasked."""
    data, digests = _take(_payload(), BODY[:5], BODY[5:])
    assert data == BODY
    assert digests == Digests(len(BODY), hashlib.md5(BODY).digest(), None, {})  # noqa: S324 - an ETag


def test_signed_body_has_its_sha256() -> None:
    """A declared hash is verified and told."""
    declared = hashlib.sha256(BODY).hexdigest()
    assert _take(_payload(declared), BODY)[1].sha256 == declared


def test_empty_body_is_whole() -> None:
    """No byte is needed."""
    declared = hashlib.sha256(b"").hexdigest()
    assert _take(_payload(declared, content_length="0"))[1].size == 0


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_checksum_in_a_header_is_verified_and_told(algorithm: str) -> None:
    """A checksum that holds is one of the object's."""
    value = _value(algorithm)
    digests = _take(_payload(**_sent(algorithm, value)), BODY)[1]
    assert digests.checksums == {algorithm: value}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_checksum_in_a_trailer_is_verified_and_told(algorithm: str) -> None:
    """A checksum that follows the body counts as one before it."""
    value = _value(algorithm)
    wire = _trailed(BODY, f"x-amz-checksum-{algorithm.lower()}", value)
    data, digests = _take(_streaming(algorithm), wire)
    assert (data, digests.checksums) == (BODY, {algorithm: value})


def test_signed_hash_and_sha256_checksum_agree() -> None:
    """Terraform over http sends both; each is checked."""
    declared, value = hashlib.sha256(BODY).hexdigest(), _value("SHA256")
    digests = _take(_payload(declared, x_amz_checksum_sha256=value), BODY)[1]
    assert (digests.sha256, digests.checksums) == (declared, {"SHA256": value})


def test_default_checksum_is_computed_where_none_was_sent() -> None:
    """S3 gives every object a checksum."""
    assert _take(_payload(UNSIGNED, MOST, "CRC64NVME"), BODY)[1].checksums == {
        "CRC64NVME": _value("CRC64NVME")
    }


def test_default_checksum_gives_way_to_a_sent_one() -> None:
    """One checksum is enough."""
    payload = _payload(UNSIGNED, MOST, "CRC64NVME", x_amz_checksum_sha1=_value("SHA1"))
    assert set(_take(payload, BODY)[1].checksums) == {"SHA1"}


def test_content_md5_is_verified() -> None:
    """Content-MD5 that holds changes nothing."""
    md5 = base64.b64encode(hashlib.md5(BODY).digest()).decode()  # noqa: S324 - Content-MD5
    assert _take(_payload(content_md5=md5), BODY)[0] == BODY


def test_checksum_of_a_completed_upload_is_not_of_the_body() -> None:
    """CompleteMultipartUpload says the object's checksum over a body of XML."""
    payload = _payload(UNSIGNED, MOST, "", False, x_amz_checksum_sha256=_value("SHA256", b"object"))
    assert _take(payload, BODY)[1].checksums == {}


def test_other_checksum_headers_are_no_checksums() -> None:
    """Headers about the algorithm, the type and the mode hold no digest."""
    payload = _payload(
        x_amz_checksum_algorithm="SHA256", x_amz_checksum_type="COMPOSITE", x_amz_checksum_mode="x"
    )
    assert _take(payload, BODY)[1].checksums == {}


@given(st.binary(max_size=2000), st.lists(st.integers(0, 2000), max_size=5))
def test_any_body_in_any_split_arrives(data: bytes, cuts: list[int]) -> None:
    """What was encoded comes out, however the bytes are cut."""
    wire = (
        _trailed(data, "x-amz-checksum-crc32", _value("CRC32", data))
        if data
        else (b"0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n")
    )
    bounds = [0, *sorted(min(cut, len(wire)) for cut in cuts), len(wire)]
    pieces = [wire[low:high] for low, high in itertools.pairwise(bounds)]
    assert _take(_streaming("CRC32", len(data)), *pieces)[0] == data


def test_memory_stays_small() -> None:
    """A body of 64 MiB in one chunk passes through in pieces."""
    size, block = 64 << 20, bytes(1 << 16)
    payload = _payload(STREAMING_UNSIGNED_TRAILER, size, x_amz_decoded_content_length=str(size))
    tracemalloc.start()
    payload.feed(f"{size:x}\r\n".encode())
    for _ in range(size // len(block)):
        payload.feed(block)
    payload.feed(b"\r\n0\r\n\r\n")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert payload.finish().size == size
    assert peak < 1 << 20


# ---- What does not -----------------------------------------------------------------------------


def _refused(payload: Payload, *pieces: bytes) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        _take(payload, *pieces)
    return caught.value


def _refused_head(payload_hash: str = UNSIGNED, **headers: str) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        _payload(payload_hash, **headers)
    return caught.value


def test_body_is_not_the_one_signed() -> None:
    """Another body than the signed one is told apart, with both hashes."""
    declared = hashlib.sha256(b"other").hexdigest()
    error = _refused(_payload(declared), BODY)
    assert (error.code, error.status) == ("XAmzContentSHA256Mismatch", 400)
    assert error.fields == {
        "ClientComputedContentSHA256": declared,
        "S3ComputedContentSHA256": hashlib.sha256(BODY).hexdigest(),
    }


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_wrong_checksum_in_a_header(algorithm: str) -> None:
    """A checksum that does not hold is a bad digest."""
    error = _refused(_payload(**_sent(algorithm, _value(algorithm, b"other"))), BODY)
    assert (error.code, error.status) == ("BadDigest", 400)
    expected = f"The {algorithm} you specified did not match the calculated checksum."
    assert error.message == expected


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_wrong_checksum_in_a_trailer(algorithm: str) -> None:
    """So is one that follows the body."""
    wire = _trailed(BODY, f"x-amz-checksum-{algorithm.lower()}", _value(algorithm, b"other"))
    assert _refused(_streaming(algorithm), wire).code == "BadDigest"


def test_wrong_content_md5() -> None:
    """Content-MD5 that does not hold is a bad digest."""
    md5 = base64.b64encode(bytes(16)).decode()
    error = _refused(_payload(content_md5=md5), BODY)
    assert error.code == "BadDigest"
    assert error.message == "The Content-MD5 you specified did not match what we received."


@pytest.mark.parametrize("value", ["", "short", "!" * 24, base64.b64encode(bytes(15)).decode()])
def test_malformed_content_md5(value: str) -> None:
    """Content-MD5 is base64 of 16 bytes."""
    assert _refused_head(content_md5=value).code == "InvalidDigest"


def test_malformed_checksum_in_a_header() -> None:
    """A value of the wrong length is refused before the body is taken."""
    error = _refused_head(x_amz_checksum_sha256="AAAA")
    assert (error.code, error.status) == ("InvalidRequest", 400)
    assert error.message == "Value for x-amz-checksum-sha256 header is invalid."


def test_malformed_checksum_in_a_trailer() -> None:
    """So is one in a trailer, after it."""
    wire = _trailed(BODY, "x-amz-checksum-sha256", "AAAA")
    assert _refused(_streaming("SHA256"), wire).code == "InvalidRequest"


@pytest.mark.parametrize(
    "headers",
    [
        {"x_amz_checksum_sha1": _value("SHA1"), "x_amz_checksum_crc32": _value("CRC32")},
        {"x_amz_checksum_sha1": _value("SHA1"), "x_amz_trailer": "x-amz-checksum-crc32"},
    ],
    ids=["headers", "header-and-trailer"],
)
def test_more_than_one_checksum(headers: dict[str, str]) -> None:
    """One checksum is all that S3 takes."""
    error = _refused_head(STREAMING_UNSIGNED_TRAILER, x_amz_decoded_content_length="1", **headers)
    assert error.message.startswith("Expecting a single x-amz-checksum- header.")


def test_checksum_that_is_not_served() -> None:
    """An algorithm that is unknown here is not silently ignored."""
    error = _refused_head(x_amz_checksum_md5=base64.b64encode(bytes(16)).decode())
    assert (error.code, error.fields) == ("NotImplemented", {"Header": "x-amz-checksum-md5"})


def test_announced_checksum_is_missing() -> None:
    """Who names an algorithm must send its checksum."""
    error = _refused_head(x_amz_sdk_checksum_algorithm="SHA256")
    assert error.code == "InvalidRequest"
    assert error.message.startswith("x-amz-sdk-checksum-algorithm specified, but no corresponding")


def test_announced_algorithm_is_unknown() -> None:
    """Only the five algorithms have a name."""
    error = _refused_head(x_amz_sdk_checksum_algorithm="SHA3")
    assert error.message == "Value for x-amz-sdk-checksum-algorithm header is invalid."


def test_announced_algorithm_is_in_the_trailer() -> None:
    """A trailer is where SDKs put the checksum they announce."""
    payload = _streaming("SHA256", x_amz_sdk_checksum_algorithm="SHA256")
    wire = _trailed(BODY, "x-amz-checksum-sha256", _value("SHA256"))
    assert _take(payload, wire)[0] == BODY


def test_trailer_that_is_not_supported() -> None:
    """Only checksums can follow a body."""
    error = _refused_head(
        STREAMING_UNSIGNED_TRAILER, x_amz_decoded_content_length="1", x_amz_trailer="x-other"
    )
    assert error.message == "The value specified in the x-amz-trailer header is not supported"


@pytest.mark.parametrize("payload_hash", [UNSIGNED, STREAMING_SIGNED])
def test_trailer_where_none_can_be(payload_hash: str) -> None:
    """A trailer needs an encoding that has trailers."""
    error = _refused_head(
        payload_hash, x_amz_decoded_content_length="1", x_amz_trailer="x-amz-checksum-crc32"
    )
    assert error.code == "MalformedTrailerError"


@pytest.mark.parametrize(
    "wire",
    [
        b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
        _trailed(BODY, "x-amz-checksum-sha1", _value("SHA1")),
        _trailed(BODY, "x-amz-checksum-crc32", _value("CRC32") + "\r\nx-more:1"),
    ],
    ids=["missing", "another", "one too many"],
)
def test_trailers_are_exactly_the_announced_one(wire: bytes) -> None:
    """A trailer that is missing or was not announced is malformed."""
    assert _refused(_streaming("CRC32"), wire).code == "MalformedTrailerError"


def test_trailer_that_nobody_announced() -> None:
    """Without x-amz-trailer there is none."""
    payload = _payload(STREAMING_UNSIGNED_TRAILER, x_amz_decoded_content_length=str(len(BODY)))
    wire = _trailed(BODY, "x-amz-checksum-crc32", _value("CRC32"))
    assert _refused(payload, wire).code == "MalformedTrailerError"


def test_decoded_length_is_missing() -> None:
    """A chunked body says its decoded length."""
    error = _refused_head(STREAMING_UNSIGNED_TRAILER)
    assert (error.code, error.status) == ("MissingContentLength", 411)


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "1" * 20, "²"])
def test_decoded_length_is_no_length(text: str) -> None:
    """A length is a number of at most 19 digits."""
    error = _refused_head(STREAMING_UNSIGNED_TRAILER, x_amz_decoded_content_length=text)
    assert error.code == "InvalidArgument"


@pytest.mark.parametrize("length", [len(BODY) - 1, len(BODY) + 1])
def test_decoded_length_lies(length: int) -> None:
    """The declared decoded length is the real one."""
    wire = _trailed(BODY, "x-amz-checksum-crc32", _value("CRC32"))
    assert _refused(_streaming("CRC32", length), wire).code == "IncompleteBody"


@pytest.mark.parametrize("length", [len(BODY) - 1, len(BODY) + 1])
def test_content_length_lies(length: int) -> None:
    """So it is for a plain body."""
    error = _refused(_payload(content_length=str(length)), BODY)
    assert (error.code, error.status) == ("IncompleteBody", 400)


def test_announced_body_is_too_large() -> None:
    """A body that says it is too long is not even begun."""
    with pytest.raises(ServiceError) as caught:
        _payload(UNSIGNED, 5, content_length="6")
    assert caught.value.code == "EntityTooLarge"
    assert caught.value.fields == {"ProposedSize": 6, "MaxSizeAllowed": 5}


def test_body_of_unknown_length_is_too_large() -> None:
    """A body that says nothing is cut off where it is too long."""
    payload = _payload(UNSIGNED, 5)
    payload.feed(b"12345")
    with pytest.raises(ServiceError) as caught:
        payload.feed(b"6")
    assert caught.value.code == "EntityTooLarge"


EMPTY = hashlib.sha256().hexdigest()
SAID_OF_BODIES = {
    "content-length": ["0", "1", "00", ""],
    "content-md5": ["1B2M2Y8AsgTpgAmY7PhCfg==", "no"],
    "transfer-encoding": ["chunked"],
    "x-amz-checksum-crc32": ["AAAAAA==", "no"],
    "x-amz-checksum-other": ["AAAAAA=="],
    "x-amz-checksum-mode": ["ENABLED"],
    "x-amz-decoded-content-length": ["0", "1"],
    "x-amz-sdk-checksum-algorithm": ["CRC32"],
    "x-amz-trailer": ["x-amz-checksum-crc32"],
}


@given(
    st.fixed_dictionaries({}, optional={n: st.sampled_from(v) for n, v in SAID_OF_BODIES.items()}),
    st.sampled_from([EMPTY, UNSIGNED, STREAMING_SIGNED, STREAMING_UNSIGNED_TRAILER, "0" * 64]),
)
def test_a_body_that_is_absent_would_pass_every_check(
    headers: dict[str, str], payload_hash: str
) -> None:
    """It is not checked then; every other is."""
    request = Request("GET", "/b/k", "", Headers(headers.items()))
    if is_absent(request, _context(payload_hash)):
        assert Payload(request, _context(payload_hash), MOST).finish().size == 0


@pytest.mark.parametrize(
    "headers", [{}, {"content-length": "0"}, {"x-amz-checksum-mode": "ENABLED"}]
)
def test_what_reads_and_deletes_has_no_body(headers: dict[str, str]) -> None:
    """As SDKs send it."""
    request = Request("GET", "/b/k", "", Headers({"host": "h", **headers}.items()))
    assert is_absent(request, _context(EMPTY))
