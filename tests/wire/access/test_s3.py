"""Who may do what in S3."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from aws_refusals import refused
from holdfast.aws.http import Headers, Request
from in_process import Aws
from somebody import Somebody, allow, deny, document

BUCKET = "states"
ARN = f"arn:aws:s3:::{BUCKET}"
STAGING = f"{ARN}/staging/*"
Make = Callable[..., Somebody]


def _status(call: Callable[..., Any], **params: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as caught:
        call(Bucket=BUCKET, **params)
    response: Any = caught.value.response
    error = response["Error"]
    return response["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error.get("Message", "")


def test_without_a_policy_nothing_is_allowed(somebody: Make) -> None:
    """And the answer says who, what, on what and why, as AWS does."""
    ada = somebody()
    said = (
        f"User: {ada.arn} is not authorized to perform: s3:GetObject on resource: "
        f'"{ARN}/staging/app" because no identity-based policy allows the s3:GetObject action'
    )
    assert _status(ada.client("s3").get_object, Key="staging/app") == (403, "AccessDenied", said)


def test_without_a_policy_one_knows_oneself(somebody: Make) -> None:
    """GetCallerIdentity and GetSessionToken need no permission."""
    sts = somebody().client("sts")
    assert sts.get_caller_identity()["Arn"].endswith(":user/ada")
    assert sts.get_session_token()["Credentials"]


def test_what_is_allowed_is_allowed_where_it_is(somebody: Make) -> None:
    """By prefix."""
    s3 = somebody(allow(["s3:GetObject", "s3:PutObject"], STAGING)).client("s3")
    s3.put_object(Bucket=BUCKET, Key="staging/app", Body=b"new")
    assert s3.get_object(Bucket=BUCKET, Key="staging/app")["Body"].read() == b"new"
    with refused("AccessDenied", "production/app"):
        s3.put_object(Bucket=BUCKET, Key="production/app", Body=b"new")
    with refused("AccessDenied", "s3:DeleteObject"):
        s3.delete_object(Bucket=BUCKET, Key="staging/app")


def test_an_explicit_denial_says_so(somebody: Make) -> None:
    """With the kind of the policy that has it."""
    s3 = somebody(allow("*"), deny("s3:GetObject", STAGING)).client("s3")
    status, _, said = _status(s3.get_object, Key="staging/app")
    assert status == 403
    assert said.endswith("with an explicit deny in an identity-based policy")


def test_a_change_of_policy_counts_at_once(somebody: Make) -> None:
    """For the next request."""
    ada = somebody(allow("s3:GetObject"))
    s3 = ada.client("s3")
    s3.get_object(Bucket=BUCKET, Key="staging/app")
    ada.may(deny("*"))
    with refused("AccessDenied"):
        s3.get_object(Bucket=BUCKET, Key="staging/app")


def test_what_is_refused_is_not_stored(place: Aws, somebody: Make) -> None:
    """Not even for a moment: the body is not taken."""
    s3 = somebody(allow("s3:*", STAGING)).client("s3")
    with refused("AccessDenied"):
        s3.put_object(Bucket=BUCKET, Key="production/app", Body=b"x" * 300_000)
    assert place.s3.get_object(Bucket=BUCKET, Key="production/app")["Body"].read() == b"production"


def test_a_body_is_refused_before_it_is_sent(place: Aws, somebody: Make) -> None:
    """The head is enough to say no."""
    s3 = somebody(allow("s3:*", STAGING)).client("s3")
    with refused("AccessDenied"):
        s3.put_object(Bucket=BUCKET, Key="production/app", Body=b"x")
    sent = place.requests[-1]
    url = urlsplit(sent.url)
    values: dict[str, Any] = dict(sent.headers.items())
    pairs = [(name, v if isinstance(v, str) else v.decode()) for name, v in values.items()]
    head = Request("PUT", url.path, url.query, Headers([("host", url.netloc), *pairs]))
    response = place.pipeline.begin(head).response
    assert response is not None
    assert response.status == 403


def test_a_presigned_url_is_worth_what_its_user_may(place: Aws, somebody: Make) -> None:
    """When it is used, not when it was made."""
    ada = somebody(allow("s3:GetObject"))
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    s3 = place.client(
        "s3",
        aws_access_key_id=ada.key.access_key_id,
        aws_secret_access_key=ada.key.secret,
        config=config,
    )
    where = {"Bucket": BUCKET, "Key": "staging/app"}
    url = urlsplit(s3.generate_presigned_url("get_object", Params=where))
    head = Request("GET", url.path, url.query, Headers([("host", url.netloc)]))
    assert place.send(head).status == 200
    condition = {"StringEquals": {"s3:authType": "REST-QUERY-STRING"}}
    ada.may(allow("s3:GetObject"), deny("s3:*", Condition=condition))
    assert place.send(head).status == 403
    s3.get_object(**where)


@pytest.mark.parametrize("key", ["staging/app", "staging/nothing"])
def test_what_may_not_be_read_may_exist_or_not(somebody: Make, key: str) -> None:
    """The answer is the same but for the name."""
    s3 = somebody(allow("s3:PutObject")).client("s3")
    status, code, said = _status(s3.get_object, Key=key)
    assert (status, code) == (403, "AccessDenied")
    assert "s3:GetObject on resource" in said
    assert _status(s3.head_object, Key=key)[0] == 403


def test_who_may_not_list_is_not_told_what_is_not_there(place: Aws, somebody: Make) -> None:
    """403 instead of 404, for keys and for versions."""
    s3 = somebody(allow(["s3:GetObject", "s3:GetObjectVersion"])).client("s3")
    assert _status(s3.get_object, Key="staging/nothing")[0] == 403
    assert _status(s3.head_object, Key="staging/nothing")[0] == 403
    version = place.s3.head_object(Bucket=BUCKET, Key="production/app")["VersionId"]
    assert _status(s3.get_object, Key="staging/app", VersionId=version)[0] == 403


def test_who_may_list_is_told_what_is_not_there(somebody: Make) -> None:
    """As far as the list goes."""
    listing = allow("s3:ListBucket", ARN, Condition={"StringLike": {"s3:prefix": "staging/*"}})
    s3 = somebody(allow("s3:GetObject"), listing).client("s3")
    assert _status(s3.get_object, Key="staging/nothing")[0] == 404
    assert _status(s3.get_object, Key="production/nothing")[0] == 403


def test_a_list_of_a_prefix(somebody: Make) -> None:
    """Only that prefix, and only with it."""
    listing = allow("s3:ListBucket", ARN, Condition={"StringLike": {"s3:prefix": "staging/*"}})
    s3 = somebody(listing).client("s3")
    found = s3.list_objects_v2(Bucket=BUCKET, Prefix="staging/")["Contents"]
    assert [one["Key"] for one in found] == ["staging/app"]
    for prefix in ({}, {"Prefix": ""}, {"Prefix": "production/"}, {"Prefix": "staging"}):
        with refused("AccessDenied", "s3:ListBucket"):
            s3.list_objects_v2(Bucket=BUCKET, **prefix)


@pytest.mark.parametrize("name", ["states", "no-such-bucket"])
def test_a_bucket_may_exist_or_not(somebody: Make, name: str) -> None:
    """For who has no right on it."""
    s3 = somebody(allow("s3:ListBucket", "arn:aws:s3:::another")).client("s3")
    with refused("403"):
        s3.head_bucket(Bucket=name)
    with refused("AccessDenied"):
        s3.get_bucket_versioning(Bucket=name)


@pytest.mark.parametrize("right", [None, allow("s3:GetObject", "arn:aws:s3:::another/*")])
def test_what_a_bucket_denies_tells_nobody_that_it_is_there(
    place: Aws, somebody: Make, right: dict[str, Any] | None
) -> None:
    """Its policy is named to those only who could, were it not for that."""
    ada = somebody(*([right] if right else []))
    policy = deny("s3:*", [ARN, f"{ARN}/*"], Principal={"AWS": ada.arn})
    place.s3.put_bucket_policy(Bucket=BUCKET, Policy=document(policy))
    said = "because no identity-based policy allows the s3:GetObject action"
    for bucket in (BUCKET, "no-such-bucket"):
        with refused("AccessDenied", said):
            ada.client("s3").get_object(Bucket=bucket, Key="staging/app")
    ada.may(allow("s3:GetObject"))
    with refused("AccessDenied", "with an explicit deny in a resource-based policy"):
        ada.client("s3").get_object(Bucket=BUCKET, Key="staging/app")


def test_whom_a_bucket_lets_in_hears_what_it_denies(place: Aws, somebody: Make) -> None:
    """Who may something by that policy knows that there is one."""
    ada = somebody()
    who = {"Principal": {"AWS": ada.arn}}
    policy = document(allow("s3:*", STAGING, **who), deny("s3:GetObject", STAGING, **who))
    place.s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    with refused("AccessDenied", "with an explicit deny in a resource-based policy"):
        ada.client("s3").get_object(Bucket=BUCKET, Key="staging/app")


def test_versions_are_a_right_of_their_own(place: Aws, somebody: Make) -> None:
    """GetObject is not GetObjectVersion, and deleting a version is not deleting."""
    version = place.s3.head_object(Bucket=BUCKET, Key="staging/app")["VersionId"]
    s3 = somebody(allow(["s3:GetObject", "s3:DeleteObject"])).client("s3")
    with refused("AccessDenied", "s3:GetObjectVersion"):
        s3.get_object(Bucket=BUCKET, Key="staging/app", VersionId=version)
    with refused("AccessDenied", "s3:DeleteObjectVersion"):
        s3.delete_object(Bucket=BUCKET, Key="staging/app", VersionId=version)
    s3.delete_object(Bucket=BUCKET, Key="staging/app")


def test_a_copy_needs_its_source(somebody: Make) -> None:
    """And is refused in the source's name."""
    s3 = somebody(allow(["s3:PutObject", "s3:GetObject"], STAGING)).client("s3")
    source = {"Bucket": BUCKET, "Key": "production/app"}
    with refused("AccessDenied", "s3:GetObject on resource"):
        s3.copy_object(Bucket=BUCKET, Key="staging/copy", CopySource=source)
    s3.copy_object(Bucket=BUCKET, Key="staging/copy", CopySource={**source, "Key": "staging/app"})
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="staging/copy")["UploadId"]
    with refused("AccessDenied", "production/app"):
        s3.upload_part_copy(
            Bucket=BUCKET, Key="staging/copy", UploadId=upload, PartNumber=1, CopySource=source
        )


