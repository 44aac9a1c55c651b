"""The tree of an expression: frozen values.

Fresh from the parser a path holds `#name` parts and a value is a `Parameter`. Binding replaces both.
"""

from dataclasses import dataclass

from holdfast.server.dynamodb.values import AttributeValue


@dataclass(frozen=True, slots=True)
class Path:
    """A document path such as `a.#b[0]`: names and list indexes."""

    parts: tuple[str | int, ...]

    def __str__(self) -> str:
        """As DynamoDB shows a path in its messages."""
        shown = (f"[{part}]" if isinstance(part, int) else part for part in self.parts)
        return f"[{', '.join(shown)}]"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A reference to an expression attribute value: `:v`."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """The value that a parameter stands for."""

    value: AttributeValue


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    name: str
    arguments: tuple["Operand", ...]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A sum or difference in an update."""

    operator: str  # + or -
    left: "Operand"
    right: "Operand"


Operand = Path | Parameter | Literal | Call | Arithmetic


@dataclass(frozen=True, slots=True)
class Compare:
    """Two operands compared."""

    operator: str  # = <> < <= > >=
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Between:
    """An operand between two others, both included."""

    operand: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True, slots=True)
class In:
    """An operand equal to one of a list."""

    operand: Operand
    choices: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """A condition turned around."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class And:
    """Two or more conditions that all hold."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Two or more conditions of which one holds."""

    conditions: tuple["Condition", ...]


Condition = Call | Compare | Between | In | Not | And | Or


@dataclass(frozen=True, slots=True)
class Action:
    """One step of an update. `operand` is None for REMOVE only."""

    section: str  # SET, REMOVE, ADD or DELETE
    path: Path
    operand: Operand | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """All steps of an update expression, in its order."""

    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Projection:
    """The paths of a projection expression."""

    paths: tuple[Path, ...]
