"""What botocore signs verifies, and every way to be wrong has AWS's own answer."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from holdfast.aws import sigv4
from holdfast.aws.claims import parse_time
from holdfast.aws.errors import ServiceError
from holdfast.aws.http import Headers, Request

KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
HOST = "127.0.0.1:8270"
SIGNERS: dict[str, tuple[Any, ...]] = {
    "header": (S3SigV4Auth, "s3", "eu-central-1"),
    "presigned": (S3SigV4QueryAuth, "s3", "eu-central-1", 600),
    "other service": (SigV4Auth, "dynamodb", "eu-central-1"),
    "other service, presigned": (SigV4QueryAuth, "sts", "us-east-1", 60),
}


def _signed(
    signer: str,
    method: str = "GET",
    path: str = "/bucket/key",
    query: str = "",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    token: str | None = None,
) -> Request:
    """Return a request as botocore signs it, and as our server reads it."""
    kind, *arguments = SIGNERS[signer]
    url = f"http://{HOST}{path}" + (f"?{query}" if query else "")
    aws = AWSRequest(method=method, url=url, data=body, headers=headers or {})
    aws.context["payload_signing_enabled"] = True
    kind(Credentials(KEY, SECRET, token), *arguments).add_auth(aws)
    parts = urlsplit(str(aws.url))
    pairs = [(name, str(value)) for name, value in aws.headers.items()]
    return Request(method, parts.path, parts.query, Headers([("Host", HOST), *pairs]))


def _service(signer: str) -> str:
    return str(SIGNERS[signer][1])


def _verify(
    request: Request,
    service: str,
    body: bytes = b"",
    at: timedelta = timedelta(),
    secret: str = SECRET,
) -> sigv4.SigningContext:
    claims = sigv4.claims(request, service)
    digest = hashlib.sha256(body).hexdigest()
    return sigv4.verify(claims, request, secret, datetime.now(UTC) + at, digest)


def _refused(
    request: Request, service: str, at: timedelta = timedelta(), secret: str = SECRET
) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        _verify(request, service, at=at, secret=secret)
    return caught.value


def _with(request: Request, **changed: str | None) -> Request:
    """Return the request with headers set, or removed where None; underscores are hyphens."""
    new = {name.replace("_", "-"): value for name, value in changed.items()}
    kept = [(name, value) for name, value in request.headers.items() if name not in new]
    added = [(name, value) for name, value in new.items() if value is not None]
    return replace(request, headers=Headers(kept + added))


def _authorization(request: Request, old: str, new: str) -> Request:
    header = request.headers.get("authorization")
    assert old in header
    return _with(request, authorization=header.replace(old, new))


# ---- What verifies -----------------------------------------------------------------------------


@pytest.mark.parametrize("signer", SIGNERS)
def test_what_botocore_signs_verifies(signer: str) -> None:
    """Every kind of signature that SDKs make is accepted."""
    path = "/bucket/env%3A/dev/a%20b/%C3%A9%2B%26" if _service(signer) == "s3" else "/"
    request = _signed(signer, path=path, query="list-type=2&prefix=a%2Fb&uploads")
    assert _verify(request, _service(signer))


@pytest.mark.parametrize("signer", SIGNERS)
def test_session_token_is_part_of_the_claims(signer: str) -> None:
    """A temporary credential's token is read from where the client puts it."""
    request = _signed(signer, path="/", token="token/+=")
    assert sigv4.claims(request, _service(signer)).security_token == "token/+="
    assert _verify(request, _service(signer))


segments = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
names = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=8)
values = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12)


@given(
    st.sampled_from(["header", "presigned"]),
    st.lists(segments, max_size=4),
    st.lists(st.tuples(segments, segments), max_size=4),
    st.dictionaries(names, values, max_size=4),
)
def test_any_path_query_and_headers_verify(
    signer: str, path: list[str], query: list[tuple[str, str]], metadata: dict[str, str]
) -> None:
    """Whatever a client can address, its signature is computed as it computes it."""
    request = _signed(
        signer,
        "PUT",
        "/" + "/".join(quote(part, safe="") for part in path),
        "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in query),
        {f"x-amz-meta-{name}": value for name, value in metadata.items()},
    )
    assert _verify(request, "s3")


