"""Every served operation, both ways, against botocore.

Its requests are read back equal to what it was given, and what we answer it reads back equal to what
the handler returned.
"""

import random
import string
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import botocore.session
import pytest
from botocore.awsrequest import HeadersDict
from botocore.model import ServiceModel as BotocoreModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from holdfast.aws import protocols, routing
from holdfast.aws.http import Headers, Request, Response
from holdfast.aws.models import SERVED, service
from holdfast.aws.shapes import Member, Shape
from holdfast.client.own_service import learn_model

OPERATIONS = [(name, operation) for name in sorted(SERVED) for operation in sorted(SERVED[name])]
SEEDS = range(6)

# Patterns are met by fixed words; what no pattern asks for is made up.
WORDS = {
    "arnType": "arn:aws:iam::123456789012:role/deploy",
    "AliasNameType": "alias/state",
    "pathType": "/team/",
    "pathPrefixType": "/team/",
    "policyPathType": "/team/",
    "tokenCodeType": "123456",
    "Expires": "Wed, 21 Oct 2026 07:28:00 GMT",
}


class Maker:
    """Makes values of shapes."""

    def __init__(self, seed: str) -> None:
        """Make the same values for the same seed."""
        self.random = random.Random(seed)
        self.depth = 0

    def structure(self, shape: Shape) -> dict[str, Any]:
        """Make a structure with the required and some of the other members."""
        result = {}
        self.depth += 1
        for member in shape.members.values():
            rare = self.depth > 4
            wanted = member.required or member.name == shape.payload
            if wanted or (not rare and self.random.random() < 0.7):
                result[member.name] = self.member(member)
        self.depth -= 1
        if not result and shape.members:
            # The query protocol cannot say that a structure is there but empty.
            first = next(iter(shape.members.values()))
            result[first.name] = self.member(first)
        return result

    def member(self, member: Member) -> Any:
        """Make a member's value, ASCII if it is in a header."""
        if member.shape.type == "timestamp":
            return self.moment()
        plain = member.location in ("header", "headers")
        value = self.value(member.shape, plain=plain)
        if member.location == "headers":
            return {key.lower(): text for key, text in value.items()}
        return value

    def value(self, shape: Shape, *, plain: bool = False) -> Any:
        """Make a value."""
        if shape.type == "structure":
            return self.structure(shape)
        if shape.type == "list":
            return [self.value(shape.item.shape, plain=plain) for _ in range(self.size(shape))]
        if shape.type == "map":
            key, value = shape.entry
            pairs = range(self.size(shape))
            keys = [f"{self.word(key.shape)}{n}" for n in pairs]
            return {name: self.value(value.shape, plain=plain) for name in keys}
        return self.scalar(shape, plain=plain)

    def size(self, shape: Shape) -> int:
        """Choose how many elements."""
        size = int(max(shape.minimum or 0, 1)) + (self.depth < 3)
        return size if shape.maximum is None else min(size, int(shape.maximum))

    def scalar(self, shape: Shape, *, plain: bool) -> Any:
        """Make a scalar."""
        match shape.type:
            case "string":
                return self.word(shape, plain=plain)
            case "boolean":
                return self.random.random() < 0.5
            case "integer" | "long":
                return int(shape.minimum or 1) + self.random.randrange(2)
            case "float" | "double":
                return self.random.randrange(100) / 4
            case "blob":
                return self.random.randbytes(self.random.randrange(1, 9))
            case "timestamp":
                return self.moment()
        raise AssertionError(shape.type)

    def moment(self) -> datetime:
        """Make a time of whole seconds."""
        return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=self.random.randrange(10**8))

    def word(self, shape: Shape, *, plain: bool = True) -> str:
        """Make a string."""
        if shape.enum:
            return self.random.choice(shape.enum)
        if shape.name in WORDS:
            return WORDS[shape.name]
        if shape.pattern:
            return "a" * int(max(shape.minimum or 1, 1))
        alphabet = string.ascii_letters if plain else "az <>&\"'/+%é漢\U0001f600\t\n"
        length = int(max(shape.minimum or 1, 1)) + self.random.randrange(4)
        return (
            "".join(self.random.choice(alphabet) for _ in range(length)).strip().ljust(length, "x")
        )


