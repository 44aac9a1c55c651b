"""What the tests of who may do what share."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from furnished import Furnished, furnished_server
from in_process import Aws
from somebody import Somebody

BUCKET = "states"
TABLE = "locks"
Make = Callable[..., Somebody]


@pytest.fixture
def place(aws: Aws) -> Aws:
    """A server with a bucket, two states in it, and a lock table with a lock on each."""
    aws.s3.create_bucket(Bucket=BUCKET)
    aws.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    aws.dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
    )
    for stage in ("staging", "production"):
        aws.s3.put_object(Bucket=BUCKET, Key=f"{stage}/app", Body=stage.encode())
        item: Any = {"LockID": {"S": f"{BUCKET}/{stage}/app"}, "Info": {"S": "held"}}
        aws.dynamodb.put_item(TableName=TABLE, Item=item)
    return aws


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    """One server for all operations, with something of every kind in it."""
    with furnished_server(tmp_path_factory.mktemp("furnished")) as made:
        made.furnish()
        yield made


@pytest.fixture
def somebody(place: Aws) -> Make:
    """Makes a user: `somebody(allow(...), name="ada")`."""

    def make(*statements: dict[str, Any], name: str = "ada") -> Somebody:
        return Somebody(place, name, *statements)

    return make
