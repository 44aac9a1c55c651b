"""What a client may do, tried by the doctor without changing anything."""

from collections.abc import Callable
from pathlib import Path

import pytest

from client_site import Site, made_state
from denying_proxy import Asked, Rule, denying
from diagnoses import put
from holdfast.client.backend import Backend
from holdfast.client.settings import Endpoints
from holdfast.operations.doctor.diagnosis import Diagnosis, diagnose
from holdfast.operations.doctor.survey import Options
from roles import make_role

KEY = "app/terraform.tfstate"
PERMISSIONS = frozenset(f"HF50{number}" for number in range(1, 8))


@pytest.fixture
def examined(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Diagnosis]:
    """Try what a client may do that assumes a role; a rule says what that role may not."""
    role = make_role(site.server.client("iam"), "ci")
    env = site.server.env
    (tmp_path / "config").write_text(
        "[profile base]\n"
        f"aws_access_key_id = {env['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {env['AWS_SECRET_ACCESS_KEY']}\n"
        "[profile ci]\n"
        f"role_arn = {role}\n"
        "source_profile = base\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    put(site, KEY, made_state(1), digest=made_state(1))

    def examine(rule: Rule, lock: str = "both", profile: str = "ci") -> Diagnosis:
        with denying(site.server.endpoint, rule) as address:
            endpoints = Endpoints(s3=address, dynamodb=address, kms=address)
            backend = Backend(site.settings(KEY, lock, endpoints=endpoints), cache=False)
            options = Options(profiles=(profile,))
            return diagnose(backend.connection, options, only=PERMISSIONS)

    return examine


def role_may_not(forbidden: Callable[[Asked], bool]) -> Rule:
    """Refuse requests of the role, whose keys begin with ASIA."""

    def rule(asked: Asked) -> tuple[int, str] | None:
        if not asked.access_key.startswith("ASIA") or not forbidden(asked):
            return None
        return (400, "AccessDeniedException") if asked.target else (403, "AccessDenied")

    return rule


def contents(site: Site) -> object:
    """Return every version, every deletion and every item."""
    listed = site.s3.list_object_versions(Bucket=site.bucket)
    ids = [
        one["VersionId"] for kind in ("Versions", "DeleteMarkers") for one in listed.get(kind, [])
    ]
    return ids, site.dynamodb.scan(TableName=site.table)["Items"]


def test_a_client_that_may_do_everything(site: Site, examined: Callable[..., Diagnosis]) -> None:
    """There is no finding, all is checked, and nothing was changed."""
    before = contents(site)

    diagnosis = examined(role_may_not(lambda _asked: False))

    assert (diagnosis.findings, diagnosis.not_checked) == ((), ())
    assert contents(site) == before


@pytest.mark.parametrize(
    ("check", "missing", "forbidden"),
    [
        ("HF501", "s3:ListBucket", lambda a: a.method == "GET" and "list-type" in a.path),
        ("HF502", "s3:GetObject", lambda a: a.method == "GET" and a.path.endswith(".tfstate")),
        ("HF503", "s3:PutObject", lambda a: a.method == "PUT" and a.path.endswith(".tfstate")),
        ("HF504", "dynamodb:PutItem", lambda a: a.target == "PutItem"),
        ("HF504", "dynamodb:DeleteItem", lambda a: a.target == "DeleteItem"),
        (
            "HF505",
            "s3:PutObject on *.tflock",
            lambda a: a.method == "PUT" and a.path.endswith(".tflock"),
        ),
        ("HF505", "s3:DeleteObject on *.tflock", lambda a: a.method == "DELETE"),
    ],
)
def test_a_missing_permission(
    site: Site,
    examined: Callable[..., Diagnosis],
    check: str,
    missing: str,
    forbidden: Callable[[Asked], bool],
) -> None:
    """It is named, and nothing was changed by trying."""
    before = contents(site)

    (finding,) = examined(role_may_not(forbidden)).findings

    assert finding.check.id == check
    assert missing in finding.evidence
    assert "role/ci" in finding.evidence
    assert contents(site) == before


def test_lock_files_are_tried_only_where_they_are_used(examined: Callable[..., Diagnosis]) -> None:
    """A client of the table needs no right to them."""
    diagnosis = examined(role_may_not(lambda a: ".tflock" in a.path), "table")

    assert diagnosis.findings == ()


def test_locks_that_are_held_survive_the_trial(
    site: Site, examined: Callable[..., Diagnosis]
) -> None:
    """A condition that never holds neither overwrites nor deletes them."""
    with site.backend(KEY).lock("OperationTypeApply") as held:
        assert examined(role_may_not(lambda _asked: False)).findings == ()
        held.check()


def test_a_store_that_ignores_conditions_is_not_tried(
    site: Site, examined: Callable[..., Diagnosis]
) -> None:
    """A lock file could be lost; so that is not checked, and why is said."""
    deleted: list[str] = []

    def rule(asked: Asked) -> tuple[int, str] | None:
        if asked.method == "DELETE":  # this store does as it is told, whatever the condition
            deleted.append(asked.path)
            return 204, ""
        return None

    diagnosis = examined(rule)

    (gap,) = diagnosis.not_checked
    assert [check.id for check in gap.checks] == ["HF503", "HF505"]
    assert "ignores conditions" in gap.why
    assert all("holdfast-doctor-" in path for path in deleted)


def test_credentials_that_do_not_work(examined: Callable[..., Diagnosis]) -> None:
    """The profile is named."""
    diagnosis = examined(role_may_not(lambda _asked: False), profile="nobody")

    (finding,) = diagnosis.findings
    assert len(diagnosis.not_checked[0].checks) == 6
    assert finding.check.id == "HF507"
    assert finding.subject == "profile nobody"
