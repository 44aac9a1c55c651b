"""Runs the doctor on a test's bucket and table."""

from collections.abc import Mapping

from client_site import Site
from holdfast.client.backend import Backend
from holdfast.operations.doctor.diagnosis import Diagnosis, diagnose
from holdfast.operations.doctor.finding import Finding
from holdfast.operations.doctor.survey import Options
from holdfast.terraform.digest import digest_of


def diagnosed(backend: Backend, *only: str, options: Options | None = None) -> Diagnosis:
    """Return what some checks find."""
    return diagnose(backend.connection, options, only=frozenset(only))


def found(backend: Backend, check: str, options: Options | None = None) -> tuple[Finding, ...]:
    """Return what one check finds; it has to have been run."""
    diagnosis = diagnosed(backend, check, options=options)
    assert not diagnosis.not_checked, diagnosis.not_checked
    assert [one.id for one in diagnosis.checked] == [check]
    return diagnosis.findings


def put(site: Site, key: str, body: bytes, *, digest: bytes | str | None = None) -> str:
    """Store an object as it is, and a digest if one is given; return the version's id."""
    version: str = site.s3.put_object(Bucket=site.bucket, Key=key, Body=body)["VersionId"]
    if digest is not None:
        text = digest if isinstance(digest, str) else digest_of(digest)
        put_item(site, f"{key}-md5", {"Digest": text})
    return version


def put_item(site: Site, key: str, attributes: Mapping[str, str]) -> None:
    """Store an item of the lock table for a key of the bucket."""
    item = {"LockID": {"S": f"{site.bucket}/{key}"}}
    item |= {name: {"S": value} for name, value in attributes.items()}
    site.dynamodb.put_item(TableName=site.table, Item=item)