@given(st.data(), st.sampled_from(["method", "path", "query", "header"]))
def test_any_change_of_a_signed_request_is_refused(data: st.DataObject, what: str) -> None:
    """Nothing that was signed can be changed on the way."""
    headers = {"x-amz-meta-a": "first", "content-type": "text/plain"}
    request = _signed("header", "PUT", "/bucket/some/key", "versionId=abc", headers)
    if what == "header":
        name = data.draw(st.sampled_from(["host", "x-amz-meta-a", "x-amz-date", "content-type"]))
        text = request.headers.get(name)
        changed = _with(request, **{name: _flipped(data, text)})
    else:
        parts = {"method": request.method, "path": request.raw_path, "query": request.raw_query}
        parts[what] = _flipped(data, parts[what])
        changed = Request(parts["method"], parts["path"], parts["query"], request.headers)
    assert _refused(changed, "s3").code in {
        "SignatureDoesNotMatch",
        "AccessDenied",
        "AuthorizationHeaderMalformed",
        "RequestTimeTooSkewed",
    }


def _flipped(data: st.DataObject, text: str) -> str:
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("abcxyz0123").filter(lambda c: c != text[place]))
    return text[:place] + other + text[place + 1 :]


def test_changed_body_of_another_service_is_refused() -> None:
    """A body whose hash is signed cannot be another one."""
    request = _signed("other service", "POST", "/", body=b"{}")
    assert _verify(request, "dynamodb", b"{}")
    assert _refused(request, "dynamodb").code == "InvalidSignatureException"


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_authorization_text_gives_a_clear_error(header: str, query: str) -> None:
    """No header and no query raises anything but AWS's errors."""
    latin = header.encode("utf-8").decode("latin-1")
    for service in ("s3", "dynamodb", "sts"):
        request = Request("GET", "/", quote(query, safe="&="), Headers([("host", HOST)]))
        _refused(_with(request, authorization=f"AWS4-HMAC-SHA256 {latin}"), service)
        _refused(_with(request, authorization=latin), service)


@given(st.sampled_from(["Credential", "SignedHeaders", "Signature", "Date"]), st.text(max_size=20))
def test_any_text_in_a_presigned_parameter_gives_a_clear_error(name: str, text: str) -> None:
    """A parameter of a presigned URL that holds anything else is refused."""
    good = _signed("presigned")
    pairs = [piece.partition("=") for piece in good.raw_query.split("&")]
    query = "&".join(
        f"{key}={quote(text, safe='') if key == f'X-Amz-{name}' else value}"
        for key, _, value in pairs
    )
    _refused(replace(good, raw_query=query), "s3")


# ---- Every way to be wrong ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("s3", "AccessDenied", 403),
        ("dynamodb", "MissingAuthenticationTokenException", 400),
        ("kms", "MissingAuthenticationTokenException", 400),
        ("sts", "MissingAuthenticationToken", 403),
        ("iam", "MissingAuthenticationToken", 403),
    ],
)
def test_no_credentials_at_all(service: str, code: str, status: int) -> None:
    """Anonymous requests are refused as each service does it."""
    error = _refused(Request("GET", "/", "", Headers([("host", HOST)])), service)
    assert (error.code, error.status) == (code, status)


@pytest.mark.parametrize(
    ("signer", "code", "status"),
    [
        ("header", "SignatureDoesNotMatch", 403),
        ("presigned", "SignatureDoesNotMatch", 403),
        ("other service", "InvalidSignatureException", 400),
        ("other service, presigned", "SignatureDoesNotMatch", 403),
    ],
)
def test_wrong_secret(signer: str, code: str, status: int) -> None:
    """A signature with another secret does not match."""
    error = _refused(_signed(signer, path="/"), _service(signer), secret="x" * 40)
    assert (error.code, error.status) == (code, status)


