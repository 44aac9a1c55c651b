"""Records changed behind the server's back: a clear error, never wrong data, and `check` names each."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from damaged_data import BUCKET, LONG, PARTS, fill, flipped, opened, rows
from holdfast.cli.main import run
from holdfast.engine.port import EngineError
from in_process import Aws
from tampering import CASES, Reading, edit_chunk, edit_item, edit_version, got, item


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with one of everything. Not to be changed."""
    data = tmp_path_factory.mktemp("filled") / "data"
    fill(data)
    return data


@pytest.fixture
def data(filled: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of it, to be damaged."""
    copy = tmp_path / "data"
    shutil.copytree(filled, copy)
    yield copy
    shutil.rmtree(copy)


def refused(aws: Aws, reading: Reading) -> None:
    """Assert that a reading fails with a server's error; the in-process client sees a cut stream."""
    with pytest.raises((ClientError, EngineError)) as raised:
        reading(aws)
    if isinstance(raised.value, ClientError):
        answer: Any = raised.value.response
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 500
        if answer["Error"].get("Message") and answer["Error"]["Code"] != "500":
            assert "holdfast check" in answer["Error"]["Message"]
            assert answer["Error"]["Code"].startswith("Internal")


def checked(data: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    """Return the problems that `holdfast check --json` finds, its exit code checked."""
    capsys.readouterr()
    code = run(["check", "--data", str(data), "--json"])
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"data", "sound", "problems", "unopened"}
    assert document["sound"] is (code == 0)
    assert code == (6 if document["problems"] else 0)
    found: list[dict[str, str]] = document["problems"]
    assert all(set(problem) == {"where", "what", "next"} for problem in found)
    assert all(problem["next"] for problem in found)
    return found


def all_else_reads(aws: Aws) -> None:
    """Assert that what was not touched is as it was written."""
    assert got("safe")(aws) == b"safe"
    assert item("locks", "safe")(aws)["Info"] == {"S": "locks safe"}  # type: ignore[index] # AWS's


def test_untouched_data_is_sound(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is reported, and everything reads as it was written."""
    assert checked(data, capsys) == []
    with opened(data) as aws:
        all_else_reads(aws)
        assert got("long")(aws) == LONG
        assert got("parts")(aws) == b"".join(PARTS)


@pytest.mark.parametrize("case", CASES)
def test_what_was_changed_is_refused_and_named(
    data: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Reading it fails, everything else reads, and `check` names exactly what was changed."""
    tamper, readings, named = CASES[case]
    with rows(data) as at:
        tamper(at)

    problems = checked(data, capsys)
    assert len(problems) == len(named), problems
    for problem, prefix in zip(problems, named, strict=True):
        assert problem["where"].startswith(prefix), problems
    with opened(data) as aws:
        for reading in readings:
            refused(aws, reading)
        if case != "a bucket removed":
            all_else_reads(aws)


def test_a_damaged_state_is_replaced_by_writing_it_again(data: Path) -> None:
    """A new version of a damaged state, and a new item in the place of a damaged one, are whole."""
    with rows(data) as at:
        edit_version("two", etag="0" * 32)(at)
        edit_item(flipped)(at)
    with opened(data) as aws:
        aws.s3.put_object(Bucket=BUCKET, Key="two", Body=b"third")
        aws.dynamodb.put_item(TableName="locks", Item={"LockID": {"S": "x"}})

        assert got("two")(aws) == b"third"
        assert item("locks", "x")(aws) == {"LockID": {"S": "x"}}


def test_a_damaged_item_can_be_deleted(data: Path) -> None:
    """A lock that does not open any more does not lock its state for good."""
    with rows(data) as at:
        edit_item(flipped)(at)
    with opened(data) as aws:
        key: Any = {"LockID": {"S": "x"}}
        aws.dynamodb.delete_item(TableName="locks", Key=key)

        assert "Item" not in aws.dynamodb.get_item(TableName="locks", Key=key)


def test_check_says_what_to_do_next(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """People read a line for each problem, what to do, and how many there are."""
    with rows(data) as at:
        edit_chunk(flipped, "two")(at)
        edit_item(flipped)(at)
    capsys.readouterr()

    code = run(["check", "--data", str(data)])
    printed = capsys.readouterr().out

    assert code == 6
    assert "states/two, version " in printed
    assert "table locks, item 'x': an encrypted piece was changed" in printed
    assert "aws s3api list-object-versions --bucket states --prefix two" in printed
    assert printed.endswith(f"{data}: 2 problems\n")


def test_what_only_its_owner_can_open_is_measured(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A state under a disabled KMS key is no problem, but it is said; cut short, it is one."""
    with opened(data) as aws:
        aws.kms.disable_key(KeyId=aws.kms.list_aliases()["Aliases"][0]["TargetKeyId"])
    capsys.readouterr()
    assert run(["check", "--data", str(data)]) == 0
    assert "cannot open it: 1 under arn:aws:kms" in capsys.readouterr().out
    with rows(data) as at:
        edit_chunk(lambda sealed: sealed[:-1], "kms1")(at)

    (problem,) = checked(data, capsys)
    assert "bytes, it was written with" in problem["what"]
