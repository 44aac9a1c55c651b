"""AWS's shapes: what the members of an operation's input and output are, and where they travel.

They mirror botocore's `service-2.json`. A shape may contain itself (DynamoDB's AttributeValue), so
the loader in `models` fills them after making them; nobody changes one afterwards.
"""

from collections.abc import Mapping

import msgspec


class Shape(msgspec.Struct, eq=False):
    """A type. Two shapes are the same only if they are one object."""

    name: str
    # structure, list, map, string, blob, timestamp, boolean, integer, long, float or double
    type: str
    members: dict[str, "Member"] = {}  # of a structure, in model order
    element: "Member | None" = None  # of a list, see `item`
    key: "Member | None" = None  # of a map
    value: "Member | None" = None  # of a map
    flattened: bool = False
    payload: str = ""  # the member that is the whole body
    location_name: str = ""
    xml_namespace: str = ""
    xml_prefix: str = ""  # of the namespace, as in xsi
    timestamp_format: str = ""  # rfc822, iso8601, unixTimestamp or nothing
    enum: tuple[str, ...] = ()
    minimum: float | None = None  # of a value, or of the length of a string, blob, list or map
    maximum: float | None = None
    pattern: str = ""
    sensitive: bool = False

    @property
    def item(self) -> "Member":
        """The element of a list.

        Raises:
            TypeError: it is no list.
        """
        if self.element is None:
            raise TypeError(f"{self.name} is not a list")
        return self.element

    @property
    def entry(self) -> tuple["Member", "Member"]:
        """The key and the value of a map.

        Raises:
            TypeError: it is no map.
        """
        if self.key is None or self.value is None:
            raise TypeError(f"{self.name} is not a map")
        return self.key, self.value


class Member(msgspec.Struct, frozen=True, eq=False):
    """A place in a shape: a structure's member, a list's element, a map's key or value."""

    name: str  # as handlers see it
    shape: Shape
    location: str = ""  # uri, querystring, header, headers, statusCode, or nothing: the body
    wire: str = ""  # its name on the wire
    explicit: bool = False  # whether the model gives the wire name itself
    flattened: bool = False
    xml_attribute: bool = False
    xml_namespace: str = ""
    xml_prefix: str = ""
    streaming: bool = False
    required: bool = False
    timestamp_format: str = ""

    @property
    def repeats(self) -> bool:
        """Whether it is a list with no XML element around its own elements."""
        return self.flattened and self.shape.type == "list"

    @property
    def element_name(self) -> str:
        """The name of its XML element.

        A flattened list's elements have the member's own name, or the element's if it has none.
        """
        if self.flattened and not self.explicit and self.shape.element is not None:
            element = self.shape.element
            return element.wire if element.explicit else self.wire
        return self.wire


class OperationModel(msgspec.Struct, frozen=True, eq=False):
    """An operation that is served."""

    name: str
    method: str
    request_uri: str
    response_code: int
    input: Shape | None
    output: Shape | None
    result_wrapper: str = ""  # the element around a query protocol's result

    @property
    def payload(self) -> str:
        """The input member that is the whole body, or nothing."""
        return self.input.payload if self.input else ""

    @property
    def output_payload(self) -> str:
        """The output member that is the whole body, or nothing."""
        return self.output.payload if self.output else ""

    @property
    def streams_input(self) -> bool:
        """Whether the request's body is streamed."""
        return _streams(self.input)

    @property
    def streams_output(self) -> bool:
        """Whether the response's body is streamed."""
        return _streams(self.output)


def _streams(shape: Shape | None) -> bool:
    return bool(shape and shape.payload and shape.members[shape.payload].streaming)


class Template(msgspec.Struct, frozen=True):
    """What routing needs to know of any REST operation of AWS, served or not."""

    operation: str
    method: str
    uri: str
    needs_query: tuple[str, ...]  # the parameters it cannot do without
    takes_query: frozenset[str]  # all its parameters
    needs_headers: tuple[str, ...]
    deprecated: bool


class ServiceModel(msgspec.Struct, frozen=True, eq=False):
    """A service: what is served of it, and the names of all it has on AWS."""

    name: str
    protocol: str  # rest-xml, json or query
    json_version: str
    target_prefix: str
    api_version: str
    xml_namespace: str
    operations: Mapping[str, OperationModel]
    known: frozenset[str]
    errors: Mapping[str, Shape]  # by code, those that served operations declare
    templates: tuple[Template, ...]  # of a REST service
