"""States over HTTP: read, written and deleted, and the very objects that S3 shows."""

import base64
import json
from typing import Any

import pytest

from http_backend import HttpBackend, bare, document, id_of, md5, state
from in_process import Aws
from lockers import BUCKET, KEY, TABLE


def versions(aws: Aws) -> int:
    """Return how many versions the state has, delete markers included."""
    listed = aws.s3.list_object_versions(Bucket=BUCKET, Prefix=KEY)
    return len(listed.get("Versions", [])) + len(listed.get("DeleteMarkers", []))


def test_a_state_that_is_not_there(http: HttpBackend) -> None:
    """404, which Terraform takes for an empty one."""
    answer = http.get()
    assert answer.status == 404
    assert answer.said["code"] == "NoSuchKey"


def test_what_is_written_is_read(http: HttpBackend) -> None:
    """Byte for byte, with its type and its MD5."""
    body = state()
    assert http.post(body).status == 200
    answer = http.get()
    assert (answer.status, answer.body) == (200, body)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-md5"] == md5(body)


def test_a_state_written_over_http_is_an_object(http: HttpBackend, aws: Aws) -> None:
    """With the type that Terraform's S3 backend gives it, the checksum, and a version of its own."""
    http.post(state(1))
    http.post(state(2))
    found = aws.s3.get_object(Bucket=BUCKET, Key=KEY, ChecksumMode="ENABLED")
    assert found["Body"].read() == state(2)
    assert found["ContentType"] == "application/json"
    assert "ChecksumCRC64NVME" in found
    assert versions(aws) == 2


def test_a_state_written_through_s3_is_read_over_http(http: HttpBackend, aws: Aws) -> None:
    """The protocols share every state."""
    aws.s3.put_object(Bucket=BUCKET, Key=KEY, Body=state(3))
    assert http.get().body == state(3)


def test_a_long_state_is_streamed_with_its_md5(http: HttpBackend) -> None:
    """Also one that no single chunk holds."""
    body = state(outputs={"long": {"value": "x" * (3 << 20), "type": "string"}})
    assert http.post(body).status == 200
    answer = http.get()
    assert answer.body == body
    assert answer.headers["content-md5"] == md5(body)


def test_head_says_what_get_would(http: HttpBackend) -> None:
    """Without the bytes."""
    http.post(state())
    answer = http.ask("HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-length"] == str(len(state()))
    assert answer.headers["content-md5"] == md5(state())


def test_put_writes_as_post_does(http: HttpBackend) -> None:
    """`update_method = "PUT"`."""
    assert http.ask("PUT", state()).status == 200
    assert http.get().body == state()


def test_a_body_in_chunks_is_taken(http: HttpBackend) -> None:
    """Nothing says how long it is going to be."""
    answer = http.send("POST", state(), {"transfer-encoding": "chunked"})
    assert answer.status == 200
    assert http.get().body == state()


def test_a_body_with_another_md5_is_refused(http: HttpBackend, aws: Aws) -> None:
    """And nothing is stored."""
    headers = {"content-length": str(len(state())), "content-md5": md5(b"other")}
    answer = http.send("POST", state(), headers)
    assert (answer.status, answer.said["code"]) == (400, "BadDigest")
    assert versions(aws) == 0


def test_a_body_that_is_cut_short_is_refused(http: HttpBackend, aws: Aws) -> None:
    """A state is stored whole or not at all."""
    answer = http.send("POST", state(), {"content-length": str(len(state()) + 1)})
    assert (answer.status, answer.said["code"]) == (400, "IncompleteBody")
    assert versions(aws) == 0


def test_a_state_in_an_encrypted_bucket_is_under_the_buckets_key(
    http: HttpBackend, aws: Aws
) -> None:
    """The default encryption of the bucket holds for HTTP as well."""
    key = aws.kms.create_key()["KeyMetadata"]["KeyId"]
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules: Any = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    aws.s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration=rules)
    http.post(state())
    assert aws.s3.head_object(Bucket=BUCKET, Key=KEY)["SSEKMSKeyId"].endswith(key)
    assert http.get().body == state()


