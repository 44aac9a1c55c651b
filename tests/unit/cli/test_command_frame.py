"""What all commands share: help, examples, groups, tables, colours, confirmations, completion."""

import io
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.shell_completion import BashComplete

from holdfast.cli.amounts import ago, counted, human_age, timestamp
from holdfast.cli.colours import Style, coloured, safe, styled
from holdfast.cli.exit_codes import ExitCode
from holdfast.cli.main import COMMANDS, cli, run
from holdfast.cli.output import CommandFailed, confirm, print_json
from holdfast.cli.state.failures import code_of, told
from holdfast.cli.tables import Cell, Column, Value, print_fields, print_table
from holdfast.client import errors


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@dataclass(frozen=True)
class Thing:
    """A record."""

    name: str
    when: datetime
    code: ExitCode


def commands(
    command: click.Command = cli, context: click.Context | None = None, name: str = "holdfast"
) -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its whole name, those of groups too."""
    inner = click.Context(command, info_name=name, parent=context)
    yield inner.command_path, command
    if isinstance(command, click.Group):
        for one in command.list_commands(inner):
            found = command.get_command(inner, one)
            assert found is not None
            yield from commands(found, inner, one)


ALL = dict(commands())


def examples_of(command: click.Command) -> list[str]:
    """Return the examples at the end of a command's help."""
    lines = (command.epilog or "").splitlines()
    return [line.strip() for line in lines if line.startswith("  ") and "holdfast" in line]


def calls_of(example: str) -> Iterator[list[str]]:
    """Yield what an example passes to `holdfast`: without variables, pipes and redirections."""
    lexer = shlex.shlex(example, posix=True, punctuation_chars="|><;")
    lexer.whitespace_split = True
    call: list[str] | None = None
    for word in lexer:
        if word[0] in "|>;":
            yield from [call] if call is not None else []
            call = None
        elif call is not None:
            call.append(word)
        elif word == "holdfast":
            call = []
        elif word.startswith("$("):
            yield from calls_of(word.removeprefix("$(").removesuffix(")"))
    yield from [call] if call is not None else []


def parsed(words: list[str]) -> str:
    """Let click parse a command line; return the whole name of the command."""
    command: click.Command = cli
    context = click.Context(cli, info_name="holdfast")
    while isinstance(command, click.Group):
        inner = command.get_command(context, words[0]) if words else None
        if inner is None:  # a group that runs its default
            name = getattr(command, "default", "")
            inner = command.get_command(context, name)
        else:
            name, words = words[0], words[1:]
        assert inner is not None, words
        command, context = inner, click.Context(inner, info_name=name, parent=context)
    try:
        command.make_context(context.info_name, list(words), parent=context.parent)
    except click.BadParameter as error:
        if "does not exist" not in error.message:  # the files of an example need not be here
            raise
    return context.command_path


@pytest.mark.parametrize("name", sorted(set(ALL) - {"holdfast"}))
def test_every_example_is_one_that_works(name: str) -> None:
    """There is one; its options and their values are right; it uses the command it stands at."""
    examples = examples_of(ALL[name])
    assert examples
    for example in examples:
        used = [parsed(words) for words in calls_of(example)]
        assert any(path.startswith(name) for path in used), example


@pytest.mark.parametrize("name", COMMANDS)
def test_every_listed_command_says_what_it_does(name: str) -> None:
    """The line in the list is a sentence, and fits on it."""
    text = COMMANDS[name].text

    assert text.endswith(".")
    assert text[0].isupper()
    assert len(text) <= 60


def test_the_exit_codes_are_in_one_place(capsys: pytest.CaptureFixture[str]) -> None:
    """`holdfast --help` has the table; a command's help says so in a line."""
    run(["--help"])
    assert "somebody else holds the lock" in capsys.readouterr().out
    run(["serve", "--help"])
    out = capsys.readouterr().out
    assert "Exit codes: see 'holdfast --help'." in out
    assert "somebody else holds the lock" not in out


def test_help_has_sections(capsys: pytest.CaptureFixture[str]) -> None:
    """Commands are grouped by what they are for."""
    run(["--help"])
    out = capsys.readouterr().out

    assert out.index("\nSet-up:\n") < out.index("\nServer:\n")


