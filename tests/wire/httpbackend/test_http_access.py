"""Who may ask over HTTP: access keys as HTTP Basic, and what S3's policies allow them."""

import json
from typing import Any

import pytest

from holdfast.server.access.failed_attempts import AT_ONCE
from http_backend import HttpBackend, basic, document, id_of, md5, state
from in_process import ACCESS_KEY_ID, SECRET, Aws
from lockers import BUCKET, KEY

LOCK_FILE = f"{KEY}.tflock"


def somebody(aws: Aws, *allowed: tuple[str, str]) -> HttpBackend:
    """A client with the key of a user who may do these things to these keys."""
    aws.iam.create_user(UserName="bob")
    statements: list[dict[str, Any]] = [
        {"Effect": "Allow", "Action": action, "Resource": f"arn:aws:s3:::{BUCKET}{key}"}
        for action, key in allowed
    ]
    if statements:
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        aws.iam.put_user_policy(UserName="bob", PolicyName="some", PolicyDocument=policy)
    key = aws.iam.create_access_key(UserName="bob")["AccessKey"]
    return HttpBackend(aws, user=key["AccessKeyId"], password=key["SecretAccessKey"])


@pytest.mark.parametrize("authorization", ["", "Bearer x", "Basic", "Basic !", "Basic /w=="])
def test_without_credentials(http: HttpBackend, authorization: str) -> None:
    """401 says what to give."""
    answer = http.send("GET", b"", {"authorization": authorization})
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert "TF_HTTP_USERNAME" in answer.said["error"]


@pytest.mark.parametrize(
    ("user", "password"),
    [
        (ACCESS_KEY_ID, "wrong"),
        (ACCESS_KEY_ID, ""),
        ("AKIANOBODYNOBODY0000", SECRET),
        (SECRET, ACCESS_KEY_ID),
        ("", ""),
        ("\0", "x" * 5000),
    ],
)
def test_wrong_credentials(http: HttpBackend, user: str, password: str) -> None:
    """403, which Terraform shows as invalid; the answer does not repeat them."""
    answer = http.send("GET", b"", {"authorization": basic(user, password)})
    assert (answer.status, answer.said["code"]) == (403, "InvalidAccessKeyId")
    assert SECRET not in answer.body.decode()


def test_a_key_that_is_switched_off_is_refused_at_once(http: HttpBackend, aws: Aws) -> None:
    """As for every other protocol."""
    bob = somebody(aws, ("s3:*", "/*"), ("s3:ListBucket", ""))
    assert bob.get().status == 404
    key = aws.iam.list_access_keys(UserName="bob")["AccessKeyMetadata"][0]["AccessKeyId"]
    aws.iam.update_access_key(UserName="bob", AccessKeyId=key, Status="Inactive")
    assert bob.get().status == 403


def test_temporary_credentials_cannot_be_given(http: HttpBackend, aws: Aws) -> None:
    """Their token has no place; the answer says what to use instead."""
    given = aws.sts.get_session_token()["Credentials"]
    authorization = basic(given["AccessKeyId"], given["SecretAccessKey"])
    answer = http.send("GET", b"", {"authorization": authorization})
    assert answer.status == 403
    assert "session token" in answer.said["error"]


def test_guessing_is_slowed_down(http: HttpBackend) -> None:
    """After twenty failures nothing is looked at for a while, but for keys known to be good."""
    guess = {"authorization": basic("AKIAGUESSEDGUESSED00", "guess")}
    http.get()
    for _ in range(AT_ONCE):
        assert http.send("GET", b"", guess).status == 403
    answer = http.send("GET", b"", guess)
    assert answer.status == 503
    assert answer.headers["retry-after"] == "1"
    assert http.get().status == 404


@pytest.mark.parametrize(
    ("method", "action", "key"),
    [
        ("GET", "s3:GetObject", KEY),
        ("HEAD", "s3:GetObject", KEY),
        ("POST", "s3:PutObject", KEY),
        ("PUT", "s3:PutObject", KEY),
        ("DELETE", "s3:DeleteObject", KEY),
        ("LOCK", "s3:PutObject", LOCK_FILE),
        ("UNLOCK", "s3:DeleteObject", LOCK_FILE),
    ],
)
def test_each_operation_needs_what_s3_would(
    http: HttpBackend, aws: Aws, method: str, action: str, key: str
) -> None:
    """The same right on the state or on its lock file, and no other."""
    http.post(state(1))
    body = {"POST": state(2), "PUT": state(2), "LOCK": document()}.get(method, b"")
    bob = somebody(aws, (action, f"/{key}"))
    assert bob.ask(method, body).status == 200
    others = {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"} - {action}
    denied = [
        {"Effect": "Allow", "Action": sorted(others), "Resource": f"arn:aws:s3:::{BUCKET}/*"},
        {"Effect": "Allow", "Action": action, "Resource": f"arn:aws:s3:::{BUCKET}/other*"},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": denied})
    aws.iam.put_user_policy(UserName="bob", PolicyName="some", PolicyDocument=policy)
    assert bob.ask(method, body).status == 403


def test_who_may_not_look_is_not_told_what_is_there(http: HttpBackend, aws: Aws) -> None:
    """403 for a state that is not there, as from S3 to who may not list."""
    del http
    bob = somebody(aws, ("s3:GetObject", "/*"))
    assert bob.get().status == 403


def test_who_may_not_break_locks_releases_none(http: HttpBackend, aws: Aws) -> None:
    """A writer without s3:DeleteObject on lock files cannot force anything."""
    lock = document()
    http.lock(lock)
    bob = somebody(aws, ("s3:PutObject", "/*"), ("s3:GetObject", "/*"))
    assert bob.force_unlock().status == 403
    assert bob.unlock(lock).status == 403
    assert http.post(state(), id_of(lock)).status == 200


def test_a_policy_of_the_bucket_denies_over_http(http: HttpBackend, aws: Aws) -> None:
    """Also the administrator, as everywhere."""
    denied = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{BUCKET}/{KEY}",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    aws.s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    assert http.post(state()).status == 403
    assert http.get().status == 404


def test_who_may_read_the_outputs_reads_nothing_else(http: HttpBackend, aws: Aws) -> None:
    """`terraform_remote_state` over this backend works, and the resources stay out of sight."""
    outputs = {"address": {"value": "10.0.0.1", "type": "string"}}
    secret = {"mode": "managed", "type": "x", "name": "y", "provider": "p", "instances": []}
    whole = state(outputs=outputs, resources=[secret])
    http.post(whole)
    bob = somebody(aws, ("holdfast:GetOutputs", "/*"))
    answer = bob.get()
    assert answer.status == 200
    assert answer.said["outputs"] == outputs
    assert answer.said["resources"] == []
    assert answer.headers["content-md5"] == md5(answer.body)
    head = bob.ask("HEAD")
    assert head.headers["content-length"] == str(len(answer.body))
    assert "content-md5" not in head.headers
    assert bob.post(state(2)).status == 403
    assert bob.lock(document()).status == 403
