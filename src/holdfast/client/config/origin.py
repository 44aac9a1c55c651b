"""Where a value was found, and what is to be said about what was found."""

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Source(Enum):
    """The kinds of places that say something about a backend, the weakest first."""

    ENVIRONMENT = "environment"
    PROFILE = "profile"
    BLOCK = "block"  # the backend block of a .tf file
    FILE = "file"  # a .tfbackend file
    STORED = "stored"  # what `terraform init` wrote into .terraform
    OPTION = "option"  # a flag, -backend-config=NAME=VALUE included
    URL = "url"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was found.

    Attributes:
        source: the kind of place.
        name: the variable, flag, or section of the AWS configuration; empty for a file.
        file: the file as the user would name it, if it was in one.
        line: the line in it, from 1, where that is known.
    """

    source: Source
    name: str = ""
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        where = self.file or ""
        if self.line is not None:
            where += f":{self.line}"
        return " of ".join(part for part in (self.name, where) if part) or self.source.value


@dataclass(frozen=True, slots=True)
class Sourced:
    """A value and where it was found."""

    value: Any
    origin: Origin


class Level(Enum):
    """How much a remark matters."""

    ERROR = "error"  # the backend cannot be used like this
    WARNING = "warning"  # it may not be the backend that the user means
    NOTE = "note"  # worth knowing when looking at the configuration


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to be said about what was found: what it is, and what to do."""

    level: Level
    text: str  # a sentence without a full stop
    next_step: str = ""
    origin: Origin | None = None
    argument: str = ""  # which it is about, if a stronger value for it would settle the matter

    @property
    def happened(self) -> str:
        """The place and the sentence."""
        where = f"{self.origin}: " if self.origin and self.origin.file else ""
        return f"{where}{self.text}"

    def __str__(self) -> str:
        return f"{self.happened}. {self.next_step}".rstrip()
