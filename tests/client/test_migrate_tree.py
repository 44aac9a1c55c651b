"""Finding backends in a tree, our rights on lock files, and the last step's care with tables."""

from pathlib import Path

import pytest

from client_site import Site
from holdfast.client.backend import Backend
from holdfast.operations.migrate_locks.applying import ChangedMeanwhile, NotWritten, write
from holdfast.operations.migrate_locks.bucket import hints
from holdfast.operations.migrate_locks.finishing import TableInUse, delete_table
from holdfast.operations.migrate_locks.planning import Rewrite, adding, plan, removing
from holdfast.operations.migrate_locks.rights import try_lock_file
from holdfast.operations.migrate_locks.tree import survey

EMPTY = 'terraform {\n  backend "s3" {}\n}\n'
COMMON = 'bucket = "b"\nregion = "r"\ndynamodb_table = "t"\n'


def laid_out(top: Path, **files: str) -> Path:
    """Write files below a folder; `__` in a name is a slash and `_DOT_` a dot."""
    for name, text in files.items():
        path = top / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return top


def test_a_partial_block_is_completed_by_each_file(tmp_path: Path) -> None:
    """One configuration for each `.tfbackend` file that says the rest."""
    laid_out(
        tmp_path,
        main_DOT_tf=EMPTY,
        env__dev_DOT_tfbackend=COMMON + 'key = "dev"\n',
        env__prod_DOT_tfbackend=COMMON + 'key = "prod"\n',
    )

    found = survey(tmp_path)

    assert [each.arguments["key"] for each in found.configurations] == ["dev", "prod"]
    assert {each.mode for each in found.configurations} == {"table"}
    assert [rewrite.path.name for rewrite in adding(found)] == ["dev.tfbackend", "prod.tfbackend"]


def test_files_that_need_each_other_are_combined(tmp_path: Path) -> None:
    """A common file beside the tree, and a key in each root's own."""
    laid_out(
        tmp_path,
        backends__common_DOT_tfbackend=COMMON,
        stacks__a__main_DOT_tf=EMPTY,
        stacks__a__a_DOT_tfbackend='key = "a"\n',
        stacks__b__main_DOT_tf='terraform {\n  backend "s3" {\n    key = "b"\n  }\n}\n',
    )

    found = survey(tmp_path)

    said = {
        (each.arguments.get("bucket"), each.arguments.get("key")) for each in found.configurations
    }
    assert said == {("b", "a"), ("b", "b")}
    [rewrite] = adding(found)
    assert rewrite.after == COMMON + "use_lockfile   = true\n"


def test_other_backends_and_copies_of_modules_are_left_alone(tmp_path: Path) -> None:
    """Only s3, and nothing below .terraform."""
    laid_out(
        tmp_path,
        main_DOT_tf='terraform {\n  backend "local" {}\n}\n',
        _DOT_terraform__modules__m__main_DOT_tf=EMPTY,
    )

    assert survey(tmp_path).sources == ()


def test_other_places_that_name_the_table_are_told(tmp_path: Path) -> None:
    """A pipeline's argument is not rewritten, but nobody should miss it."""
    laid_out(
        tmp_path, main_DOT_tf=EMPTY, ci_DOT_yml="x: 1\nrun: -backend-config=dynamodb_table=t\n"
    )

    [mention] = survey(tmp_path).mentions

    assert (mention.path.name, mention.line) == ("ci.yml", 2)


def block(key: str) -> str:
    """A whole backend block that locks with the table."""
    return f'terraform {{\n  backend "s3" {{\n{COMMON}key = "{key}"\n  }}\n}}\n'


def test_what_no_backend_can_be_in_is_not_parsed(tmp_path: Path) -> None:
    """Some other file with syntax of tomorrow does not stop a migration, nor does an editor's lock."""
    laid_out(
        tmp_path,
        main_DOT_tf=block("a"),
        new_DOT_tf='resource "lb" "backend" {\n  x = future <<>> syntax\n}\n',
    )
    (tmp_path / ".#main.tf").symlink_to("user@host.123:456")

    found = survey(tmp_path)

    assert found.unreadable == ()
    assert [each.arguments["key"] for each in found.configurations] == ["a"]


def test_every_block_of_a_directory_is_rewritten(tmp_path: Path) -> None:
    """An override file, and the file that OpenTofu reads instead, do not hide the others."""
    laid_out(
        tmp_path,
        main_DOT_tf=block("a"),
        main_DOT_tofu=block("b"),
        backend_override_DOT_tf=block("c"),
    )

    found = survey(tmp_path)

    assert found.unreadable == ()
    assert {rewrite.path.name for rewrite in adding(found)} == {
        "main.tf",
        "main.tofu",
        "backend_override.tf",
    }


def test_two_backends_in_a_directory_are_a_problem(tmp_path: Path) -> None:
    """Terraform refuses them; which one is meant is not guessed."""
    laid_out(tmp_path, a_DOT_tf=block("a"), b_DOT_tf=block("b"))

    found = survey(tmp_path)

    [problem] = plan(found, adding(found), None, probe=False).problems
    assert "b.tf: line 2: a second backend, beside that of" in problem


def test_a_refusal_in_quotes_is_turned(tmp_path: Path) -> None:
    """`use_lockfile = "false"` is as good as false for Terraform."""
    laid_out(tmp_path, main_DOT_tf=EMPTY)
    file = tmp_path / "a.tfbackend"
    file.write_text(COMMON + 'key = "a"\nuse_lockfile = "false"\n')

    write(adding(survey(tmp_path)))

    assert file.read_text() == COMMON + 'key = "a"\nuse_lockfile = true\n'


