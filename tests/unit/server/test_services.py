"""When the operations of a service are imported."""

import subprocess
import sys

_PROGRAM = """
import sys
from holdfast.server.access.actions import PLACES
from holdfast.server.services import SERVICES, import_all
def imported():
    return "holdfast.server.dynamodb.operations" in sys.modules
before = imported()
SERVICES["s3"]["GetObject"]
one = imported()
import_all()
sys.exit([before, one, imported()] != [False, False, True])
"""


def test_a_service_is_imported_when_it_is_asked_for_or_all_are() -> None:
    """To ask for one service imports no other."""
    assert subprocess.run([sys.executable, "-c", _PROGRAM], check=False).returncode == 0


def test_the_services_are_known_without_an_import() -> None:
    """Whoever lists them, or asks whether there is one, imports none."""
    program = (
        "import sys; from holdfast.server.services import SERVICES\n"
        "found = [*SERVICES], len(SERVICES)\n"
        "right = found == (['s3', 'dynamodb', 'kms', 'holdfast', 'sts', 'iam'], 6)\n"
        "sys.exit(not right or 'holdfast.server.s3.operations' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_what_policies_are_asked_for_is_imported_with_all() -> None:
    """So that the first user with a policy does not wait for it."""
    program = (
        "import sys; from holdfast.server.services import import_all\n"
        "names = ['authorize', 's3_actions', 'dynamodb_actions', 'kms_actions']\n"
        "modules = {f'holdfast.server.access.{name}' for name in names}\n"
        "before = modules & sys.modules.keys()\n"
        "import_all()\n"
        "sys.exit(bool(before) or not modules <= sys.modules.keys())"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