def test_a_piped_table_is_plain_and_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    """No tabs, no colours, nothing folded, no blanks at the ends; control characters are escaped."""
    rows: list[tuple[Value, ...]] = [
        ("a" * 200, 7, Cell("ok", Style.GOOD)),
        ("b\x1b[31m\n", None, "x"),
    ]
    print_table(["NAME", Column("SIZE", right=True), "IS"], rows)
    head, first, second = capsys.readouterr().out.splitlines()

    assert first == f"{'a' * 200}     7  ok"
    assert head.split() == ["NAME", "SIZE", "IS"]
    assert second.startswith("b\\x1b[31m\\n ")
    assert second.endswith("   -  x")


def test_a_table_on_a_terminal_is_coloured_and_never_folded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Too narrow a terminal loses optional columns; what is left stays whole, to be copied."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    address = 'module.m["q"].x.y[0] ' * 3
    columns: list[Column | str] = ["ADDRESS", Column("SIZE", right=True, optional=True), "IS"]
    print_table(columns, [(address, 12, Cell("bad", Style.BAD))])
    shown = click.unstyle(stream.getvalue())

    assert "\x1b[31m" in stream.getvalue()
    assert shown.splitlines()[1] == f"{address}  bad"
    assert "SIZE" not in shown


def test_wide_characters_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    """A wide character takes two columns, a combining one none."""
    print_table(["NAME", "IS"], [("漢字", "x"), ("e\u0301abc", "y")])

    assert capsys.readouterr().out == "NAME  IS\n漢字  x\ne\u0301abc  y\n"


def test_an_empty_table_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is on standard output for a program to trip over."""
    print_table(["A"], [], empty="No states.")
    said = capsys.readouterr()

    assert (said.out, said.err) == ("", "No states.\n")


def test_fields_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    """What is not known is left out."""
    print_fields([("A", "x"), ("Long", 5), ("None", None)])

    assert capsys.readouterr().out == "A     x\nLong  5\n"


@pytest.mark.parametrize(
    ("environment", "terminal", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_when_colours_are_used(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    terminal: bool,
    expected: bool,
) -> None:
    """NO_COLOR wins, then FORCE_COLOR, then whether it is a terminal."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = Terminal() if terminal else io.StringIO()

    assert coloured(stream) is expected
    assert (styled("x", Style.BAD, stream) != "x") is expected


def test_text_of_others_cannot_move_the_cursor() -> None:
    """Escape sequences and line ends become visible; other scripts stay."""
    assert safe("a\x1b]0;t\x07\r\nb é 漢") == r"a\x1b]0;t\x07\r\nb é 漢"


def test_json_has_plain_values(capsys: pytest.CaptureFixture[str]) -> None:
    """Records, times, paths, sets and codes are understood, also inside each other."""
    when = datetime(2026, 3, 1, 13, 0, 5, 250000, tzinfo=UTC)
    thing = Thing("é", when, ExitCode.LOCKED)
    print_json({"things": (thing,), "path": Path("a/b"), "set": {"b", "a"}, "none": None})

    assert json.loads(capsys.readouterr().out) == {
        "things": [{"name": "é", "when": "2026-03-01T13:00:05.250000Z", "code": 9}],
        "path": "a/b",
        "set": ["a", "b"],
        "none": None,
    }


def test_a_confirmation_says_what_will_happen(capsys: pytest.CaptureFixture[str]) -> None:
    """With --yes it is said and done; where nobody can be asked nothing is done."""
    confirm(["One.", "Two."], yes=True)
    assert capsys.readouterr().err == "One.\nTwo.\n"

    with pytest.raises(CommandFailed) as refused:
        confirm("One.", yes=False)
    assert refused.value.code == ExitCode.REFUSED
    assert "--yes" in refused.value.next_step


@pytest.mark.parametrize(("answer", "goes_on"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_on_a_terminal_the_answer_counts(
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    goes_on: bool,
) -> None:
    """Only a yes is a yes."""
    stdin = Terminal(answer)
    monkeypatch.setattr(sys, "stdin", stdin)
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(click, "confirm", lambda *_, **__: stdin.readline() == "y\n")
    if goes_on:
        confirm("One.", yes=False)
        return
    with pytest.raises(CommandFailed) as refused:
        confirm("One.", yes=False)
    assert refused.value.code == ExitCode.INTERRUPTED


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (0.5, "0 s"),
        (59, "59 s"),
        (61, "1 min"),
        (7200, "2 h"),
        (86400, "1 day"),
        (40 * 86400, "1 month"),
        (800 * 86400, "2 years"),
    ],
)
def test_ages_are_in_their_largest_unit(seconds: float, text: str) -> None:
    """One number and one unit."""
    assert human_age(seconds) == text