def test_a_read_only_file_is_not_replaced(tmp_path: Path) -> None:
    """Somebody protected it; no other file is written either."""
    one, two = tmp_path / "one.tf", tmp_path / "two.tf"
    for path in (one, two):
        path.write_text("a = 1\n")
    two.chmod(0o444)

    with pytest.raises(NotWritten, match=r"two\.tf is read-only"):
        write([Rewrite(one, "a = 1\n", "a = 2\n"), Rewrite(two, "a = 1\n", "a = 2\n")])

    assert one.read_text() == "a = 1\n"


def test_a_file_that_cannot_be_read_stops_the_plan(tmp_path: Path) -> None:
    """It could hold a backend; nothing is guessed."""
    laid_out(tmp_path, main_DOT_tf=EMPTY, broken_DOT_tf='terraform {\n  backend "s3" {\n')

    found = survey(tmp_path)

    assert "broken.tf" in plan(found, adding(found), None, probe=False).problems[0]


def test_nothing_is_written_if_a_file_changed_meanwhile(tmp_path: Path) -> None:
    """All files are as they were."""
    one, two = tmp_path / "one.tf", tmp_path / "two.tf"
    one.write_text("a = 1\n")
    two.write_text("b = 2\n")

    with pytest.raises(ChangedMeanwhile):
        write([Rewrite(one, "a = 1\n", "a = 2\n"), Rewrite(two, "b = 1\n", "b = 3\n")])

    assert one.read_text() == "a = 1\n"


def test_a_rewritten_file_keeps_its_mode_and_its_link(tmp_path: Path) -> None:
    """A symbolic link stays one."""
    real, link = tmp_path / "real.tf", tmp_path / "link.tf"
    real.write_text("a = 1\n")
    real.chmod(0o640)
    link.symlink_to(real)

    write([Rewrite(link, "a = 1\n", "a = 2\r\n")])

    assert real.read_bytes() == b"a = 2\r\n"
    assert real.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.tf", "real.tf"]


def test_both_ways_give_back_the_file(tmp_path: Path) -> None:
    """Adding twice adds once; removing leaves only the lock file's line."""
    laid_out(tmp_path, main_DOT_tf=EMPTY, a_DOT_tfbackend=COMMON + 'key = "a"\n')
    write(adding(survey(tmp_path)))
    assert adding(survey(tmp_path)) == ()

    write(removing(survey(tmp_path)))

    assert (tmp_path / "a.tfbackend").read_text() == (
        'bucket = "b"\nregion = "r"\nuse_lockfile   = true\nkey = "a"\n'
    )
    assert [each.mode for each in survey(tmp_path).configurations] == ["file"]


def test_a_trial_of_rights_leaves_nothing(site: Site) -> None:
    """The lock file is gone afterwards, and another's is not touched."""
    backend = site.backend(lock="table")
    assert try_lock_file(backend.connection, backend.address).ok
    assert site.s3.list_objects_v2(Bucket=site.bucket)["KeyCount"] == 0

    other = site.backend(lock="file")
    with other.lock("OperationTypeApply") as held:
        assert try_lock_file(backend.connection, backend.address).ok
        held.check()


def test_a_missing_right_is_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deleting is tried before a lock file is written, so none can stay."""
    from botocore.exceptions import ClientError

    backend = site.backend(lock="table")

    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DeleteObject")

    monkeypatch.setattr(backend.connection.s3, "delete_object", refuse)
    tried = try_lock_file(backend.connection, backend.address)

    assert "s3:DeleteObject" in str(tried.problem)
    assert not tried.left_behind
    assert site.s3.list_objects_v2(Bucket=site.bucket)["KeyCount"] == 0


def test_hints_come_from_policy_and_lifecycle(site: Site) -> None:
    """A policy for `*.tfstate`, and versions without a rule."""
    arn = f"arn:aws:s3:::{site.bucket}"
    site.s3.put_bucket_policy(
        Bucket=site.bucket,
        Policy='{"Version":"2012-10-17","Statement":[{"Sid":"Writers","Effect":"Allow","Principal":{"AWS":"123456789012"},'
        f'"Action":"s3:*Object","Resource":"{arn}/*.tfstate"}}]}}',
    )
    backend = site.backend(lock="table")

    policy, lifecycle = hints(backend.connection, [backend.address])

    assert "statement Writers allows the state and not its lock file" in policy
    assert "lifecycle" in lifecycle


def test_a_table_with_anything_else_in_it_stays(site: Site) -> None:
    """Only an empty lock table is deleted."""
    backend: Backend = site.backend(lock="table")
    backend.digests.write(backend.address, "0" * 32)

    with pytest.raises(TableInUse, match="1 other item"):
        delete_table(backend.connection)

    backend.digests.write(backend.address, None)
    assert delete_table(backend.connection) == site.table
    assert delete_table(backend.connection) is None
    assert not site.has_table()


def test_a_protected_table_stays(site: Site) -> None:
    """And the command that takes the protection off is told."""
    site.dynamodb.update_table(TableName=site.table, DeletionProtectionEnabled=True)

    with pytest.raises(TableInUse, match="no-deletion-protection-enabled"):
        delete_table(site.backend(lock="table").connection)
