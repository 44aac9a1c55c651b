"""Whatever clients send, the log at its most talkative holds no secret and no line of theirs."""

import base64
import hashlib
import json

from hostile_target import BUCKET, TABLE, Target
from raw_http import Signer, head
from roles import make_role

CUSTOMER_KEY = base64.b64encode(b"0123456789abcdefghijklmnopqrstuv").decode()
CUSTOMER_MD5 = base64.b64encode(
    hashlib.md5(b"0123456789abcdefghijklmnopqrstuv", usedforsecurity=False).digest()
).decode()
SSE_C = {
    "x-amz-server-side-encryption-customer-algorithm": "AES256",
    "x-amz-server-side-encryption-customer-key": CUSTOMER_KEY,
    "x-amz-server-side-encryption-customer-key-md5": CUSTOMER_MD5,
}
IN_A_STATE = "a-password-inside-a-state"


def test_secrets(target: Target) -> None:
    """Good and bad requests of every kind leave no secret behind."""
    session = target.server.client("sts").assume_role(
        RoleArn=make_role(target.server.client("iam"), "deploy"), RoleSessionName="run"
    )["Credentials"]
    assumed = Signer(target.signer.host, session["AccessKeyId"], session["SecretAccessKey"])
    token = {"X-Amz-Security-Token": session["SessionToken"]}
    presigned = target.signer.presigned("GET", f"/{BUCKET}/k")
    signature = presigned.partition("X-Amz-Signature=")[2].partition("&")[0]
    secret, body = target.signer.secret, IN_A_STATE.encode()
    basic = base64.b64encode(f"{target.signer.access_key_id}:{secret}".encode()).decode()
    sealed = target.server.client("kms").encrypt(KeyId="alias/terraform-state", Plaintext=body)
    data_key = target.server.client("kms").generate_data_key(
        KeyId="alias/terraform-state", KeySpec="AES_256"
    )["Plaintext"]
    item = {"LockID": {"S": "x"}, "Info": {"S": IN_A_STATE}}
    target.server.client("kms").decrypt(CiphertextBlob=sealed["CiphertextBlob"])
    requests = [
        target.signer.request("PUT", f"/{BUCKET}/k", body, SSE_C),
        target.signer.request("GET", f"/{BUCKET}/k", headers=SSE_C),
        target.signer.request("PUT", "/no-such-bucket-here/k", body, SSE_C),
        target.signer.request("PUT", f"/{BUCKET}/k", body, {**SSE_C, "x-a": "\xff"}),
        target.signer.request("PUT", f"/{BUCKET}/k", body)[:-1] + b"!",
        assumed.request("GET", f"/{BUCKET}/k", headers={**SSE_C, **token}),
        assumed.request("GET", f"/{BUCKET}/k", headers={"X-Amz-Security-Token": "wrong"}),
        assumed.request("GET", "/", headers=token).replace(b"Signature=", b"Signature=0"),
        assumed.call("dynamodb", "PutItem", {"TableName": TABLE, "Item": item}),
        target.signer.call("dynamodb", "PutItem", {"TableName": TABLE, "Item": item}),
        target.signer.call("dynamodb", "PutItem", {"TableName": TABLE, "Item": item, "x": 1}),
        target.signer.call("dynamodb", "PutItem", json.dumps({"Item": item}).encode()[:-1]),
        target.signer.call("kms", "Decrypt", {"CiphertextBlob": base64.b64encode(body).decode()}),
        head("GET", presigned, {"Host": target.signer.host}),
        head("GET", presigned + "0", {"Host": target.signer.host}),
        head("GET", presigned, {"Host": target.signer.host, "Authorization": f"Basic {basic}"}),
        head("GET", "/-/metrics", {"Host": "x", "Authorization": f"Basic {basic}"}),
        head("GET", "/-/metrics", {"Host": "x", "Authorization": f"Basic {basic}0"}),
        head("GET", f"/{secret}#", {"Host": "x"}),
        head("GET", "/", {"Host": "x", "Authorization": f"AWS {secret}"}),
        head("GET", "/", {"Host": "x", "Authorization": f"AWS4-HMAC-SHA256 {secret}"}),
    ]
    for request in requests:
        target.ask(request)
    log = target.whole_log()

    for hidden in (
        *(secret, session["SecretAccessKey"], session["SessionToken"], signature, basic),
        *(CUSTOMER_KEY, IN_A_STATE, base64.b64encode(data_key).decode()),
        base64.b64encode(body).decode(),
    ):
        assert hidden not in log
    assert "Signature=" not in log
    assert target.is_well()


def test_no_line_of_a_client(target: Target) -> None:
    """A key with line ends and escapes makes one line of the log, and colours nothing."""
    target.ask(target.signer.request("GET", f"/{BUCKET}/a%0d%0aINFO%20forged%1b[31m%e2%80%a8"))

    log = target.whole_log()
    assert "INFO forged" in log
    assert not any(line.startswith("INFO forged") for line in log.splitlines())
    assert "\x1b" not in log
