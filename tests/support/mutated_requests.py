"""Requests for every served operation, made of AWS's models: some right, most wrong somewhere.

A generator with a fixed seed, so that a failure comes back. Most names are those of things that
exist, so that many requests get past the first check.
"""

import base64
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

from holdfast.aws.shapes import Member, OperationModel, ServiceModel, Shape
from raw_http import JSON_KINDS, TARGETS

WRONG: tuple[Any, ...] = (
    *(None, "", "x", " ", 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**400, 1e308, 0.5, True, False),
    *([], {}, [None], [[]], {"": ""}, {"S": "x"}, {"N": "1"}, {"M": {"a": {"L": [{}]}}}, ["", ""]),
    *(
        "é" * 700,
        "\U0001f600",
        "\x00",
        "\x7f",
        "\ufffe",
        "a\r\nb",
        "%",
        "..",
        "../../x",
        "//",
        "a/../b",
    ),
    *("x" * 70_000, "9" * 5000, "-" * 300, "NaN", "1e9999999999", "1970-01-01T00:00:00Z", "🗿"),
    *("<a>&</a>", "'; DROP TABLE object; --", "arn:aws:kms:::", "arn:aws:iam::1:role/", "null"),
    *("bytes=0-18446744073709551616", "AAAA", "=", "0001-01-01T00:00:00+23:59", "*"),
)
EXPRESSIONS = (
    *("a = :v", "#n = :v AND attribute_not_exists(b)", "SET a = :v", "ADD a :v", "REMOVE a[0]"),
    *("DELETE a :v", "LockID = :v", "LockID = :v AND begins_with(r, :v)", "size(a) > :v", "NOT a"),
    *("a, b.c[1]", "((((a = :v))))", "a IN (:v, :v)", "a BETWEEN :v AND :v", "SET a = b + :v"),
    *("SET a = list_append(a, :v)", "contains(a, :v) OR a <> :v", "SET LockID = :v", "(" * 400),
    *(
        "a" * 5000,
        "SET a.b.c[3].d = if_not_exists(a, :v)",
        "a = ",
        ":v = :v",
        "#n",
        "\x00",
        "é = :v",
    ),
)
# Members that refuse nearly every request if they say anything.
RARE = frozenset(
    {
        *(
            "AttributesToGet",
            "AttributeUpdates",
            "ConditionalOperator",
            "Expected",
            "KeyConditions",
        ),
        *("QueryFilter", "ScanFilter", "DryRun", "GrantTokens", "Recipient", "CustomKeyStoreId"),
        *("ContentMD5", "ChecksumAlgorithm", "IfMatch", "IfNoneMatch", "RequestPayer", "MFA"),
        *("WriteOffsetBytes", "ContentLength", "GrantFullControl", "GrantRead", "GrantReadACP"),
        *("GrantWrite", "GrantWriteACP", "ObjectLockMode", "ObjectLockLegalHoldStatus"),
        *("ObjectLockRetainUntilDate", "BypassGovernanceRetention", "WebsiteRedirectLocation"),
    }
)


