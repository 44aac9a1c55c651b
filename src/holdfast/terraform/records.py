"""What a state holds, as frozen records: outputs, resources and their instances."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Literal

import msgspec

from holdfast.terraform.exact_json import UnreadableState, decode_as, decode_value

Format = Literal["v4", "v3", "encrypted", "empty"]
Mode = Literal["managed", "data"]
# The way to a value inside attributes: names and indexes from the outside in.
Path = tuple[str | int, ...]

_NULL = msgspec.Raw(b"null")
_PROVIDER = re.compile(r'provider(?:\["(?P<source>[^"]*)"\]|\.(?P<legacy>[^.]+))')
_PUBLIC_REGISTRIES = ("registry.terraform.io/", "registry.opentofu.org/", "terraform.io/")
_SHORT_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


@dataclass(frozen=True, slots=True)
class Output:
    """A root module's output value."""

    value: Any
    type: Any  # cty's JSON form: "string", ["list", "string"], ...
    sensitive: bool = False

    def __repr__(self) -> str:
        shown = "(sensitive value)" if self.sensitive else repr(self.value)
        return f"Output(value={shown}, type={self.type!r}, sensitive={self.sensitive!r})"


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of the configuration, which has any number of instances."""

    mode: Mode
    type: str
    name: str
    module: str = ""  # module.network["eu"], empty in the root module
    provider: str = ""  # provider["registry.terraform.io/hashicorp/aws"].alias

    @property
    def address(self) -> str:
        """The address without an instance key."""
        prefix = f"{self.module}." if self.module else ""
        return f"{prefix}{'data.' if self.mode == 'data' else ''}{self.type}.{self.name}"

    @property
    def provider_name(self) -> str:
        """The provider as configurations name it: `hashicorp/aws`, `example.com/acme/tool`."""
        return _provider_name(self.provider)


@lru_cache(maxsize=1024)
def _provider_name(provider: str) -> str:
    found = _PROVIDER.search(provider)
    if found is None:
        return provider
    source: str = found["source"] or found["legacy"]
    for registry in _PUBLIC_REGISTRIES:
        source = source.removeprefix(registry)
    return source


@dataclass(frozen=True, eq=False)
class Instance:
    """One object that a state keeps. Its attributes are decoded when they are first asked for."""

    resource: Resource
    index_key: int | str | None = None
    deposed: str = ""  # eight hexadecimal digits, or empty for the current object
    status: str = ""  # "tainted", or empty
    schema_version: int = 0
    sensitive: tuple[Path, ...] = ()
    dependencies: tuple[str, ...] = ()
    create_before_destroy: bool = False
    flat: bool = False  # attributes are a legacy map of strings with dotted names
    raw: bytes = field(default=b"null", repr=False)  # attributes as JSON
    private: str = field(default="", repr=False)

    @cached_property
    def address(self) -> str:
        """The full address: `module.m["q"].aws_x.y["k"]`, `data.aws_x.y[0]`."""
        return self.resource.address + key_suffix(self.index_key)

    @property
    def label(self) -> str:
        """The address, and which deposed object it is if it is one."""
        return f"{self.address} (deposed {self.deposed})" if self.deposed else self.address

    @property
    def tainted(self) -> bool:
        """Whether the next apply replaces it."""
        return self.status == "tainted"

    @cached_property
    def attributes(self) -> Mapping[str, Any]:
        """The attributes; numbers are `int` or `Decimal`.

        Raises:
            UnreadableState: they are not an object, or hold a number beyond all bounds.
        """
        return self.read_attributes()

    def read_attributes(self) -> Mapping[str, Any]:
        """Decode the attributes without keeping them, for passing through large states."""
        value = decode_value(self.raw)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise UnreadableState(f"the attributes of {self.address} are not an object")
        return value

    def some_attributes(self, names: Collection[str]) -> Mapping[str, Any]:
        """Return the attributes of some names only, which is faster than to decode all.

        Raises:
            UnreadableState: as for `attributes`.
        """
        fields = tuple(sorted(names))
        found = decode_as(_decoder_of(fields), self.raw)
        if found is None:
            return {}
        return {
            name: decode_value(getattr(found, f"f{place}")) for place, name in enumerate(fields)
        }


@lru_cache(maxsize=512)
def _decoder_of(names: tuple[str, ...]) -> "msgspec.json.Decoder[msgspec.Struct | None]":
    """Return a decoder of objects that passes over all but some fields, which may be missing."""
    fields = [(f"f{place}", msgspec.Raw, _NULL) for place, _ in enumerate(names)]
    renamed = {f"f{place}": name for place, name in enumerate(names)}
    return msgspec.json.Decoder(msgspec.defstruct("Some", fields, rename=renamed) | None)


@dataclass(frozen=True)
class StateFile:
    """A state as it was read. Encrypted ones tell no more than serial and lineage."""

    format: Format
    terraform_version: str = ""
    serial: int = 0
    lineage: str = ""
    outputs: Mapping[str, Output] = field(default_factory=dict)
    resources: tuple[Resource, ...] = ()
    instances: tuple[Instance, ...] = ()
    raw_check_results: bytes = field(default=b"null", repr=False)

    @property
    def check_results(self) -> Any:
        """The results of checks as Terraform wrote them, or None."""
        return decode_value(self.raw_check_results)

    @property
    def managed(self) -> Iterator[Instance]:
        """The instances of managed resources, without data sources."""
        return (each for each in self.instances if each.resource.mode == "managed")

    @property
    def is_empty(self) -> bool:
        """Whether it holds nothing (of encrypted states it cannot be said: they are not)."""
        return self.format != "encrypted" and not self.instances and not self.outputs


def key_suffix(key: int | str | None) -> str:
    """Return an instance key as it stands in an address: `[0]`, `["name"]`, or nothing."""
    if key is None:
        return ""
    return f"[{key}]" if isinstance(key, int) else f'["{_quoted(key)}"]'


def _quoted(text: str) -> str:
    """Escape like Terraform's `addrs.toHCLQuotedString`."""
    escaped = "".join(_escape(character) for character in text)
    return escaped.replace("${", "$${").replace("%{", "%%{")


def _escape(character: str) -> str:
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
