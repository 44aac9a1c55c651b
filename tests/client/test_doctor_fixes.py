"""The commands that the doctor hands out, run; and what bootstrap makes needs none."""

import importlib
import json
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from bootstrapped import applied, wanted
from client_site import Site, made_state
from diagnoses import diagnosed, put, put_item
from holdfast.cli.main import run
from holdfast.client.backend import Backend
from holdfast.operations.bootstrap.desired import LockMode
from holdfast.operations.doctor import policy as doctor_policy
from holdfast.operations.doctor.survey import Options

KEY = "app.tfstate"
EVERYBODY = """{"Version": "2012-10-17", "Statement": [{"Sid": "All", "Effect": "Allow",
"Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::BUCKET/*"}]}"""
DELETING = {"ID": "mine", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 9}}


def paste(*commands: str) -> None:
    """Run commands as a shell takes them apart, with the real aws CLI and ours, in this process."""
    for command in " && ".join(commands).split(" && "):
        program, *words = shlex.split(command)
        assert program in {"aws", "holdfast"}
        assert (run(words) if program == "holdfast" else aws(words)) == 0, command


def aws(words: Sequence[str]) -> int:
    """Run the aws CLI."""
    driver: Any = importlib.import_module("awscli.clidriver")
    data = Path(driver.__file__).parent / "data"
    with patch.dict(os.environ, AWS_DATA_PATH=str(data)):
        code: int = driver.create_clidriver().main(list(words))
    return code


def test_the_commands_for_settings(site: Site) -> None:
    """Pasted one after the other they end all: none undoes what another one did."""
    s3, kms = site.s3, site.server.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    s3.delete_public_access_block(Bucket=site.bucket)
    s3.put_bucket_policy(Bucket=site.bucket, Policy=EVERYBODY.replace("BUCKET", site.bucket))
    s3.put_bucket_ownership_controls(
        Bucket=site.bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    s3.put_bucket_lifecycle_configuration(
        Bucket=site.bucket, LifecycleConfiguration={"Rules": [DELETING]}
    )
    put(site, KEY, made_state(1), digest=made_state(1))
    suspended = {"Status": "Suspended"}
    s3.put_bucket_versioning(Bucket=site.bucket, VersioningConfiguration=suspended)
    site.dynamodb.update_time_to_live(
        TableName=site.table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    backend = Backend(site.settings(kms_key_id=key, encrypt=True), cache=False)

    found = diagnosed(backend).findings
    assert {one.check.id for one in found} == {
        *("HF001", "HF003", "HF004", "HF006", "HF007", "HF008", "HF009", "HF010", "HF012"),
        *("HF102", "HF103", "HF104"),
    }
    paste(*dict.fromkeys(one.fix for one in found))

    assert [one.check.id for one in diagnosed(backend).findings] == ["HF013"]  # the key works again


def test_the_command_for_a_missing_table(site: Site) -> None:
    """It makes one that can be used."""
    table = f"{site.table}-2"
    backend = Backend(site.settings().changed(dynamodb_table=table), cache=False)

    paste(*(one.fix for one in diagnosed(backend, "HF106").findings))

    assert diagnosed(backend, "HF101", "HF106").findings == ()


def test_the_policy_that_demands_tls_keeps_other_statements(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command holds both. It is not run: it would shut this plain endpoint off."""
    denying = EVERYBODY.replace("BUCKET", site.bucket).replace("Allow", "Deny")
    site.s3.put_bucket_policy(Bucket=site.bucket, Policy=denying)
    monkeypatch.setattr(doctor_policy, "_endpoint", lambda _survey: "https://s3.example.com")

    (finding,) = diagnosed(site.backend(), "HF005").findings

    words = shlex.split(finding.fix)
    statements = json.loads(words[words.index("--policy") + 1])["Statement"]
    assert [one["Sid"] for one in statements] == ["All", "HoldfastTlsOnly"]


def test_commands_of_ours(site: Site) -> None:
    """They name the backend as the doctor's own options did, and ask unless told."""
    put(site, KEY, made_state(1))
    put(site, KEY, b"", digest="0" * 32)
    put_item(site, "gone it's.tfstate-md5", {"Digest": "1" * 32})
    again = ("--bucket", site.bucket, "--lock-table", site.table)
    found = diagnosed(site.backend(), options=Options(again=again)).findings
    fixes = {one.check.id: one.fix for one in found}

    paste(f"{fixes['HF402']} --yes", f"{fixes['HF302']} --yes")

    assert diagnosed(site.backend(), "HF301", "HF302", "HF402").findings == ()


@pytest.mark.parametrize("lock", ["table", "lockfile", "both"])
def test_what_bootstrap_makes_is_clean(site: Site, lock: LockMode) -> None:
    """No finding, not even a note, and nothing that could not be looked at."""
    desired = wanted(f"{site.bucket}-{lock}", lock=lock)
    applied(desired)
    settings = site.settings().changed(
        bucket=desired.bucket,
        dynamodb_table=desired.table_name,
        use_lockfile=lock != "table",
        encrypt=True,
    )

    diagnosis = diagnosed(Backend(settings, cache=False))

    assert (diagnosis.findings, diagnosis.not_checked) == ((), ())