def test_a_deleted_state_is_gone_and_comes_back(http: HttpBackend, aws: Aws) -> None:
    """It is under a delete marker, as when S3 deletes it."""
    http.post(state())
    assert http.ask("DELETE").status == 200
    assert http.get().status == 404
    assert http.ask("HEAD").status == 404
    marker = aws.s3.list_object_versions(Bucket=BUCKET, Prefix=KEY)["DeleteMarkers"][0]
    aws.s3.delete_object(Bucket=BUCKET, Key=KEY, VersionId=marker["VersionId"])
    assert http.get().body == state()


def test_deleting_what_is_not_there_leaves_nothing(http: HttpBackend, aws: Aws) -> None:
    """No delete marker of a state that never was, nor a second one."""
    assert http.ask("DELETE").status == 200
    assert versions(aws) == 0


@pytest.mark.parametrize("body", [b"", document(), bare("x")], ids=["forced", "unlock", "tofu"])
def test_an_unlock_by_delete_that_went_wrong_deletes_no_state(
    http: HttpBackend, body: bytes
) -> None:
    """Who sets `unlock_method = "DELETE"` and the address of the state meant another address."""
    http.post(state())
    headers = {"content-length": str(len(body)), "content-md5": md5(body)}
    answer = http.send("DELETE", body, headers)
    assert answer.status == 400
    assert "/-/lock/" in answer.said["error"]
    assert http.get().body == state()


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_lock_by_post_that_went_wrong_writes_no_state(
    http: HttpBackend, aws: Aws, method: str
) -> None:
    """Who sets `lock_method = "POST"` and the address of the state meant another address."""
    answer = http.ask(method, document())
    assert answer.status == 400
    assert "/-/lock/" in answer.said["error"]
    assert versions(aws) == 0


def test_a_bucket_that_is_not_there_is_no_empty_state(aws: Aws) -> None:
    """With 404, `terraform init` would succeed in spite of a misspelt address."""
    http = HttpBackend(aws)
    for answer in (http.get(), http.post(state()), http.lock(document()), http.unlock(document())):
        assert (answer.status, answer.said["code"]) == (400, "NoSuchBucket")


def test_the_digest_in_the_lock_table_follows(http: HttpBackend, aws: Aws) -> None:
    """Who reads through S3 with a table finds the digest of what was written over HTTP."""
    digest_id = {"LockID": {"S": f"{BUCKET}/{KEY}-md5"}}
    aws.s3.put_object(Bucket=BUCKET, Key=KEY, Body=state(1))
    first = md5_hex(state(1))
    aws.dynamodb.put_item(TableName=TABLE, Item={**digest_id, "Digest": {"S": first}})
    lock = document()
    http.lock(lock)
    assert http.post(state(2), id_of(lock)).status == 200
    item = aws.dynamodb.get_item(TableName=TABLE, Key=digest_id)["Item"]
    assert item["Digest"]["S"] == md5_hex(state(2))


def md5_hex(body: bytes) -> str:
    """Return the MD5 as the lock table has it."""
    return base64.b64decode(md5(body)).hex()


def test_parameters_of_the_address_are_kept_and_ignored(http: HttpBackend) -> None:
    """Terraform merges the ID into what the user wrote."""
    lock = document()
    http.lock(lock)
    answer = http.ask("POST", state(), query=f"ID={id_of(lock)}&project=x")
    assert answer.status == 200


def test_an_encrypted_state_of_opentofu_is_stored(http: HttpBackend) -> None:
    """The server need not read a state to keep it."""
    body = json.dumps(
        {
            "serial": 3,
            "lineage": "6e8dc0ee-7c0e-7f66-0d0b-9a4ad5d7d8c4",
            "meta": {"key_provider.pbkdf2.x": "e30="},
            "encrypted_data": "AAAA",
            "encryption_version": "v0",
        }
    ).encode()
    assert http.post(body).status == 200
    assert http.get().body == body