def test_tags_with_an_object_are_a_right_of_their_own(somebody: Make) -> None:
    """PutObjectTagging, also as a header."""
    s3 = somebody(allow("s3:PutObject")).client("s3")
    with refused("AccessDenied", "s3:PutObjectTagging"):
        s3.put_object(Bucket=BUCKET, Key="staging/app", Body=b"", Tagging="a=b")


def test_each_entry_of_a_delete_is_allowed_by_itself(place: Aws, somebody: Make) -> None:
    """The others are told in its errors, and stay."""
    s3 = somebody(allow("s3:DeleteObject", STAGING)).client("s3")
    keys = ["staging/app", "production/app", "production/nothing"]
    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in keys]})
    assert [one["Key"] for one in answer["Deleted"]] == ["staging/app"]
    errors = [(one["Key"], one["Code"]) for one in answer["Errors"]]
    assert errors == [(key, "AccessDenied") for key in keys[1:]]
    place.s3.head_object(Bucket=BUCKET, Key="production/app")


@pytest.mark.parametrize("condition", [{"ETag": '"00"'}, {"Size": 3}], ids=["tag", "size"])
@pytest.mark.parametrize("key", ["staging/app", "staging/nothing"])
def test_what_a_delete_expects_tells_nothing(
    place: Aws, somebody: Make, key: str, condition: dict[str, Any]
) -> None:
    """Whether it holds is for those who may read the object; as AWS has it for entity tags."""
    ada = somebody(allow("s3:DeleteObject"))
    doomed = {"Objects": [{"Key": key, **condition}]}
    with refused("AccessDenied", "s3:GetObject on resource"):
        ada.client("s3").delete_objects(Bucket=BUCKET, Delete=doomed)
    with refused("AccessDenied", "s3:GetObject on resource"):
        ada.client("s3").delete_object(Bucket=BUCKET, Key=key, IfMatchSize=3)
    place.s3.head_object(Bucket=BUCKET, Key="staging/app")
    ada.may(allow(["s3:DeleteObject", "s3:GetObject"]))
    answer = ada.client("s3").delete_objects(Bucket=BUCKET, Delete=doomed)
    codes = [one["Code"] for one in answer.get("Errors", ())]
    assert "AccessDenied" not in codes