def test_mismatch_of_s3_shows_what_was_signed() -> None:
    """S3 tells the client what it computed the signature over, and never the secret."""
    error = _refused(_signed("header"), "s3", secret="another-secret-of-somebody")
    assert error.fields["AWSAccessKeyId"] == KEY
    assert error.fields["StringToSign"].startswith("AWS4-HMAC-SHA256\n")
    assert error.fields["CanonicalRequest"].startswith("GET\n/bucket/key\n\nhost:127.0.0.1:8270\n")
    assert error.fields["StringToSignBytes"].startswith("41 57 53 34")
    assert set(error.fields) >= {"SignatureProvided", "CanonicalRequestBytes"}
    assert "another-secret-of-somebody" not in str(error.fields)


@pytest.mark.parametrize("minutes", [-16, 16])
def test_clock_of_an_s3_client_is_wrong(minutes: int) -> None:
    """Fifteen minutes are allowed; S3 says by how much and when it is."""
    error = _refused(_signed("header"), "s3", timedelta(minutes=minutes))
    assert (error.code, error.status) == ("RequestTimeTooSkewed", 403)
    assert error.fields["MaxAllowedSkewMilliseconds"] == 900_000
    assert set(error.fields) == {"RequestTime", "ServerTime", "MaxAllowedSkewMilliseconds"}


@pytest.mark.parametrize(
    ("minutes", "words"), [(16, "Signature expired: "), (-16, "Signature not yet current: ")]
)
def test_clock_of_another_client_is_wrong(minutes: int, words: str) -> None:
    """The other services answer that the signature has expired or is not yet current."""
    error = _refused(_signed("other service", path="/"), "dynamodb", timedelta(minutes=minutes))
    assert error.code == "InvalidSignatureException"
    assert error.message.startswith(words)
    assert error.message.endswith("15 min.)")


@pytest.mark.parametrize("minutes", [-14, 14])
def test_clock_within_fifteen_minutes_is_right(minutes: int) -> None:
    """A clock that is a little off is no error."""
    assert _verify(_signed("header"), "s3", at=timedelta(minutes=minutes))


def test_presigned_url_has_expired() -> None:
    """An expired URL says when it expired."""
    error = _refused(_signed("presigned"), "s3", timedelta(seconds=602))
    assert (error.code, error.status) == ("AccessDenied", 403)
    assert error.message == "Request has expired"
    assert set(error.fields) == {"X-Amz-Expires", "Expires", "ServerTime"}


def test_presigned_url_is_not_valid_yet() -> None:
    """A URL from the future is refused."""
    error = _refused(_signed("presigned"), "s3", timedelta(minutes=-16))
    assert (error.code, error.message) == ("AccessDenied", "Request is not valid yet")


def test_presigned_request_of_sts_has_expired() -> None:
    """Presigned requests of other services expire as well."""
    request = _signed("other service, presigned", path="/")
    error = _refused(request, "sts", timedelta(seconds=62))
    assert (error.code, error.status) == ("SignatureDoesNotMatch", 403)
    assert error.message.startswith("Signature expired")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("X-Amz-Expires=600", "X-Amz-Expires=604801", "must be less than a week"),
        ("X-Amz-Expires=600", "X-Amz-Expires=-1", "must be non-negative"),
        ("X-Amz-Expires=600", "X-Amz-Expires=soon", "should be a number"),
        ("X-Amz-Expires=600", "X-Amz-Expires=", "requires the X-Amz-Algorithm"),
        ("X-Amz-SignedHeaders=host", "x=y", "requires the X-Amz-Algorithm"),
        ("AWS4-HMAC-SHA256", "AWS3", "only supports"),
        ("X-Amz-Date=2", "X-Amz-Date=x", "ISO8601 Long Format"),
        ("%2Faws4_request", "", "the Credential is mal-formed"),
        ("%2Fs3%2F", "%2Fsts%2F", 'incorrect service "sts"'),
        ("aws4_request", "aws5_request", "incorrect terminator"),
    ],
)
def test_malformed_presigned_url(old: str, new: str, words: str) -> None:
    """What is wrong in the query of a presigned URL is said."""
    good = _signed("presigned")
    assert old in good.raw_query
    error = _refused(replace(good, raw_query=good.raw_query.replace(old, new)), "s3")
    assert (error.code, error.status) == ("AuthorizationQueryParametersError", 400)
    assert words in error.message


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("/s3/", "/dynamodb/", 'incorrect service "dynamodb". This endpoint belongs to "s3".'),
        ("aws4_request", "aws5_request", "incorrect terminator"),
        ("/eu-central-1/s3", "/s3", "the Credential is mal-formed"),
        (f"{KEY}/20", f"{KEY}/xx", "incorrect date format"),
        (f"{KEY}/20", f"{KEY}/19", "Invalid credential date"),
        ("Signature=", "Sig=", "requires three components"),
        ("SignedHeaders=", "", "is malformed"),
    ],
)
def test_malformed_header_of_s3(old: str, new: str, words: str) -> None:
    """What is wrong in an Authorization header is said."""
    error = _refused(_authorization(_signed("header"), old, new), "s3")
    assert (error.code, error.status) == ("AuthorizationHeaderMalformed", 400)
    assert words in error.message


