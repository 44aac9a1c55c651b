"""What commands print: progress, errors, logs, shell lines."""

import asyncio
import errno
import io
import json
import logging
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.cli.amounts import human_size
from holdfast.cli.exit_codes import ExitCode, table
from holdfast.cli.main import COMMANDS, cli, run
from holdfast.cli.output import print_json
from holdfast.cli.progress import Progress
from holdfast.cli.server import credentials, endpoint, env, logs
from holdfast.cli.server.credentials import Credentials
from holdfast.cli.server.endpoint import Endpoint
from holdfast.cli.server.failures import explained
from holdfast.engine.directory import DirectoryInUse
from holdfast.engine.migrate import NewerFormat
from holdfast.engine.port import CorruptData, EngineError
from holdfast.engine.root_key import WrongRootKey
from holdfast.terraform.diff import diff
from holdfast.terraform.statefile import header, parse

KEY = Credentials("AKIA0123456789ABCDEF", "it's+a/secret=")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_progress_rewrites_one_line_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the line is replaced, and gone at the end."""
    times = iter([0.0, 1.0, 1.4])
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    stream = Terminal()
    progress = Progress("checking", stream)

    progress(5, 10)
    progress(10, 10)
    progress.finish()

    assert stream.getvalue() == (
        "\r\x1b[Kchecking [============            ] 5 of 10 (50%)"
        "\r\x1b[Kchecking [========================] 10 of 10 (100%)\r\x1b[K"
    )


def test_no_progress_is_shown_of_what_is_over_in_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A bar that flickers tells nobody anything."""
    times = iter([0.0, 0.6, 0.99])
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    stream = Terminal()
    progress = Progress("checking", stream)

    progress(5, 10)
    progress(10, 10)
    progress.finish()

    assert stream.getvalue() == ""


def test_progress_is_plain_and_rare_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere there is a line every few seconds, without control characters."""
    times = iter([0.0, 1.0, 6.0])
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    stream = io.StringIO()
    progress = Progress("checking", stream)

    progress(1, 0)
    progress(2, 0)
    progress.finish()

    assert stream.getvalue() == "checking: 2\n"


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (3 << 40, "3.0 TiB")]
)
def test_human_sizes(count: int, text: str) -> None:
    """Sizes are short."""
    assert human_size(count) == text


def test_env_lines_set_a_posix_shell_up() -> None:
    """A real shell that evaluates the lines has the values, and none that would break them."""
    where = Endpoint("http://127.0.0.1:8270", "us-east-1", "/tmp/a b/ca.pem")  # noqa: S108
    script = "\n".join(
        [
            "AWS_PROFILE=x AWS_SESSION_TOKEN=y AWS_ENDPOINT_URL_S3=z; export AWS_PROFILE",
            *env.lines(where, KEY),
            'printf "%s|" "$AWS_ENDPOINT_URL" "$AWS_REGION" "$AWS_ACCESS_KEY_ID"',
            'printf "%s|" "$AWS_SECRET_ACCESS_KEY" "$AWS_CA_BUNDLE"',
            'printf "%s" "${AWS_PROFILE-}${AWS_SESSION_TOKEN-}${AWS_ENDPOINT_URL_S3-}"',
        ]
    )

    done = subprocess.run(["sh", "-euc", script], capture_output=True, text=True, check=True)

    assert done.stdout == (
        "http://127.0.0.1:8270|us-east-1|AKIA0123456789ABCDEF|it's+a/secret=|/tmp/a b/ca.pem|"
    )


def test_env_reads_the_data_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`holdfast env` prints what the directory's server left there."""
    credentials.write(tmp_path, KEY)
    endpoint.write(tmp_path, Endpoint("http://[::1]:9", "eu-west-1"))

    code = run(["env", "--data", str(tmp_path)])

    printed = capsys.readouterr().out
    assert code == ExitCode.OK
    assert "export AWS_ENDPOINT_URL='http://[::1]:9'\n" in printed
    assert "export AWS_REGION=eu-west-1\n" in printed
    assert f"export AWS_SECRET_ACCESS_KEY={shlex.quote(KEY.secret_access_key)}\n" in printed
    assert "AWS_CA_BUNDLE" not in printed


def test_without_a_command_the_help_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Plain help, on standard error, and the exit code of a mistake."""
    code = run([])

    assert code == ExitCode.USAGE
    assert capsys.readouterr().err.startswith("Usage: holdfast [OPTIONS]")


def test_a_lack_of_permission_is_told_with_the_likely_cause() -> None:
    """Most often it is another user's directory."""
    error = EngineError("cannot open x")
    error.__cause__ = PermissionError()

    assert "the right user" in explained(error, Path("x")).next_step


