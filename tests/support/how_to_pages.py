"""How-to pages as programs: their shell blocks in order, in one bash, at a terminal that says yes.

What the comments in a page mean is described in CONTRIBUTING.md.
"""

import os
import pty
import re
import select
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PART = re.compile(
    r"<!-- test(?P<hidden>\n.*?\n)-->"
    r"|(?:^[ ]*<!-- test: (?P<order>[^\n]*?) -->\n)?"
    r"^(?P<indent>[ ]*)```(?P<language>sh|hcl|ini|json)\n(?P<text>.*?)^(?P=indent)```",
    re.MULTILINE | re.DOTALL,
)
_PROMPTS = {b"[y/N]: ": b"y\n", b"Enter a value: ": b"yes\n"}
_SECONDS = 500


@dataclass(frozen=True)
class Step:
    """A piece of a page that is run."""

    line: int
    script: str
    expected: int = 0  # exit code


def is_tested(page: Path) -> bool:
    """Say whether a page asks to be run: it holds a `<!-- test` comment."""
    return "<!-- test" in page.read_text()


def steps_of(text: str) -> list[Step]:
    """Return what of a page is run.

    Raises:
        ValueError: a comment asks for something unknown.
    """
    steps: list[Step] = []
    for found in _PART.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        if found["hidden"]:
            steps.append(Step(line, found["hidden"].strip("\n")))
            continue
        indent = found["indent"]
        body = re.sub(f"^{indent}", "", found["text"], flags=re.MULTILINE).rstrip("\n")
        what, _, more = (found["order"] or "").partition(" ")
        if what == "skip" and more:
            continue
        if what == "file" and more:
            steps.append(
                Step(line, f"cat > {shlex.quote(more)} <<'END_OF_BLOCK'\n{body}\nEND_OF_BLOCK")
            )
        elif found["language"] == "sh" and what == "exit" and more.isdecimal():
            steps.append(Step(line, body, int(more)))
        elif found["language"] == "sh" and not what:
            steps.append(Step(line, body))
        elif what:
            raise ValueError(f"line {line}: nobody knows what 'test: {found['order']}' means")
    return steps


def script_of(steps: list[Step]) -> str:
    """Return a bash script that runs the steps and stops at the first that ends otherwise."""
    parts = []
    for step in steps:
        before = "set -e" if step.expected == 0 else "set +e"
        check = (
            f'code=$?; set -e; if [ "$code" != {step.expected} ]; then '
            f'echo "the block at line {step.line} ended with $code, not {step.expected}"; exit 99; fi'
        )
        parts.append(f"echo '--- line {step.line}'\n{before}\n{step.script}\n{check}\n")
    return "set -o pipefail\n" + "\n".join(parts) + "\necho '--- end'\n"


def run_at_terminal(script: str, cwd: Path, env: Mapping[str, str]) -> tuple[int, str]:
    """Run a script in a bash at a terminal, answering yes to every question.

    Returns:
        The exit code and everything that was printed.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["bash", "-c", script],
        cwd=cwd,
        env=dict(env),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    output = b""
    deadline = time.monotonic() + _SECONDS
    try:
        while time.monotonic() < deadline:
            ready, _, _ = select.select([ours], [], [], 0.2)
            chunk = _read(ours) if ready else b""
            output += chunk
            for prompt, answer in _PROMPTS.items():
                if chunk and output.endswith(prompt):
                    os.write(ours, answer)
            if not chunk and process.poll() is not None:
                break
        code = process.poll()
        while select.select([ours], [], [], 0)[0] and (chunk := _read(ours)):
            output += chunk  # what came after the last look
        return -1 if code is None else code, output.decode(errors="replace")
    finally:
        _end(process)
        os.close(ours)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the last one at the other side has gone
        return b""


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what the page left running: the session is its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