def test_a_condition_of_each_entry_is_known(place: Aws, somebody: Make) -> None:
    """A policy may demand that deletions have one: `s3:if-match`."""
    etag = place.s3.head_object(Bucket=BUCKET, Key="staging/app")["ETag"]
    demanded = allow("s3:DeleteObject", Condition={"Null": {"s3:if-match": "false"}})
    s3 = somebody(demanded, allow("s3:GetObject")).client("s3")
    with refused("AccessDenied", "s3:DeleteObject"):
        s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "staging/app"}]})
    doomed = {"Objects": [{"Key": "staging/app", "ETag": etag}]}
    assert s3.delete_objects(Bucket=BUCKET, Delete=doomed)["Deleted"]


def test_a_delete_of_nothing_that_is_allowed_is_denied_whole(somebody: Make) -> None:
    """Or else it would tell which buckets there are; who may list one is told entry by entry."""
    ada = somebody(allow("s3:DeleteObject", STAGING))
    doomed = {"Objects": [{"Key": "production/app"}]}
    for bucket in (BUCKET, "no-such-bucket"):
        with refused("AccessDenied", "s3:DeleteObject"):
            ada.client("s3").delete_objects(Bucket=bucket, Delete=doomed)
        with refused("MalformedXML"):
            ada.client("s3").delete_objects(Bucket=bucket, Delete={"Objects": []})
    ada.may(allow("s3:ListBucket", ARN))
    answer = ada.client("s3").delete_objects(Bucket=BUCKET, Delete=doomed)
    assert [one["Code"] for one in answer["Errors"]] == ["AccessDenied"]


