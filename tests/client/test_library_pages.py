"""The library's pages: their examples run, their tables name everything that is public."""

import doctest
import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import holdfast
from client_site import Site
from holdfast.client import errors
from holdfast.client.backend import Backend
from holdfast.client.locking import HeldLock

ROOT = Path(__file__).parents[2]
HOW_TO = ROOT / "docs" / "how-to" / "use-the-library.md"
REFERENCE = ROOT / "docs" / "reference" / "library.md"
_BLOCK = """
terraform {
  backend "s3" {
    bucket         = "terraform-state"
    key            = "shop/terraform.tfstate"
    region         = "us-east-1"
    dynamodb_table = "terraform-locks"
  }
}
"""


@pytest.mark.usefixtures("site")
def test_every_example_of_the_how_to_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From top to bottom, in a Terraform directory, as they are printed."""
    (tmp_path / "main.tf").write_text(_BLOCK)
    monkeypatch.chdir(tmp_path)
    text = HOW_TO.read_text()
    examples = "\n".join(re.findall(r"^```pycon\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    test = doctest.DocTestParser().get_doctest(examples, {}, HOW_TO.name, str(HOW_TO), 0)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

    printed: list[str] = []
    result = doctest.DocTestRunner(optionflags=flags).run(test, out=printed.append)

    assert result.attempted > 15
    assert result.failed == 0, "".join(printed)


def test_the_fixture_of_the_how_to_is_a_test(tmp_path: Path) -> None:
    """Its example is a test that can be collected."""
    (source,) = re.findall(r"^```python\n(.*?)^```", HOW_TO.read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "test_it.py").write_text(source)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--collect-only"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "test_it.py::test_it" in done.stdout


def test_the_reference_names_everything_public() -> None:
    """Of Backend and HeldLock."""
    text = REFERENCE.read_text()
    missing = [
        f"{owner.__name__}.{name}"
        for owner in (Backend, HeldLock)
        for name, _ in inspect.getmembers(owner)
        if not name.startswith("_") and not re.search(rf"`[^`]*\b{name}\b[^`]*`", text)
    ]

    assert missing == []


@pytest.mark.parametrize("owner", [Backend, HeldLock])
def test_the_reference_shows_how_every_method_is_called(owner: type) -> None:
    """All parameters in their order, with their defaults, and which have to be named."""
    shown = re.findall(r"`(?:Backend\.)?(\w+)\(([^`]*)\)`", REFERENCE.read_text())
    calls = dict(reversed(shown))  # the first that is shown counts
    real = {
        name: _parameters(method)
        for name, method in inspect.getmembers(owner, callable)
        if not name.startswith("_")
    }

    assert {name: calls.get(name) for name in real} == real


def _parameters(method: Callable[..., object]) -> str:
    """Return how a method is called, as the page shows it: without types."""
    signature = inspect.signature(method)
    bare = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for name, parameter in signature.parameters.items()
        if name != "self"
    ]
    shown = str(inspect.Signature(bare)).removeprefix("(").removesuffix(")")
    return shown.replace("'", '"')


def test_the_operations_of_the_reference_exist() -> None:
    """Each function is in one of the modules of its line, and takes these arguments first."""
    text = REFERENCE.read_text()
    lines = re.findall(
        r"^\| `(.*)` \| `.*` \| (.*) \|$", _section(text, "`holdfast.operations`"), re.MULTILINE
    )
    assert len(lines) > 10
    for named, functions in lines:
        modules = _modules(re.split("`, `", named))
        for name, arguments in re.findall(r"`(\w+)\(([^)]*)\)`", functions):
            found = [getattr(module, name) for module in modules if hasattr(module, name)]
            assert found, (named, name)
            first = list(inspect.signature(found[0]).parameters)
            assert first[: arguments.count(",") + 1] == arguments.split(", "), name


def _section(text: str, heading: str) -> str:
    return text.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def _modules(names: list[str]) -> list[ModuleType]:
    """Import modules; one that begins with a dot is beside the first."""
    package = names[0].rpartition(".")[0]
    return [
        import_module(f"holdfast.operations.{package if name.startswith('.') else ''}{name}")
        for name in names
    ]


def test_the_reference_names_every_error() -> None:
    """A new error comes with a line."""
    text = REFERENCE.read_text()
    names = [
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.HoldfastError)
    ]

    assert len(names) > 15
    assert [name for name in names if name not in text] == []


def test_public_names_are_few_and_there() -> None:
    """A dozen at most, each of which can be imported, and listed."""
    assert len(holdfast.__all__) <= 12
    assert all(getattr(holdfast, name).__name__ == name for name in holdfast.__all__)
    assert set(holdfast.__all__) <= set(dir(holdfast))
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = holdfast.Nothing


def test_importing_the_package_loads_nothing() -> None:
    """Neither the SDK nor any module of ours."""
    script = (
        "import sys, holdfast; "
        "print([n for n in sys.modules if n.startswith(('holdfast.', 'boto', 'msgspec'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


def test_the_sdk_is_loaded_when_something_is_sent(site: Site) -> None:
    """Describing a backend does not load it, so that the command line starts fast."""
    del site
    script = (
        "import sys; from holdfast import Backend; b = Backend.from_arguments('b', 'k'); "
        "b.address; print([n for n in sys.modules if n.startswith('boto')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
