"""`holdfast migrate-locks` as a command: what it prints, its exit codes, its JSON."""

import json
from pathlib import Path

import pytest

from client_site import Site, made_state
from holdfast.cli.main import run


@pytest.fixture
def tree(site: Site, tmp_path: Path) -> Path:
    """A tree with one backend that locks with the table, and its state with a digest."""
    top = tmp_path / "tree"
    (top / "app").mkdir(parents=True)
    (top / "app" / "backend.tf").write_text(site.block("app.tfstate", "table"))
    backend = site.backend("app.tfstate", "table")
    with backend.lock("test") as held:
        backend.write(made_state(1), held=held)
    return top


def migrate(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    """Run the command; return its exit code and what it printed on standard output."""
    capsys.readouterr()
    code = run(["migrate-locks", *map(str, arguments)])
    return code, capsys.readouterr().out


def test_plan_shows_the_line_and_changes_nothing(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """File, line and text of what would be added."""
    before = (tree / "app/backend.tf").read_text()

    code, out = migrate(capsys, "plan", tree)

    assert code == 0
    assert f"{tree}/app/backend.tf:7  +     use_lockfile   = true" in out
    assert "lock files can be put, read and deleted" in out
    assert (tree / "app/backend.tf").read_text() == before


def test_apply_twice_changes_once(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second run finds nothing to do."""
    migrate(capsys, "apply", tree, "--yes")
    once = (tree / "app/backend.tf").read_text()

    code, _ = migrate(capsys, "apply", tree, "--yes")

    assert code == 0
    assert "use_lockfile   = true" in once
    assert (tree / "app/backend.tf").read_text() == once


def test_a_dry_run_and_no_confirmation_change_nothing(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a terminal and without --yes it is refused."""
    before = (tree / "app/backend.tf").read_text()

    assert migrate(capsys, "apply", tree, "--dry-run")[0] == 0
    assert migrate(capsys, "apply", tree)[0] == 8
    assert (tree / "app/backend.tf").read_text() == before


def test_a_live_lock_is_a_finding_and_refuses_apply(
    tree: Path, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """The JSON of the plan says who holds it."""
    with site.backend("app.tfstate", "table").lock("OperationTypeApply"):
        code, out = migrate(capsys, "plan", tree, "--json")
        assert migrate(capsys, "apply", tree, "--yes")[0] == 8

    assert code == 15
    [backend] = json.loads(out)["backends"]
    assert backend["states"][0]["locked_by"]["operation"] == "OperationTypeApply"


def test_verify_and_finish(tree: Path, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Both locks appear; then table, digest and argument go."""
    assert migrate(capsys, "verify", tree)[0] == 15
    assert migrate(capsys, "finish", tree, "--yes")[0] == 8
    migrate(capsys, "apply", tree, "--yes")

    code, out = migrate(capsys, "verify", tree, "--json")
    assert code == 0
    assert json.loads(out)["backends"][0]["locks_in"] == ["file", "table"]
    code, out = migrate(capsys, "finish", tree, "--yes", "--delete-table", "--json")

    assert code == 0
    assert json.loads(out)["tables_deleted"] == [site.table]
    assert "dynamodb_table" not in (tree / "app/backend.tf").read_text()
    assert not site.has_table()


def test_a_tree_without_backends_is_said(
    tmp_path: Path, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """Probably it is the wrong folder."""
    assert site.bucket
    assert migrate(capsys, "plan", tmp_path)[0] == 10


def test_a_table_in_use_stays_and_what_was_done_is_said(
    tree: Path, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """The files are rewritten by then; nobody should have to look whether they are."""
    other = site.backend("other.tfstate", "table")
    other.digests.write(other.address, "0" * 32)
    migrate(capsys, "apply", tree, "--yes")

    code, out = migrate(capsys, "finish", tree, "--yes", "--delete-table")

    assert code == 1
    assert "1 file rewritten, 1 digest removed" in out
    assert site.has_table()
    other.digests.write(other.address, None)
    later = migrate(capsys, "finish", tree, "--yes", "--lock-table", site.table, "--delete-table")
    assert later[0] == 0
    assert not site.has_table()


def test_backends_in_json_are_named(
    tmp_path: Path, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are not rewritten, and it is said where they are."""
    assert site.bucket
    (tmp_path / "main.tf.json").write_text(
        '{"terraform": {"backend": {"s3": {"dynamodb_table": "t"}}}}'
    )

    assert run(["migrate-locks", "plan", str(tmp_path)]) == 10
    assert f"{tmp_path}/main.tf.json:1" in capsys.readouterr().err


def test_each_of_several_problems_has_its_line(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Hundreds of directories may be refused at once."""
    for name in ("one", "two"):
        (tree / f"{name}.tf").write_text('terraform {\n  backend "s3" {\n')

    assert run(["migrate-locks", "apply", str(tree), "--yes"]) == 8

    said = capsys.readouterr().err.splitlines()
    assert said[0] == "holdfast: refused, nothing was changed: 2 problems"
    assert [line.partition(": ")[0] for line in said[1:3]] == [
        f"  {tree}/one.tf",
        f"  {tree}/two.tf",
    ]
