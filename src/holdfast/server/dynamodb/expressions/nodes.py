"""The tree of an expression: frozen values.

Fresh from the parser a path holds `#name` parts and a value is a `Parameter`. Binding replaces both.
"""

import msgspec

from holdfast.server.dynamodb.values import AttributeValue


class Path(msgspec.Struct, frozen=True):
    """A document path such as `a.#b[0]`: names and list indexes."""

    parts: tuple[str | int, ...]

    def __str__(self) -> str:
        """As DynamoDB shows a path in its messages."""
        shown = (f"[{part}]" if isinstance(part, int) else part for part in self.parts)
        return f"[{', '.join(shown)}]"


class Parameter(msgspec.Struct, frozen=True):
    """A reference to an expression attribute value: `:v`."""

    name: str


class Literal(msgspec.Struct, frozen=True):
    """The value that a parameter stands for."""

    value: AttributeValue


class Call(msgspec.Struct, frozen=True):
    """A function with its arguments."""

    name: str
    arguments: tuple["Operand", ...]


class Arithmetic(msgspec.Struct, frozen=True):
    """A sum or difference in an update."""

    operator: str  # + or -
    left: "Operand"
    right: "Operand"


Operand = Path | Parameter | Literal | Call | Arithmetic


class Compare(msgspec.Struct, frozen=True):
    """Two operands compared."""

    operator: str  # = <> < <= > >=
    left: Operand
    right: Operand


class Between(msgspec.Struct, frozen=True):
    """An operand between two others, both included."""

    operand: Operand
    low: Operand
    high: Operand


class In(msgspec.Struct, frozen=True):
    """An operand equal to one of a list."""

    operand: Operand
    choices: tuple[Operand, ...]


class Not(msgspec.Struct, frozen=True):
    """A condition turned around."""

    condition: "Condition"


class And(msgspec.Struct, frozen=True):
    """Two or more conditions that all hold."""

    conditions: tuple["Condition", ...]


class Or(msgspec.Struct, frozen=True):
    """Two or more conditions of which one holds."""

    conditions: tuple["Condition", ...]


Condition = Call | Compare | Between | In | Not | And | Or


class Action(msgspec.Struct, frozen=True):
    """One step of an update. `operand` is None for REMOVE only."""

    section: str  # SET, REMOVE, ADD or DELETE
    path: Path
    operand: Operand | None = None


class Update(msgspec.Struct, frozen=True):
    """All steps of an update expression, in its order."""

    actions: tuple[Action, ...]


class Projection(msgspec.Struct, frozen=True):
    """The paths of a projection expression."""

    paths: tuple[Path, ...]