def test_incomplete_header_of_another_service() -> None:
    """The other services name the missing component."""
    request = _authorization(_signed("other service", path="/"), "Signature=", "Sig=")
    error = _refused(request, "dynamodb")
    assert (error.code, error.status) == ("IncompleteSignatureException", 400)
    assert "requires 'Signature' parameter" in error.message


def test_scope_of_another_service() -> None:
    """A signature for one service is not good for another one."""
    error = _refused(_signed("other service", path="/"), "kms")
    assert error.code == "InvalidSignatureException"
    assert error.message == "Credential should be scoped to correct service: 'kms'."


def test_any_region_is_accepted() -> None:
    """The region of the scope is the client's choice."""
    kind = SIGNERS["header"]
    SIGNERS["elsewhere"] = (kind[0], "s3", "mars-north-7")
    request = _signed("elsewhere")
    assert sigv4.claims(request, "s3").region == "mars-north-7"
    assert _verify(request, "s3")


@pytest.mark.parametrize("header", ["AWS AKIA:c2ln", "AWS4-ECDSA-P256-SHA256 Credential=x"])
def test_other_signature_versions_are_not_supported(header: str) -> None:
    """Version 2 and the asymmetric one get S3's hint to version 4."""
    error = _refused(_with(_signed("header"), authorization=header), "s3")
    assert (error.code, error.status) == ("InvalidRequest", 400)
    assert "Please use AWS4-HMAC-SHA256" in error.message


def test_query_of_signature_version_2_is_not_supported() -> None:
    """A presigned URL of version 2 gets the same hint."""
    query = "AWSAccessKeyId=AKIA&Signature=abc&Expires=1"
    error = _refused(Request("GET", "/b/k", query, Headers([("host", HOST)])), "s3")
    assert error.code == "InvalidRequest"


def test_two_mechanisms_at_once() -> None:
    """A header and a presigned query together are refused."""
    request = _with(
        _signed("presigned"), authorization=_signed("header").headers.get("authorization")
    )
    error = _refused(request, "s3")
    assert error.code == "InvalidArgument"
    assert error.message.startswith("Only one auth mechanism allowed")


def test_unknown_scheme() -> None:
    """HTTP Basic is not for the AWS protocols."""
    error = _refused(_with(_signed("header"), authorization="Basic YTpi"), "s3")
    assert (error.code, error.message) == ("InvalidArgument", "Unsupported Authorization Type")


def test_missing_payload_hash() -> None:
    """S3 requires x-amz-content-sha256."""
    error = _refused(_with(_signed("header"), x_amz_content_sha256=None), "s3")
    assert error.code == "InvalidRequest"
    assert error.message == "Missing required header for this request: x-amz-content-sha256"


def test_payload_hash_that_is_none() -> None:
    """x-amz-content-sha256 is a hash or one of the keywords."""
    error = _refused(_with(_signed("header"), x_amz_content_sha256="A" * 64), "s3")
    assert (error.code, error.fields["ArgumentName"]) == ("InvalidArgument", "x-amz-content-sha256")


