"""Holdfast's own service, for what AWS's cannot say: the journal, rules, past locks.

Its model is a file of ours, and with it the SDK speaks it as it speaks DynamoDB. It is where S3 is.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.client import errors
from holdfast.client.translate import Call, code_of, status_of, translated

if TYPE_CHECKING:
    from botocore.session import Session

SERVICE = "holdfast"
MODELS = Path(__file__).parents[1] / "service_model"
_VARIABLE = "AWS_ENDPOINT_URL_HOLDFAST"
_OUR_KIND = "application/x-amz-json-1.1"
# How a server that speaks as ours does answers what it does not know.
_UNKNOWN = {"UnknownOperationException", "NotImplemented"}


def learn_model(session: "Session") -> None:
    """Let an SDK session know the model of our service; before it makes its first client."""
    paths = session.get_component("data_loader").search_paths
    if str(MODELS) not in paths:
        paths.append(str(MODELS))


def address(s3_url: str, *, is_aws: bool) -> str:
    """Return the address of our service.

    Args:
        s3_url: the address of S3.
        is_aws: whether that is AWS's own.

    Raises:
        NotHoldfast: it is, and nothing says another address for us.
    """
    said = os.environ.get(_VARIABLE, "")
    if said:
        return said
    if is_aws:
        raise _not_ours("ask a Holdfast server", s3_url)
    return s3_url


def check_answers(client: Any) -> None:
    """Let a client of our service raise NotHoldfast for an answer that is none of ours."""

    def check(http_response: Any, **_: Any) -> None:
        kind = http_response.headers.get("content-type", "")
        # A busy proxy says nothing about who is behind it.
        if http_response.status_code < 500 and not kind.startswith(_OUR_KIND):
            raise _not_ours("use Holdfast's own service", client.meta.endpoint_url)

    client.meta.events.register(f"after-call.{SERVICE}", check)


@contextmanager
def translated_own(call: Call, client: Any) -> Iterator[None]:
    """Turn what the SDK raises for our service into our errors; another server is told from ours.

    Raises:
        NotHoldfast: the endpoint does not know the service, or the operation.
        HoldfastError: as `translated`.
    """
    from botocore.exceptions import ClientError
    from botocore.parsers import ResponseParserError

    with translated(call):
        try:
            yield
        except ResponseParserError as error:
            raise _not_ours(call.doing, client.meta.endpoint_url) from error
        except ClientError as error:
            if code_of(error) in _UNKNOWN or status_of(error) == 501:
                raise _not_ours(call.doing, client.meta.endpoint_url) from error
            raise


def _not_ours(doing: str, url: str) -> errors.NotHoldfast:
    return errors.NotHoldfast(
        f"cannot {doing}: the endpoint {url} is not a Holdfast server, or an older one",
        "Only 'holdfast serve' keeps this. Give the address of such a server: --endpoint URL, or "
        'eval "$(holdfast env)" where it runs.',
    )