@pytest.fixture(scope="module")
def models() -> Mapping[str, BotocoreModel]:
    """Botocore's models, and that of our service as botocore reads it."""
    session = botocore.session.Session()
    learn_model(session)
    return {name: session.get_service_model(name) for name in SERVED}


def to_request(serialized: Mapping[str, Any], service_name: str) -> tuple[Request, bytes]:
    """Make a request of what a serializer of botocore returns."""
    body = serialized["body"]
    if isinstance(body, dict):
        body = urlencode(body)
    if isinstance(body, str):
        body = body.encode()
    query = serialized["query_string"]
    path, _, literal = serialized["url_path"].partition("?")
    if isinstance(query, dict):
        pairs = [(k, v) for k, v in query.items()]
        flat = [(k, w) for k, v in pairs for w in (v if isinstance(v, list) else [v])]
        query = urlencode(flat).replace("+", "%20")
    headers = Headers([("host", f"{service_name}.example"), *serialized["headers"].items()])
    joined = "&".join(piece for piece in (literal, query) if piece)
    return Request(serialized["method"], path, joined, headers), body or b""


def from_response(response: Response, body: bytes | BytesIO) -> dict[str, Any]:
    """Make what a parser of botocore takes of a response."""
    headers = HeadersDict(dict(response.headers))
    return {"status_code": response.status, "headers": headers, "body": body}


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_requests_of_botocore_are_read_back(
    models: Mapping[str, BotocoreModel], name: str, operation: str
) -> None:
    """What botocore serializes comes out of routing and parsing as it went in."""
    theirs, ours = models[name], service(name).operations[operation]
    serializer = create_serializer(theirs.protocol, include_validation=False)
    for seed in SEEDS:
        params = Maker(f"{operation}{seed}").structure(ours.input) if ours.input else {}
        if ours.streams_input:
            del params[ours.payload]
        serialized = serializer.serialize_to_request(params, theirs.operation_model(operation))
        request, body = to_request(serialized, name)
        target = routing.route(name, request, body)
        assert target.operation == operation
        assert protocols.parse(name, ours, request, target, body) == params


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_botocore_reads_responses_back(
    models: Mapping[str, BotocoreModel], name: str, operation: str
) -> None:
    """What we serialize comes out of botocore's parser as the handler returned it."""
    theirs, ours = models[name], service(name).operations[operation]
    parser = create_parser(theirs.protocol)
    shape: Any = theirs.operation_model(operation).output_shape
    for seed in SEEDS:
        result = Maker(f"{operation}{seed}").structure(ours.output) if ours.output else {}
        response = protocols.serialize(name, ours, result, "RID")
        body: Any = response.body
        if ours.streams_output:
            body = result[ours.output_payload] = BytesIO(b"x")
            result.pop("ContentLength", None)  # set where the body is
        parsed = parser.parse(from_response(response, body), shape)
        metadata = parsed.pop("ResponseMetadata")
        assert metadata["RequestId"] == "RID"
        if operation == "GetBucketLocation":  # its parser is a hook of botocore's client
            assert result["LocationConstraint"] in body.decode()
        else:
            assert _as_ours(parsed) == result


def _as_ours(parsed: dict[str, Any]) -> dict[str, Any]:
    """Undo what botocore alone does: it reads `Expires` as a time and always makes a `Metadata`."""
    if isinstance(parsed.get("Expires"), datetime):
        parsed["Expires"] = WORDS["Expires"]
    if not parsed.get("Metadata", True):
        del parsed["Metadata"]
    return parsed
