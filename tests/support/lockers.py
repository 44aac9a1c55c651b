"""Clients that lock as Terraform does, request by request: with a table, a lock file, or both."""

import json
import uuid
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from in_process import Aws

BUCKET = "states"
TABLE = "locks"
KEY = "app/terraform.tfstate"
LOCK_ID = f"{BUCKET}/{KEY}"
LOCK_FILE = f"{KEY}.tflock"
MODES = ("dynamodb", "lockfile")
TERRAFORM = Config(
    user_agent="Terraform/1.11.4",
    retries={"total_max_attempts": 1},
    s3={"addressing_style": "path"},
)


def prepare(aws: Aws) -> None:
    """Make a bucket that keeps versions, and a lock table."""
    aws.s3.create_bucket(Bucket=BUCKET)
    versioning: Any = {"Status": "Enabled"}
    aws.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=versioning)
    aws.dynamodb.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )


def document(
    who: str = "ann@host", operation: str = "OperationTypeApply", path: str = LOCK_ID
) -> bytes:
    """Return a new lock document."""
    fields = {
        "ID": str(uuid.uuid4()),
        "Operation": operation,
        "Info": "",
        "Who": who,
        "Version": "1.11.4",
        "Created": "2026-01-02T03:04:05.6Z",
        "Path": path,
    }
    return json.dumps(fields, separators=(",", ":")).encode()


def session(aws: Aws) -> dict[str, str]:
    """Return credentials of a session of its own, as options of a client."""
    given = aws.sts.get_session_token()["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }


class Locker:
    """One process that locks in one mode, perhaps with clients of its own."""

    def __init__(self, aws: Aws, mode: str, who: str = "ann@host", **options: Any) -> None:
        self.mode = mode
        self.document = document(who)
        self._s3: Any = aws.client("s3", **options) if options else aws.s3
        self._dynamodb: Any = aws.client("dynamodb", **options) if options else aws.dynamodb

    def lock(self) -> None:
        """Take the lock, or raise as boto3 does."""
        if self.mode == "lockfile":
            self._s3.put_object(Bucket=BUCKET, Key=LOCK_FILE, Body=self.document, IfNoneMatch="*")
        else:
            item = {"LockID": {"S": LOCK_ID}, "Info": {"S": self.document.decode()}}
            self._dynamodb.put_item(
                TableName=TABLE, Item=item, ConditionExpression="attribute_not_exists(LockID)"
            )

    def refused(self) -> str:
        """Try to take the lock; return what the refusal says."""
        try:
            self.lock()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            assert code in ("PreconditionFailed", "ConditionalCheckFailedException")
            return error.response["Error"]["Message"]
        raise AssertionError("the lock was given")

    def holder(self) -> bytes | None:
        """Return the lock document that is shown in this mode."""
        if self.mode == "lockfile":
            try:
                body: bytes = self._s3.get_object(Bucket=BUCKET, Key=LOCK_FILE)["Body"].read()
            except self._s3.exceptions.NoSuchKey:
                return None
            return body
        found = self._dynamodb.get_item(
            TableName=TABLE,
            Key={"LockID": {"S": LOCK_ID}},
            ProjectionExpression="LockID, Info",
            ConsistentRead=True,
        )
        return found["Item"]["Info"]["S"].encode() if "Item" in found else None

    def unlock(self) -> None:
        """Delete the lock, whosever it is."""
        if self.mode == "lockfile":
            self._s3.delete_object(Bucket=BUCKET, Key=LOCK_FILE)
        else:
            self._dynamodb.delete_item(TableName=TABLE, Key={"LockID": {"S": LOCK_ID}})

    def release(self) -> None:
        """Read the lock, compare it, and delete it, as Terraform does."""
        assert self.holder() == self.document
        self.unlock()


def of_terraform(aws: Aws) -> tuple[Locker, Locker]:
    """Return what locks as a Terraform with both: for the lock file, and for the table."""
    file, table = (Locker(aws, mode, config=TERRAFORM) for mode in ("lockfile", "dynamodb"))
    table.document = file.document
    return file, table


def left_of_locks(aws: Aws) -> list[str]:
    """Return the lock items and lock files that are there."""
    items = aws.dynamodb.scan(TableName=TABLE)["Items"]
    found = [item["LockID"]["S"] for item in items if "Info" in item]
    listed = aws.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return found + [entry["Key"] for entry in listed if entry["Key"].endswith(".tflock")]