@pytest.mark.parametrize("command", ["env", "check"])
def test_another_users_directory_is_told_as_such(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A directory that may not be entered is neither empty nor a traceback."""

    def denied(path: Path, **_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "stat", denied)
    monkeypatch.setattr(Path, "exists", denied)

    code = run([command, "--data", str(tmp_path)])

    assert code == ExitCode.FAILED
    assert "Permission denied\n  It must belong to the user" in capsys.readouterr().err


def test_env_without_a_server_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A directory on which no server ran is explained, with the command that starts one."""
    code = run(["env", "--data", str(tmp_path)])

    assert code == ExitCode.NO_DATA
    assert f"holdfast serve --data {tmp_path}" in capsys.readouterr().err


def test_the_credentials_file_is_private_and_reads_back(tmp_path: Path) -> None:
    """Only the owner reads it; what was written comes back."""
    credentials.write(tmp_path, KEY)

    assert credentials.read(tmp_path) == KEY
    assert (tmp_path / "credentials").stat().st_mode & 0o777 == 0o600
    assert "secret" not in repr(KEY)


@pytest.mark.parametrize("text", ["", "[default]\naws_access_key_id = x\n", "nonsense", "[x]\n"])
def test_unusable_credentials_are_none(tmp_path: Path, text: str) -> None:
    """A file that is not understood counts as missing."""
    (tmp_path / "credentials").write_text(text)

    assert credentials.read(tmp_path) is None


@pytest.mark.parametrize(
    ("host", "secure", "url"),
    [
        ("127.0.0.1", False, "http://127.0.0.1:1"),
        ("0.0.0.0", False, "http://127.0.0.1:1"),
        ("::", True, "https://[::1]:1"),
        ("192.0.2.7", True, "https://192.0.2.7:1"),
    ],
)
def test_endpoint_urls_have_an_ip_literal(host: str, url: str, *, secure: bool) -> None:
    """The host is an address this machine reaches: then the SDKs use path style."""
    assert endpoint.url_of(host, 1, secure=secure) == url


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DirectoryInUse("x"), ExitCode.IN_USE),
        (WrongRootKey("x"), ExitCode.WRONG_KEY),
        (NewerFormat("x"), ExitCode.NEWER_FORMAT),
        (CorruptData("x"), ExitCode.CORRUPT),
        (EngineError("x"), ExitCode.FAILED),
    ],
)
def test_engine_errors_have_exit_codes(error: EngineError, code: ExitCode) -> None:
    """Each kind of error ends a command with its own code."""
    assert explained(error, Path("data")).code == code


def test_every_exit_code_is_in_the_help() -> None:
    """The table in the help lists all codes."""
    for code in ExitCode:
        assert f"{code.value:>3}  {code.meaning}" in table()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Help works, and ends with the exit codes."""
    code = run([name, "--help"])

    assert code == ExitCode.OK
    assert "Exit codes:" in capsys.readouterr().out


def test_an_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt command is told, with the code for usage."""
    assert run(["sevre"]) == ExitCode.USAGE
    assert "sevre" in capsys.readouterr().err


def test_failures_can_be_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json an error is a document too."""
    code = run(["check", "--json", "--data", str(tmp_path / "none")])

    document = json.loads(capsys.readouterr().out)
    assert document["exit_code"] == code != 0
    assert document["error"]


def test_records_of_both_kinds_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    """With their members, not as a text."""
    body = b'{"version": 4, "serial": 7, "lineage": "a", "resources": [], "outputs": {}}'
    same = diff(parse(body), parse(body))
    print_json({"struct": header(body), "dataclass": same.counts})

    printed = json.loads(capsys.readouterr().out)
    assert printed["struct"]["serial"] == 7
    assert printed["dataclass"]["added"] == 0


def test_help_is_quick() -> None:
    """The help needs none of the heavy imports."""
    heavy = [
        "rich",
        "hcl2",
        "boto3",
        "cryptography",
        "msgspec",
        "uvloop",
        "asyncio",
        "botocore",
        "sqlite3",
    ]
    script = (
        "import sys; from holdfast.cli.main import run; run(['--help']); "
        f"print([m for m in {heavy} if m in sys.modules], file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stderr.strip() == "[]"
    assert list(cli.list_commands(None)) == list(COMMANDS)  # type: ignore[arg-type]  # unused there


def record(message: str, **extra: object) -> logging.LogRecord:
    """Return a log record."""
    made = logging.getLogger("holdfast.access").makeRecord(
        "holdfast.access", logging.INFO, "f", 1, message, (), None, extra=dict(extra)
    )
    made.created = 1_700_000_000.25
    return made


def test_human_logs_are_one_line() -> None:
    """What a client chose cannot begin a line of its own."""
    line = logs.HumanFormatter().format(record("req\nuest", key="a\nb c", error="", status=200))

    assert line == ('2023-11-14T22:13:20.250Z INFO    req\\nuest  key="a\\nb c" status=200')


def test_json_logs_are_objects() -> None:
    """Every field is a member."""
    document = json.loads(logs.JsonFormatter().format(record("request", key="a\nb", status=200)))

    assert document == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "info",
        "logger": "holdfast.access",
        "message": "request",
        "key": "a\nb",
        "status": 200,
    }


@pytest.mark.parametrize("form", ["human", "json"])
def test_the_access_log_looks_like_every_other(
    form: str, root_logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In either form, and in the same place."""
    stream = io.StringIO()
    logs.set_up("info", form, stream)
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.25)
    fields = {"key": "a\nb c", "error": "", "status": 200}

    async def write() -> None:
        access_log = logs.access_log()
        assert access_log is not None
        access_log.add("req\nuest", fields)

    asyncio.run(write())

    formatter = root_logger.handlers[0].formatter
    assert formatter is not None
    assert stream.getvalue() == formatter.format(record("req\nuest", **fields)) + "\n"


@pytest.mark.usefixtures("root_logger")
def test_there_is_no_access_log_above_its_level() -> None:
    """Requests are told at the level info."""
    logs.set_up("warning", "human", io.StringIO())
    assert logs.access_log() is None


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    """The root logger, which gets back what it had."""
    root = logging.getLogger()
    handlers, level, source = list(root.handlers), root.level, logging._srcfile
    yield root
    root.handlers[:], logging._srcfile = handlers, source
    root.setLevel(level)


def test_a_misused_flag_names_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown flag is two lines like every other error."""
    assert run(["backup", "--nope"]) == ExitCode.USAGE
    assert capsys.readouterr().err == (
        "holdfast: No such option '--nope'\n  See how it is used: holdfast backup --help\n"
    )