@dataclass
class Wire:
    """A request on its way to be signed."""

    service: str
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Mutator:
    """Makes requests for one service."""

    model: ServiceModel
    known: Mapping[str, tuple[Any, ...]]  # member or shape -> values that mean something
    seed: str
    chance: float = 0.08  # that a value is wrong
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._often = 0.0  # how many of the optional members there are

    def request(self, operation: OperationModel) -> Wire:
        """Return one more request for an operation."""
        self._often = self._random.choice((0.0, 0.1, 0.1, 0.4))
        params = self._structure(operation.input, 0) if operation.input else {}
        if self.model.protocol == "json":
            return self._json(operation, params)
        if self.model.protocol == "query":
            return self._query(operation, params)
        return self._rest(operation, params)

    # ---- values --------------------------------------------------------------------------------

    def _happens(self, chance: float) -> bool:
        return self._random.random() < chance

    def _structure(self, shape: Shape, depth: int) -> dict[str, Any]:
        members = list(shape.members.values())
        if shape.name == "AttributeValue":
            members = [self._random.choice(members)]
        return {
            member.name: self._value(member, depth + 1)
            for member in members
            if self._happens(self._chance_of(member, alone=len(members) == 1))
        }

    def _chance_of(self, member: Member, *, alone: bool) -> float:
        if member.required or alone or (member.shape.type == "structure" and not self._often):
            return 0.99
        if member.name == "KeyConditionExpression":  # Query needs it, whatever the model says
            return 0.9
        rare = member.name in RARE or "SSECustomer" in member.name
        return 0.01 if rare or member.name.startswith("Checksum") else self._often

    def _value(self, member: Member, depth: int) -> Any:
        shape = member.shape
        if self._happens(self.chance):
            return self._random.choice(WRONG)
        for name in (shape.name, member.name):
            if name in self.known and not self._happens(0.1):
                return self._random.choice(self.known[name])
        if shape.type == "structure":
            return self._structure(shape, depth) if depth < 7 else {}
        if shape.type == "list":
            few = self._random.choice((0, 1, 1, 1, 2, 3))
            return [self._value(shape.item, depth + 1) for _ in range(few if depth < 9 else 0)]
        if shape.type == "map":
            key, value = shape.entry
            few = self._random.choice((0, 1, 1, 2))
            names = [str(self._scalar(key)) for _ in range(few)]
            return {name: self._value(value, depth + 1) for name in names}
        return self._scalar(member)

    def _scalar(self, member: Member) -> Any:
        shape, choose = member.shape, self._random.choice
        if shape.enum and not self._happens(0.1):
            return choose(shape.enum)
        if shape.type in ("integer", "long", "float", "double"):
            return choose((1, 1, 2, 5, 10, 100, 0, -1))
        if shape.type == "boolean":
            return choose((True, False))
        if shape.type == "blob":
            return choose((b"", b"x", b"{}", b"\x00" * 5000))
        if shape.type == "timestamp":
            return choose((0, 1_700_000_000, 4_000_000_000, -1))
        if member.name.endswith("Expression"):
            return choose(EXPRESSIONS)
        return choose(("x", "a", "LockID", "1", "k", "#n", ":v", "12.5"))

    # ---- wire forms ----------------------------------------------------------------------------

    def _json(self, operation: OperationModel, params: Any) -> Wire:
        name = self.model.name
        if name == "dynamodb" and not self._happens(0.1):
            _prune(params)
        headers = {
            "X-Amz-Target": f"{TARGETS[name]}.{operation.name}",
            "Content-Type": JSON_KINDS[name],
        }
        text = json.dumps(params, default=_base64, ensure_ascii=self._happens(0.5))
        return Wire(name, "POST", "/", headers, text.encode())

    def _query(self, operation: OperationModel, params: Mapping[str, Any]) -> Wire:
        fields = {"Action": operation.name, "Version": self.model.api_version}
        _flatten(params, "", fields)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Wire(self.model.name, "POST", "/", headers, urlencode(fields).encode())

    def _rest(self, operation: OperationModel, params: Mapping[str, Any]) -> Wire:
        path, _, literals = operation.request_uri.partition("?")
        query = [literals] if literals else []
        headers: dict[str, str] = {}
        body = b""
        for member in operation.input.members.values() if operation.input else ():
            value = params.get(member.name)
            if member.location == "uri":
                text = quote(_text(value) or "k", safe="/")
                path = path.replace(f"{{{member.wire}+}}", text).replace(f"{{{member.wire}}}", text)
            elif value is None:
                continue
            elif member.location == "querystring":
                query.append(f"{quote(member.wire)}={quote(_text(value)[:3000], safe='')}")
            elif member.location == "header":
                headers[member.wire] = _header(value)
            elif member.location == "headers" and isinstance(value, dict):
                headers |= {member.wire + quote(k[:50]): _header(v) for k, v in value.items()}
            elif member.name == operation.payload:
                body = self._document(member, value)
        target = path + ("?" + "&".join(query) if query else "")
        headers.pop("Content-Length", None)
        return Wire("s3", operation.method, target, headers, body)

    def _document(self, member: Member, value: Any) -> bytes:
        if member.shape.type != "structure":
            return value if isinstance(value, bytes) else _text(value).encode()
        text = _xml(member.wire, member.shape, value)
        if self._happens(0.05):
            cut = self._random.randrange(len(text))
            text = (
                text[:cut] + self._random.choice(("", "<", "&", "\x00", "</a>")) + text[cut + 1 :]
            )
        return text.encode()


def _prune(value: Any) -> None:
    """Drop names and values that no expression uses, and add what they do use."""
    if isinstance(value, list):
        for each in value:
            _prune(each)
    if not isinstance(value, dict):
        return
    for each in value.values():
        _prune(each)
    text = " ".join(str(each) for name, each in value.items() if name.endswith("Expression"))
    for member, sign, meant in (("Values", ":v", {"S": "x"}), ("Names", "#n", "a")):
        if sign not in text:
            value.pop(f"ExpressionAttribute{member}", None)
        else:
            value.setdefault(f"ExpressionAttribute{member}", {sign: meant})


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return _base64(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return (
        str(value) if isinstance(value, str | int | float) else json.dumps(value, default=_base64)
    )


def _header(value: Any) -> str:
    clean = "".join(c for c in _text(value)[:3000] if c >= " " and c != "\x7f")
    return clean.strip().encode().decode("latin-1")


def _flatten(value: Any, name: str, fields: dict[str, str]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _flatten(inner, f"{name}.{key}" if name else key, fields)
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            _flatten(inner, f"{name}.member.{number}", fields)
    elif value is not None:
        fields[name] = _text(value)


def _xml(name: str, shape: Shape, value: Any) -> str:
    if isinstance(value, dict) and shape.type == "structure":
        inner = "".join(_xml_member(member, value) for member in shape.members.values())
        return f"<{name}>{inner}</{name}>"
    if isinstance(value, list) and shape.type == "list":
        item = shape.item
        return f"<{name}>{''.join(_xml(item.wire, item.shape, each) for each in value)}</{name}>"
    return f"<{name}>{escape(_text(value))}</{name}>"


def _xml_member(member: Member, values: Mapping[str, Any]) -> str:
    value = values.get(member.name)
    if member.name not in values:
        return ""
    if member.flattened and isinstance(value, list) and member.shape.type == "list":
        return "".join(_xml(member.wire, member.shape.item.shape, each) for each in value)
    return _xml(member.wire, member.shape, value)