@pytest.mark.parametrize("value", [None, "yesterday", "20260230T000000Z"])
def test_no_valid_date(value: str | None) -> None:
    """Without a time there is nothing to verify."""
    error = _refused(_with(_signed("header"), x_amz_date=value), "s3")
    assert error.code == "AccessDenied"
    assert error.message == "AWS authentication requires a valid Date or x-amz-date header"


def test_date_at_the_end_of_time() -> None:
    """A Date that is past the calendar's end is no valid one."""
    date = "Fri, 31 Dec 9999 23:59:59 -1400"
    request = _with(_signed("header"), x_amz_date=None, date=date)
    assert _refused(request, "s3").code == "AccessDenied"


@pytest.mark.parametrize("date", ["99991231", "00010101"])
def test_presigned_at_the_end_of_time(date: str) -> None:
    """A presigned URL of any date that there is gets a plain refusal."""
    good = _signed("presigned")
    today = datetime.now(UTC).strftime("%Y%m%d")
    assert today in good.raw_query
    error = _refused(replace(good, raw_query=good.raw_query.replace(today, date)), "s3")
    assert (error.code, error.status) == ("AccessDenied", 403)


def test_no_date_for_another_service() -> None:
    """The other services call a signature without time incomplete."""
    error = _refused(_with(_signed("other service", path="/"), x_amz_date=None), "dynamodb")
    assert error.code == "IncompleteSignatureException"


def test_header_that_was_not_signed() -> None:
    """An x-amz- header that was added on the way is refused and named."""
    error = _refused(_with(_signed("header"), x_amz_acl="public-read"), "s3")
    assert (error.code, error.status) == ("AccessDenied", 403)
    assert error.fields["HeadersNotSigned"] == "x-amz-acl"


def test_target_that_was_not_signed() -> None:
    """The operation of a JSON service cannot be changed on the way."""
    request = _with(
        _signed("other service", path="/"), x_amz_target="DynamoDB_20120810.DeleteTable"
    )
    error = _refused(request, "dynamodb")
    assert error.message == "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization."


@pytest.mark.parametrize(
    ("signer", "service", "code"),
    [
        ("header", "s3", "AccessDenied"),
        ("other service", "dynamodb", "InvalidSignatureException"),
    ],
)
def test_host_must_be_signed(signer: str, service: str, code: str) -> None:
    """A signature that leaves out the host is refused."""
    request = _authorization(_signed(signer, path="/"), "host;", "")
    assert _refused(request, service).code == code


def test_headers_that_proxies_touch_need_not_be_signed() -> None:
    """Other headers may come and go on the way."""
    request = _with(_signed("header"), via="1.1 proxy", x_amzn_trace_id="Root=1", accept="*/*")
    assert _verify(request, "s3")


def test_date_header_serves_where_there_is_no_x_amz_date() -> None:
    """A malformed scope date is told by the Date header, in HTTP's own form."""
    request = _with(_signed("header"), x_amz_date=None, date="Fri, 24 May 2013 00:00:00 GMT")
    assert "Invalid credential date" in _refused(request, "s3").message


def test_context_does_not_show_its_key() -> None:
    """What is logged of a context holds no secret."""
    context = _verify(_signed("header"), "s3")
    shown: Callable[[object], str] = repr
    assert context.key.hex() not in shown(context)
    assert "key=" not in shown(context)


@given(st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0)))
def test_every_second_is_read(moment: datetime) -> None:
    """Times of signing are read for what they say."""
    assert parse_time(f"{moment:%Y%m%dT%H%M%SZ}".rjust(16, "0")) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20260501",
        "00000101T000000Z",
        "20260001T000000Z",
        "20260230T000000Z",
        "20260501T240000Z",
        "20260501T006000Z",
        "20260501T000060Z",
        "20260501T000000",
        "20260501T000000z",
        "20260501 000000Z",
        "\u0662\u0660260501T000000Z",
    ],
)
def test_what_is_no_time_of_signing(text: str) -> None:
    """A time that does not exist, or in another form, is none."""
    assert parse_time(text) is None


def test_a_signing_context_does_not_show_its_key() -> None:
    """What signs the chunks of a body gets into no log."""
    assert "secret" not in repr(sigv4.SigningContext(b"secret", "", "", "", ""))
