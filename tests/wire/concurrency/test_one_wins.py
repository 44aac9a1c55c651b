"""What can happen once only, asked for by many at the same time."""

from typing import Any

from contenders import MORE, at_once, outcome
from server_actors import BUCKET, PART, Clients

CLIENTS = 12


def test_one_create_table_wins(aws: Clients) -> None:
    """The others are told that the table is there."""
    for number in range(MORE):
        name = f"contended-{number}"
        codes = at_once(
            CLIENTS,
            lambda _, name=name: outcome(  # type: ignore[misc] # a default binds the loop's value
                lambda: aws.dynamodb.create_table(
                    TableName=name,
                    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                    KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                    BillingMode="PAY_PER_REQUEST",
                )
            ),
        )

        assert sorted(codes) == ["", *["ResourceInUseException"] * (CLIENTS - 1)]


def test_create_bucket_makes_one(aws: Clients) -> None:
    """In us-east-1 the owner's repetition is answered with success; elsewhere it is told."""
    codes = at_once(CLIENTS, lambda _: outcome(lambda: aws.s3.create_bucket(Bucket="contended")))

    assert set(codes) <= {"", "BucketAlreadyOwnedByYou"}
    assert "" in codes
    names = [found["Name"] for found in aws.s3.list_buckets()["Buckets"]]
    assert names.count("contended") == 1


def test_one_create_alias_wins(aws: Clients) -> None:
    """The others are told that the alias is there."""
    key = aws.kms.create_key()["KeyMetadata"]["KeyId"]
    codes = at_once(
        CLIENTS,
        lambda _: outcome(
            lambda: aws.kms.create_alias(AliasName="alias/contended", TargetKeyId=key)
        ),
    )

    assert sorted(codes) == ["", *["AlreadyExistsException"] * (CLIENTS - 1)]


def test_the_managed_key_is_made_once(aws: Clients) -> None:
    """First uses of aws/s3 at the same time end up under one key."""
    keys = at_once(
        CLIENTS,
        lambda who: str(
            aws.s3.put_object(
                Bucket=BUCKET, Key=f"managed/{who}", Body=b"x", ServerSideEncryption="aws:kms"
            )["SSEKMSKeyId"]
        ),
    )

    assert len(set(keys)) == 1
    aliases = [found["AliasName"] for found in aws.kms.list_aliases()["Aliases"]]
    assert len(aliases) == len(set(aliases))


def upload(aws: Clients, key: str) -> tuple[Any, Any]:
    """Return the names of an upload of two parts, and what completes it."""
    named: Any = {"Bucket": BUCKET, "Key": key}
    named["UploadId"] = aws.s3.create_multipart_upload(**named)["UploadId"]
    parts = [
        {"PartNumber": n, "ETag": aws.s3.upload_part(**named, PartNumber=n, Body=body)["ETag"]}
        for n, body in ((1, bytes(PART)), (2, b"end"))
    ]
    return named, {"Parts": parts}


def test_completes_and_aborts_of_one_upload(aws: Clients) -> None:
    """Either all completes are answered with one version, or the abort won and there is none."""
    for number in range(3 * MORE):
        key = f"raced/{number}"
        named, parts = upload(aws, key)

        def finish(who: int, named: Any = named, parts: Any = parts) -> str:
            if who % 3 == 2:
                return "abort " + outcome(lambda: aws.s3.abort_multipart_upload(**named))
            done = {**named, "MultipartUpload": parts}
            return "complete " + outcome(lambda: aws.s3.complete_multipart_upload(**done))

        codes = set(at_once(6, finish))

        there = aws.s3.list_object_versions(Bucket=BUCKET, Prefix=key).get("Versions", [])
        assert len(there) == ("complete " in codes)
        assert codes <= {"complete ", "complete NoSuchUpload", "abort ", "abort NoSuchUpload"}
        if there:
            assert "complete NoSuchUpload" not in codes
            got = aws.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
            assert got == bytes(PART) + b"end"
        else:
            assert "abort " in codes
        assert "Uploads" not in aws.s3.list_multipart_uploads(Bucket=BUCKET, Prefix=key)
