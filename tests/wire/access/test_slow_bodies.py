"""A body that takes long to arrive: its sender may lose the key, or the right, before its end."""

from collections.abc import Callable
from typing import Any

import pytest

from holdfast.aws.http import Headers, Request
from holdfast.server.exchange import Exchange
from http_backend import basic
from in_process import REGION, Aws
from raw_http import Signer
from somebody import Somebody, allow, deny, document

PUT = allow("s3:PutObject")
BODY = b"x" * 100
MINUTE = 60.0
Make = Callable[..., Somebody]


def put(place: Aws, who: Somebody | dict[str, str]) -> Exchange:
    """Begin to put an object; half of its body is sent."""
    return _begun(place, who, "PUT", "/states/staging/new", BODY)


def _begun(
    place: Aws, who: Somebody | dict[str, str], method: str, target: str, body: bytes
) -> Exchange:
    if isinstance(who, dict):
        key = (who["AccessKeyId"], who["SecretAccessKey"], REGION, who["SessionToken"])
    else:
        key = (who.key.access_key_id, who.key.secret, REGION, "")
    signed = Signer("127.0.0.1:8270", *key).headers(method, target, body)
    signed["Content-Length"] = str(len(body))
    path, _, query = target.partition("?")
    exchange = place.pipeline.begin(Request(method, path, query, Headers(signed.items())))
    assert exchange.response is None
    exchange.feed(body[: len(body) // 2])
    return exchange


def end(exchange: Exchange, body: bytes = BODY) -> tuple[int, str]:
    """Send the rest; return status and code."""
    exchange.feed(body[len(body) // 2 :])
    exchange.finish()
    response = exchange.response
    assert response is not None
    return response.status, exchange.error_code


def is_there(place: Aws) -> bool:
    """Say whether the object was stored."""
    return "Contents" in place.s3.list_objects_v2(Bucket="states", Prefix="staging/new")


def test_a_slow_body_is_stored(place: Aws, somebody: Make) -> None:
    """If nothing has changed."""
    exchange = put(place, somebody(PUT))
    place.clock.advance(MINUTE)
    assert end(exchange) == (200, "")
    assert is_there(place)


def test_a_key_that_is_switched_off_meanwhile_stores_nothing(place: Aws, somebody: Make) -> None:
    """At once, and not when all that it began has arrived."""
    ada = somebody(PUT)
    exchange = put(place, ada)
    place.clock.advance(MINUTE)
    off: Any = {"AccessKeyId": ada.key.access_key_id, "Status": "Inactive"}
    place.iam.update_access_key(UserName="ada", **off)
    assert end(exchange) == (403, "InvalidAccessKeyId")
    assert not is_there(place)


@pytest.mark.parametrize("by", ["user", "bucket"])
def test_a_right_that_is_taken_away_meanwhile_counts(place: Aws, somebody: Make, by: str) -> None:
    """By a policy of the user or of the bucket."""
    ada = somebody(PUT)
    exchange = put(place, ada)
    place.clock.advance(MINUTE)
    if by == "user":
        ada.may(allow("s3:GetObject"))
    else:
        denial = deny("s3:PutObject", "arn:aws:s3:::states/*", Principal="*")
        place.s3.put_bucket_policy(Bucket="states", Policy=document(denial))
    assert end(exchange) == (403, "AccessDenied")
    assert not is_there(place)


def test_a_session_that_ends_meanwhile_may_end_its_request(place: Aws, somebody: Make) -> None:
    """It had not ended when it began."""
    session = somebody(PUT).client("sts").get_session_token(DurationSeconds=900)["Credentials"]
    exchange = put(place, session)
    place.clock.advance(1000)
    assert end(exchange) == (200, "")


def test_a_document_from_a_key_that_is_switched_off_does_nothing(
    place: Aws, somebody: Make
) -> None:
    """Such as the list of what is to be deleted."""
    ada = somebody(allow("s3:DeleteObject"))
    body = b"<Delete><Object><Key>staging/app</Key></Object></Delete>"
    exchange = _begun(place, ada, "POST", "/states?delete", body)
    place.clock.advance(MINUTE)
    off: Any = {"AccessKeyId": ada.key.access_key_id, "Status": "Inactive"}
    place.iam.update_access_key(UserName="ada", **off)
    assert end(exchange, body) == (403, "InvalidAccessKeyId")
    place.s3.head_object(Bucket="states", Key="staging/app")


def test_a_state_over_http_meets_the_same(place: Aws, somebody: Make) -> None:
    """The body of a POST is as slow."""
    ada = somebody(PUT)
    told = basic(ada.key.access_key_id, ada.key.secret)
    pairs = {"host": "127.0.0.1:8270", "authorization": told, "content-length": str(len(BODY))}
    head = Request("POST", "/-/terraform/states/staging/new", "", Headers(pairs.items()))
    exchange = place.pipeline.begin(head)
    exchange.feed(BODY[:50])
    place.clock.advance(MINUTE)
    ada.may(allow("s3:GetObject"))
    assert end(exchange) == (403, "AccessDenied")
    assert not is_there(place)