def test_times_are_utc_and_relative() -> None:
    """A time is printed to the second; an age against a given now."""
    when = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)

    assert timestamp(when) == "2026-03-01 12:00:05Z"
    assert ago(when, when + timedelta(hours=3)) == "3 h ago"
    assert ago(None) == "-"


@pytest.mark.parametrize(
    ("count", "text"), [(0, "no states"), (1, "1 state"), (2000, "2,000 states")]
)
def test_counts_have_their_noun(count: int, text: str) -> None:
    """Singular, plural and none."""
    assert counted(count, "state") == text


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.LockHeld("x", "y", holder=None, where="file"), ExitCode.LOCKED),
        (errors.NoSuchBucket("x"), ExitCode.NOT_FOUND),
        (errors.NoCredentials("x"), ExitCode.ACCESS_DENIED),
        (errors.ServiceFailed("x"), ExitCode.FAILED),
    ],
)
def test_errors_of_the_library_have_exit_codes(error: errors.HoldfastError, code: int) -> None:
    """Each kind ends a command with its own code, and keeps its words."""
    failed = told(error)

    assert failed
    assert (failed.code, failed.happened) == (code, "x")
    assert code_of(error) == code
    assert told(ValueError()) is None


def test_every_error_of_the_library_is_mapped() -> None:
    """A new error needs a code, or is named here as failing without one."""
    plain = {"HoldfastError", "ServiceFailed"}
    kinds = [one for one in vars(errors).values() if isinstance(one, type)]
    for kind in kinds:
        if issubclass(kind, errors.HoldfastError) and kind.__name__ not in plain:
            made = kind.__new__(kind)
            assert code_of(made) != ExitCode.FAILED, kind.__name__


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The script names the program, and asks it."""
    assert run(["completion", shell]) == ExitCode.OK
    assert "_HOLDFAST_COMPLETE" in capsys.readouterr().out


def test_bash_completes_commands_and_options() -> None:
    """The program answers as the script asks it."""
    program = str(Path(sys.executable).parent / "holdfast")
    for words, cursor, expected in (
        ("holdfast ser", "1", "serve"),
        ("holdfast env --d", "2", "--data"),
    ):
        asked = {"_HOLDFAST_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": cursor}
        done = subprocess.run(
            [program], env=asked, capture_output=True, text=True, check=True, timeout=30
        )
        assert f"plain,{expected}" in done.stdout


def completed(words: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what bash would offer after these words, as kind and value."""
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    shell = BashComplete(cli, {}, "holdfast", "_HOLDFAST_COMPLETE")
    return shell.complete().splitlines()


def test_completing_the_name_of_a_command_imports_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each press of the tab key starts the program: it has to be quick."""
    monkeypatch.setattr("holdfast.cli.groups.importlib", None)

    assert completed("holdfast re", monkeypatch) == [
        "plain,restore",
        "plain,rescue",
        "plain,refused",
        "plain,restore-backup",
    ]


def test_a_group_with_a_default_completes_its_commands_and_options(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both may follow `holdfast locks`."""
    commands = ["plain,history", "plain,list", "plain,release-dead", "plain,watch"]
    assert completed("holdfast locks ", monkeypatch) == commands
    assert "plain,--prefix" in completed("holdfast locks --", monkeypatch)
    assert completed("holdfast config gen", monkeypatch) == ["plain,generate"]


def test_files_are_completed_where_standard_input_may_stand_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The shell looks for them."""
    assert completed("holdfast push err", monkeypatch) == ["file,err"]


@pytest.mark.parametrize("words", [["--help"], ["show", "--json", "--url", "nonsense"]])
def test_a_reader_that_has_gone_is_no_traceback(words: list[str]) -> None:
    """Neither for a result nor for an error in JSON."""
    program = str(Path(sys.executable).parent / "holdfast")
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        done = subprocess.run(
            [program, *words], stdout=gone, stderr=subprocess.PIPE, check=False, timeout=30
        )

    assert (done.returncode, done.stderr) == (ExitCode.FAILED, b"")


def test_a_confirmation_is_skipped_in_one_way() -> None:
    """It is --yes everywhere, and no command has its own name for it."""
    for name, command in ALL.items():
        names = {opt for param in command.params for opt in param.opts}
        assert not {"-y", "--assume-yes", "--auto-approve", "--no-confirm"} & names, name
