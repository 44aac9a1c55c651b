"""Who may do what with keys, roles and users."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from aws_refusals import refused
from holdfast.engine.port import Writer
from holdfast.engine.records import Key
from in_process import ACCOUNT, REGION, Aws
from somebody import Somebody, allow, deny, document

ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
TRUSTING = {"Effect": "Allow", "Principal": ROOT, "Action": "sts:AssumeRole"}
Make = Callable[..., Somebody]


@pytest.fixture
def key(place: Aws) -> str:
    """The id of a key with an alias."""
    made: str = place.kms.create_key()["KeyMetadata"]["KeyId"]
    place.kms.create_alias(AliasName="alias/states", TargetKeyId=made)
    return made


def _arn(key: str) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key}"


def test_a_key_is_named_by_what_it_is(somebody: Make, key: str) -> None:
    """Whichever way a request names it."""
    kms = somebody(allow(["kms:Encrypt", "kms:Decrypt"], _arn(key))).client("kms")
    for name in (key, _arn(key), "alias/states", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/states"):
        blob = kms.encrypt(KeyId=name, Plaintext=b"x")["CiphertextBlob"]
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_a_ciphertext_is_under_its_key(place: Aws, somebody: Make, key: str) -> None:
    """Who may not use that cannot read it."""
    blob = place.kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    other = "00000000-0000-4000-8000-000000000000"
    kms = somebody(allow("kms:*", _arn(other))).client("kms")
    with refused("AccessDeniedException", _arn(key)):
        kms.decrypt(CiphertextBlob=blob)
    with refused("AccessDeniedException", "kms:ReEncryptFrom"):
        kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other)


def test_a_key_policy_has_to_agree(place: Aws, somebody: Make, key: str) -> None:
    """It may leave it to the account, name a user, or leave one out."""
    ada, eve = somebody(allow("kms:*")), somebody(name="eve")
    statement = allow("kms:*", Principal={"AWS": [eve.arn, ROOT["AWS"]]})
    place.kms.put_key_policy(KeyId=key, Policy=document(statement))
    ada.client("kms").encrypt(KeyId=key, Plaintext=b"x")
    eve.client("kms").encrypt(KeyId=key, Plaintext=b"x")
    only = document({**statement, "Principal": {"AWS": eve.arn}})
    place.kms.put_key_policy(KeyId=key, Policy=only, BypassPolicyLockoutSafetyCheck=True)
    with refused("AccessDeniedException", "no resource-based policy allows"):
        ada.client("kms").encrypt(KeyId=key, Plaintext=b"x")
    eve.client("kms").encrypt(KeyId=key, Plaintext=b"x")


def test_a_key_policy_that_cannot_be_evaluated_allows_nothing(
    place: Aws, somebody: Make, key: str
) -> None:
    """Such as one that was put before it was read strictly."""
    statement = allow("kms:*", Principal="*", Condition={"StringEquals": {"aws:SourceVpc": "v"}})

    def put(tx: Writer) -> None:
        record = tx.get(Key, key)
        assert record is not None
        tx.put(replace(record, policy=document(statement)))

    place.engine.update(put)
    with refused("AccessDeniedException", "cannot be evaluated"):
        somebody(allow("kms:*")).client("kms").encrypt(KeyId=key, Plaintext=b"x")


def test_an_encryption_context_can_be_demanded(somebody: Make, key: str) -> None:
    """Pair by pair."""
    condition = {"StringEquals": {"kms:EncryptionContext:stage": "staging"}}
    kms = somebody(allow("kms:Encrypt", _arn(key), Condition=condition)).client("kms")
    kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"stage": "staging"})
    for context in ({}, {"stage": "production"}):
        with refused("AccessDeniedException"):
            kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)


def test_an_alias_and_its_keys_are_both_needed(somebody: Make, key: str) -> None:
    """To point it elsewhere or to delete it."""
    alias = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/states"
    kms = somebody(allow("kms:DeleteAlias", alias)).client("kms")
    with refused("AccessDeniedException", _arn(key)):
        kms.delete_alias(AliasName="alias/states")
    both = somebody(allow("kms:DeleteAlias", [alias, _arn(key)]), name="eve")
    both.client("kms").delete_alias(AliasName="alias/states")


@pytest.mark.parametrize("bound", [False, True], ids=["usual policy", "policy of its own"])
def test_an_alias_may_stand_for_a_key_or_for_none(
    place: Aws, somebody: Make, key: str, bound: bool
) -> None:
    """For who may use none: neither whether there is one is told, nor which key it is."""
    if bound:
        own = document(allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/eve"}))
        somebody(name="eve")
        place.kms.put_key_policy(KeyId=key, Policy=own, BypassPolicyLockoutSafetyCheck=True)
    kms = somebody().client("kms")
    for alias in ("alias/states", "alias/nothing"):
        said = f"{alias} because no identity-based policy allows the kms:Encrypt action"
        with refused("AccessDeniedException", said):
            kms.encrypt(KeyId=alias, Plaintext=b"x")


@pytest.mark.parametrize("kind", ["user", "role"])
def test_who_makes_somebody_with_tags_may_tag_them(somebody: Make, kind: str) -> None:
    """As on AWS: a tag may be what a policy asks for."""
    name = kind.capitalize()
    ada = somebody(allow(f"iam:Create{name}"))
    more = {"AssumeRolePolicyDocument": document(TRUSTING)} if kind == "role" else {}
    tags = [{"Key": "team", "Value": "admin"}]
    make = getattr(ada.client("iam"), f"create_{kind}")
    with refused("AccessDenied", f"iam:Tag{name}"):
        make(**{f"{name}Name": "new"}, **more, Tags=tags)
    make(**{f"{name}Name": "plain"}, **more)
    ada.may(allow([f"iam:Create{name}", f"iam:Tag{name}"]))
    make(**{f"{name}Name": "new"}, **more, Tags=tags)


def test_a_role_is_assumed_by_whom_it_trusts(place: Aws, somebody: Make) -> None:
    """By name; or through the account, for those that its own policies allow it."""
    ada = somebody()
    eve = somebody(allow("sts:AssumeRole", "arn:aws:iam::*:role/trusting-*"), name="eve")
    trusts = {
        "trusting-ada": {"AWS": ada.arn},
        "trusting-all": ROOT,
    }
    for name, principal in trusts.items():
        statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        place.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(statement))
    said = {"trusting-ada": (ada, eve), "trusting-all": (eve, ada)}
    for name, (trusted, other) in said.items():
        role = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{name}", "RoleSessionName": "run"}
        trusted.client("sts").assume_role(**role)
        with refused("AccessDenied", "is not authorized to perform: sts:AssumeRole on resource"):
            other.client("sts").assume_role(**role)


def test_a_session_may_do_what_both_its_role_and_its_policy_allow(place: Aws) -> None:
    """And nothing without a policy of the role."""
    statement = {"Effect": "Allow", "Principal": ROOT, "Action": "sts:AssumeRole"}
    place.iam.create_role(RoleName="ci", AssumeRolePolicyDocument=document(statement))
    role: dict[str, Any] = {
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/ci",
        "RoleSessionName": "run",
    }

    def get(**more: Any) -> None:
        made = place.sts.assume_role(**role, **more)["Credentials"]
        session = place.client(
            "s3",
            aws_access_key_id=made["AccessKeyId"],
            aws_secret_access_key=made["SecretAccessKey"],
            aws_session_token=made["SessionToken"],
        )
        session.get_object(Bucket="states", Key="staging/app")

    with refused("AccessDenied", "assumed-role/ci/run is not authorized"):
        get()
    place.iam.put_role_policy(
        RoleName="ci", PolicyName="read", PolicyDocument=document(allow("s3:*"))
    )
    get()
    get(Policy=document(allow("s3:Get*")))
    with refused("AccessDenied", "no session policy allows"):
        get(Policy=document(allow("s3:List*")))
    with refused("AccessDenied", "explicit deny in a session policy"):
        get(Policy=document(allow("*"), deny("s3:Get*")))


def test_a_role_that_is_made_anew_is_another_one(place: Aws) -> None:
    """A session of the one before may do nothing any more."""
    trust = document(allow("sts:AssumeRole", Principal=ROOT) | {"Resource": None})
    trust = trust.replace(', "Resource": null', "")

    def make() -> None:
        place.iam.create_role(RoleName="ci", AssumeRolePolicyDocument=trust)
        policy = document(allow("*"))
        place.iam.put_role_policy(RoleName="ci", PolicyName="all", PolicyDocument=policy)

    make()
    role = f"arn:aws:iam::{ACCOUNT}:role/ci"
    made = place.sts.assume_role(RoleArn=role, RoleSessionName="run")["Credentials"]
    s3 = place.client(
        "s3",
        aws_access_key_id=made["AccessKeyId"],
        aws_secret_access_key=made["SecretAccessKey"],
        aws_session_token=made["SessionToken"],
    )
    s3.head_object(Bucket="states", Key="staging/app")
    place.iam.delete_role_policy(RoleName="ci", PolicyName="all")
    place.iam.delete_role(RoleName="ci")
    make()
    with refused("403"):
        s3.head_object(Bucket="states", Key="staging/app")


def test_nobody_makes_a_key_of_the_administrator(place: Aws, somebody: Make) -> None:
    """Or it would be the administrator; whatever its policies allow."""
    iam = somebody(allow("iam:*")).client("iam")
    iam.create_user(UserName="eve")
    iam.create_access_key(UserName="eve")
    assert iam.get_user(UserName="administrator")["User"]["UserName"] == "administrator"
    assert iam.list_access_keys(UserName="administrator")["AccessKeyMetadata"]
    with refused("AccessDenied", "only the administrator"):
        iam.create_access_key(UserName="administrator")
    with refused("AccessDenied", "only the administrator"):
        iam.put_user_policy(
            UserName="administrator", PolicyName="x", PolicyDocument=document(allow("*"))
        )
    place.iam.create_access_key(UserName="administrator")


def test_users_see_themselves_if_they_may(somebody: Make) -> None:
    """IAM is a service like any other."""
    own = allow("iam:GetUser", "arn:aws:iam::*:user/${aws:username}")
    ada, eve = somebody(own), somebody(name="eve")
    assert ada.client("iam").get_user()["User"]["UserName"] == "ada"
    with refused("AccessDenied", eve.arn):
        ada.client("iam").get_user(UserName="eve")
    with refused("AccessDenied", "iam:GetUser"):
        eve.client("iam").get_user()
    with refused("AccessDenied", "iam:PutUserPolicy"):
        eve.client("iam").put_user_policy(
            UserName="eve", PolicyName="all", PolicyDocument=document(allow("*"))
        )
