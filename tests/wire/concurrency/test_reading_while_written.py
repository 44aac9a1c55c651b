"""Readers of a long object that is overwritten and deleted meanwhile: one whole version, or none."""

import random
import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contenders import MORE, at_once
from server_actors import BUCKET, Clients, code_of, md5

SECONDS = 2.5 * MORE
SIZES = (400_000, 1_500_000, 2_600_000, 3 << 20)


@pytest.fixture(params=["versioned", "unversioned", "suspended"])
def bucket(request: pytest.FixtureRequest, aws: Clients) -> str:
    """A bucket in each state of versioning, with ETags that are the MD5 of the bytes."""
    name = f"read-{request.param}"
    aws.s3.create_bucket(Bucket=name)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    aws.s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    if request.param != "unversioned":
        status = "Enabled" if request.param == "versioned" else "Suspended"
        aws.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
    return name


def test_a_reader_sees_one_whole_version(aws: Clients, bucket: str) -> None:
    """The bytes have the hash that the answer's ETag says, whatever happens to the key meanwhile."""
    named: Any = {"Bucket": bucket, "Key": "state"}
    aws.s3.put_object(**named, Body=b"first")
    ended = threading.Event()
    reads: list[str] = []

    def write() -> None:
        chance = random.Random(1)
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            aws.s3.put_object(**named, Body=chance.randbytes(chance.choice(SIZES)))
            if chance.random() < 0.2:
                aws.s3.delete_object(**named)
        ended.set()

    def read() -> None:
        while not ended.is_set():
            try:
                got = aws.s3.get_object(**named)
            except ClientError as error:
                assert code_of(error) == "NoSuchKey"  # noqa: PT017 (either is right)
                continue
            time.sleep(0.005)  # what is read in pieces is overwritten meanwhile
            assert md5(got["Body"].read()) == got["ETag"].strip('"')
            reads.append(got["ETag"])

    def act(who: int) -> None:
        try:
            (write if who == 0 else read)()
        finally:
            ended.set()

    at_once(4, act)

    assert len(set(reads)) > 3


def test_a_copy_takes_one_whole_version(aws: Clients) -> None:
    """The source of a copy may change meanwhile; the copy is one of its versions."""
    source: Any = {"Bucket": BUCKET, "Key": "moving"}
    bodies = [bytes([n]) * SIZES[n] for n in range(len(SIZES))]
    known = {md5(body) for body in bodies}
    aws.s3.put_object(**source, Body=bodies[0])

    def act(who: int) -> None:
        for number in range(8 * MORE):
            if who == 0:
                aws.s3.put_object(**source, Body=bodies[number % len(bodies)])
                continue
            copy: Any = {"Bucket": BUCKET, "Key": f"moved/{who}"}
            aws.s3.copy_object(**copy, CopySource=source)
            assert md5(aws.s3.get_object(**copy)["Body"].read()) in known

    at_once(3, act)
