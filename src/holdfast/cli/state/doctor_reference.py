"""Prints `docs/reference/doctor.md`, made from the table of the doctor's checks."""

from holdfast.operations.doctor.finding import Check
from holdfast.operations.doctor.table_of_checks import FAMILIES

_HEAD = """\
# What the doctor checks

<!-- Made by `make docs` from the table of checks; do not edit. -->

`holdfast doctor` asks these questions of a backend. An id never changes its meaning. A finding says
what was seen, and the exact command that ends it; what follows is the general answer.

- **error**: stops Terraform, loses states or lets others read them.
- **warning**: will hurt some day, or may hide damage.
- **note**: could be better.

`--fail-on` says from which severity on the exit code is 15; `--only` runs some checks; `--fix` mends
what is marked so, under the lock of the state, after asking. What a service does not have, or does
not let us see, is listed as "not checked", and is no finding.
"""


def page() -> str:
    """Return the page."""
    parts = [_HEAD]
    for family in FAMILIES:
        parts.append(f"\n## {family.name}\n")
        parts.extend(_entry(check) for check in family.checks)
    return "".join(parts)


def _entry(check: Check) -> str:
    mended = f"\n\nMended by `holdfast doctor --fix {check.id}`." if check.mendable else ""
    return (
        f"\n### {check.id}: {check.title}\n\n"
        f"*{check.severity.word.capitalize()}.* {check.why}\n\n"
        f"What to do: {check.remedy}{mended}\n"
    )


if __name__ == "__main__":
    print(page(), end="")
