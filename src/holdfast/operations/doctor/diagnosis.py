"""Runs the checks and gathers what they find."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from holdfast.client.connect import Connection
from holdfast.client.errors import AccessDenied, HoldfastError
from holdfast.client.translate import Call, translated
from holdfast.operations.doctor import permissions
from holdfast.operations.doctor.finding import Check, Finding, NotChecked, Result, Severity
from holdfast.operations.doctor.survey import OnProgress, Options, Survey
from holdfast.operations.doctor.table_of_checks import FAMILIES, Family


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong with a backend, the worst first.

    Attributes:
        findings: what was found.
        not_checked: what could not be found out, and why.
        checked: the checks that were run.
        states: how many states were looked at.
    """

    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]
    checked: tuple[Check, ...]
    states: int

    def at_least(self, severity: Severity) -> bool:
        """Whether there is a finding as bad as this or worse."""
        return any(finding.severity >= severity for finding in self.findings)


def diagnose(
    connection: Connection,
    options: Options | None = None,
    *,
    only: frozenset[str] = frozenset(),
    progress: OnProgress | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Diagnosis:
    """Examine a backend. Nothing is changed.

    Args:
        connection: the services of the backend.
        options: how to look.
        only: ids of checks; all if empty.
        progress: told (states done, states in all).
        now: the clock.

    Raises:
        HoldfastError: the bucket cannot be reached at all.
    """
    _reach(connection)
    how = options or Options()
    survey = Survey(connection, how, now())
    if progress:
        survey.progress = progress
    families = [family for family in FAMILIES if _wanted(family, only, how)]
    results = [result for family in families for result in _examined(survey, family)]
    findings = [one for one in results if isinstance(one, Finding) and _is_of(one.check, only)]
    checked = tuple(check for family in families for check in family.checks if _is_of(check, only))
    return Diagnosis(
        tuple(sorted(findings, key=_order)),
        tuple(_left_out(results, only)),
        checked,
        len(survey.states) if "states" in survey.__dict__ else 0,
    )


def _reach(connection: Connection) -> None:
    """See that the bucket is there, so that a wrong name is not twenty unanswered questions."""
    bucket = connection.settings.bucket
    call = Call(f"reach s3://{bucket}", "s3:ListBucket", f"arn:aws:s3:::{bucket}")
    try:
        with translated(call):
            connection.s3.list_objects_v2(Bucket=bucket, MaxKeys=1)
    except AccessDenied:
        return  # then each check says what it may not do


def _examined(survey: Survey, family: Family) -> Iterator[Result]:
    try:
        yield from family.examine(survey)
    except HoldfastError as problem:
        yield NotChecked(family.checks, survey.bucket, problem.happened)


def _wanted(family: Family, only: frozenset[str], options: Options) -> bool:
    if family.checks is permissions.CHECKS and not options.profiles:
        return False  # there is nobody to try them for
    return any(_is_of(check, only) for check in family.checks)


def _is_of(check: Check, only: frozenset[str]) -> bool:
    return not only or check.id in only


def _order(finding: Finding) -> tuple[int, str, str]:
    return -finding.severity, finding.check.id, finding.subject


def _left_out(results: list[Result], only: frozenset[str]) -> Iterator[NotChecked]:
    for one in dict.fromkeys(result for result in results if isinstance(result, NotChecked)):
        checks = tuple(check for check in one.checks if _is_of(check, only))
        if checks:
            yield NotChecked(checks, one.subject, one.why)
