"""CreateBucket in a region other than the oldest one."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from holdfast.aws.errors import ServiceError
from holdfast.engine.records import Bucket
from holdfast.engine.sqlite import SqliteEngine
from holdfast.engine.vault import Vault
from holdfast.server.background import own_update, own_view
from holdfast.server.operation import Site
from holdfast.server.s3.buckets import create_bucket, get_bucket_location

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SITE = Site("123456789012", "eu-west-1", Vault(bytes(32)), os.urandom)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SqliteEngine]:
    """A fresh engine."""
    opened = SqliteEngine(tmp_path / "holdfast.db")
    yield opened
    opened.close()


def _create(engine: SqliteEngine, constraint: str | None) -> None:
    params: dict[str, Any] = {"Bucket": "abc"}
    if constraint is not None:
        params["CreateBucketConfiguration"] = {"LocationConstraint": constraint}
    own_update(engine, SITE, NOW, lambda tx: create_bucket(tx, params))


@pytest.mark.parametrize("constraint", ["eu-west-1", "EU"])
def test_the_region_is_named_by_its_constraint(engine: SqliteEngine, constraint: str) -> None:
    """EU is an old name of Ireland's."""
    _create(engine, constraint)
    location = own_view(engine, SITE, NOW, lambda tx: get_bucket_location(tx, {"Bucket": "abc"}))
    assert location == {"LocationConstraint": "eu-west-1"}


@pytest.mark.parametrize(
    ("constraint", "named"), [(None, "unspecified"), ("eu-north-1", "eu-north-1")]
)
def test_no_constraint_means_the_oldest_region(
    engine: SqliteEngine, constraint: str | None, named: str
) -> None:
    """So it is refused, like any other region."""
    with pytest.raises(ServiceError) as caught:
        _create(engine, constraint)
    assert caught.value.code == "IllegalLocationConstraintException"
    assert f"The {named} location constraint" in caught.value.message
    assert engine.view(lambda tx: tx.get(Bucket, "abc")) is None


def test_making_it_again_is_refused(engine: SqliteEngine) -> None:
    """409, where us-east-1 answers 200."""
    _create(engine, "eu-west-1")
    with pytest.raises(ServiceError) as caught:
        _create(engine, "eu-west-1")
    assert (caught.value.code, caught.value.status) == ("BucketAlreadyOwnedByYou", 409)
    assert caught.value.fields == {"BucketName": "abc"}