def test_the_list_of_buckets_is_a_right_of_its_own(somebody: Make) -> None:
    """ListAllMyBuckets."""
    with refused("AccessDenied", "s3:ListAllMyBuckets"):
        somebody(allow("s3:ListBucket")).client("s3").list_buckets()
    somebody(allow("s3:ListAllMyBuckets"), name="eve").client("s3").list_buckets()


def test_a_bucket_policy_lets_a_user_in(place: Aws, somebody: Make) -> None:
    """Who has no policy of its own."""
    ada, eve = somebody(), somebody(name="eve")
    policy = document(allow("s3:GetObject", STAGING, Principal={"AWS": ada.arn}))
    place.s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    ada.client("s3").get_object(Bucket=BUCKET, Key="staging/app")
    with refused("AccessDenied"):
        eve.client("s3").get_object(Bucket=BUCKET, Key="staging/app")


def test_a_bucket_policy_binds_the_administrator(place: Aws) -> None:
    """But for the policy itself, so that nobody is locked out for good."""
    policy = document(deny("s3:*", [ARN, f"{ARN}/*"], Principal="*"))
    place.s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    with refused("AccessDenied", "explicit deny in a resource-based policy"):
        place.s3.get_object(Bucket=BUCKET, Key="staging/app")
    with refused("AccessDenied", "explicit deny in a resource-based policy"):
        place.s3.copy_object(
            Bucket=BUCKET, Key="x", CopySource={"Bucket": BUCKET, "Key": "staging/app"}
        )
    assert place.s3.get_bucket_policy(Bucket=BUCKET)["Policy"] == policy
    place.s3.delete_bucket_policy(Bucket=BUCKET)
    place.s3.get_object(Bucket=BUCKET, Key="staging/app")


def test_a_copy_meets_the_policy_of_its_source(place: Aws) -> None:
    """The administrator's as well."""
    place.s3.create_bucket(Bucket="another")
    policy = document(deny("s3:GetObject", f"{ARN}/*", Principal="*"))
    place.s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    with refused("AccessDenied"):
        place.s3.copy_object(
            Bucket="another", Key="x", CopySource={"Bucket": BUCKET, "Key": "staging/app"}
        )


def test_plain_http_can_be_denied(place: Aws, somebody: Make) -> None:
    """Which shuts a plain endpoint off, so it has to be confirmed there."""
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    policy = document(deny("s3:*", [ARN, f"{ARN}/*"], Principal="*", Condition=condition))
    with refused("InvalidRequest", "it would shut everybody out"):
        place.s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    place.s3.put_bucket_policy(Bucket=BUCKET, Policy=policy, ConfirmRemoveSelfBucketAccess=True)
    with refused("AccessDenied", "explicit deny"):
        somebody(allow("*")).client("s3").get_object(Bucket=BUCKET, Key="staging/app")


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, False),
        ({"ServerSideEncryption": "AES256"}, False),
        ({"ServerSideEncryption": "aws:kms"}, True),
    ],
)
def test_encryption_can_be_demanded(
    place: Aws, somebody: Make, headers: dict[str, str], allowed: bool
) -> None:
    """By the header of the write."""
    condition = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
    policy = document(deny("s3:PutObject", f"{ARN}/*", Principal="*", Condition=condition))
    place.s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    s3 = somebody(allow("s3:*"), allow("kms:*")).client("s3")
    if allowed:
        s3.put_object(Bucket=BUCKET, Key="staging/app", Body=b"", **headers)
        return
    with refused("AccessDenied"):
        s3.put_object(Bucket=BUCKET, Key="staging/app", Body=b"", **headers)


def test_a_home_for_everybody(somebody: Make) -> None:
    """One policy with a variable, for all users."""
    home = allow("s3:PutObject", f"{ARN}/home/${{aws:username}}/*")
    for name, other in (("ada", "eve"), ("eve", "ada")):
        s3 = somebody(home, name=name).client("s3")
        s3.put_object(Bucket=BUCKET, Key=f"home/{name}/x", Body=b"")
        with refused("AccessDenied"):
            s3.put_object(Bucket=BUCKET, Key=f"home/{other}/x", Body=b"")


def test_what_was_copied_cannot_be_misread(somebody: Make) -> None:
    """The source is judged as it is read, however it is written."""
    s3 = somebody(allow("s3:PutObject"), allow("s3:GetObject", STAGING)).client("s3")
    for source in ("states/production/app", "/states/production/app"):
        with refused("AccessDenied", "production/app"):
            s3.copy_object(Bucket=BUCKET, Key="staging/copy", CopySource=source)
