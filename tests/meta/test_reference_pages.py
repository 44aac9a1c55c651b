"""The reference pages say what the code says."""

from pathlib import Path

import pytest

from holdfast.aws.models import SERVED
from holdfast.cli import cli_reference
from holdfast.cli.exit_codes import ExitCode
from holdfast.cli.server import operations_reference, settings_reference
from holdfast.cli.server.setting_table import SETTINGS
from holdfast.cli.state import doctor_reference

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("settings", settings_reference.page()),
        ("operations", operations_reference.page()),
        ("cli", cli_reference.page()),
        ("doctor", doctor_reference.page()),
    ],
)
def test_the_page_is_current(name: str, page: str) -> None:
    """A page that is made from code is made again when the code changes (`make docs`)."""
    assert (REFERENCE / f"{name}.md").read_text() == page


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_on_the_page(setting: object) -> None:
    """Name, flag, variable, default and meaning of each setting can be looked up."""
    page = (REFERENCE / "settings.md").read_text()
    for part in ("name", "flag", "variable", "default", "help"):
        assert getattr(setting, part) in page


def test_every_served_operation_has_a_handler() -> None:
    """What the list of served operations promises is there, and nothing else."""
    from holdfast.server.services import SERVICES

    assert {name: set(handlers) for name, handlers in SERVICES.items()} == {
        name: set(operations) for name, operations in SERVED.items()
    }


def test_every_exit_code_is_on_the_page_of_errors() -> None:
    """The table of exit codes is the one of the help."""
    page = (REFERENCE / "errors.md").read_text()
    for code in ExitCode:
        assert f"| {code.value} | {code.meaning} |" in page
