"""Bootstrap against a real server: making, mending, crashing, refusing, removing."""

import json
from typing import Any

import pytest

from bootstrapped import answers, applied, connected, planned, usual, wanted
from client_site import Site, made_state
from holdfast.client.errors import HoldfastError, NoSuchBucket
from holdfast.operations.bootstrap.desired import Desired, Encryption, LockTable, Logging
from holdfast.operations.bootstrap.destroy import destroy
from holdfast.operations.bootstrap.plan import Step
from holdfast.operations.bootstrap.read import read_actual
from holdfast.operations.bootstrap.refusals import NotAvailable, Refused
from holdfast.operations.bootstrap.removal import Removal, removal

STEPS = 19  # of a backend with both kinds of locks


class Crash(BaseException):
    """Ends a run in the middle."""


def fresh(site: Site, **settings: Any) -> Desired:
    """Return a desired state that nothing is there of."""
    return wanted(f"{site.bucket}-new", **{"lock": "both", **settings})


def keys_under(site: Site, alias: str) -> list[str]:
    """Return the ids of all usable keys that say that they belong to an alias."""
    kms = site.server.client("kms")
    pages = kms.get_paginator("list_keys").paginate()
    found = []
    for key in (key["KeyId"] for page in pages for key in page["Keys"]):
        tags = {t["TagKey"]: t["TagValue"] for t in kms.list_resource_tags(KeyId=key)["Tags"]}
        state = kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
        if tags.get("holdfast-alias") == alias and state == "Enabled":
            found.append(key)
    return found


def removable(desired: Desired, **options: Any) -> Removal:
    """Return what removing would remove."""
    there = usual(desired)
    return removal(there, desired, read_actual(there, desired), **options)


@pytest.mark.parametrize(
    "settings",
    [
        {"lock": "both", "tags": {"team": "one"}},
        {"lock": "lockfile", "encryption": Encryption(mode="sse-s3")},
        {"lock": "table", "table": LockTable(encryption="aws-managed", deletion_protection=False)},
        {"lock": "table", "encryption": Encryption(rotation=False, alias="alias/a/fresh_key")},
        {"lock": "table", "table": LockTable(encryption="aws-owned", point_in_time_recovery=False)},
        {"lock": "table", "tags": {f"tag-{number:02}": "ours" for number in range(20)}},
    ],
    ids=["both", "sse-s3", "managed", "alias", "owned", "many-tags"],
)
def test_a_second_run_changes_nothing(site: Site, settings: dict[str, Any]) -> None:
    """Everything is made as it was asked for, in each mode."""
    desired = fresh(site, **settings)
    first = applied(desired)
    assert first.done
    assert first.remaining == first.left_out == ()
    assert applied(desired).done == ()


def test_runs_that_are_stopped_are_finished_by_the_next(site: Site) -> None:
    """Stopped after each of the steps in turn: nothing is made twice, and nothing is missing."""
    desired = fresh(site)
    told: list[Step] = []

    def stop(step: Step) -> None:
        told.append(step)
        raise Crash

    while len(told) < STEPS:  # a key is enabled and tagged as it is made: fewer runs do it
        try:
            done = applied(desired, told=stop).done
        except Crash:
            continue
        assert done == ()
        break
    assert {step.id for step in told} >= {"key", "key.alias", "bucket", "bucket.policy", "table"}
    assert len({step.id for step in told}) == len(told)
    assert planned(desired).changes == ()
    assert len(keys_under(site, desired.alias)) == 1


def test_drift_is_mended(site: Site) -> None:
    """What somebody changed by hand comes back, and only that is touched."""
    desired = fresh(site)
    applied(desired)
    name, s3, table = desired.bucket, site.s3, desired.table_name
    kms = site.server.client("kms")
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_public_access_block(Bucket=name)
    s3.delete_bucket_policy(Bucket=name)
    s3.delete_bucket_lifecycle(Bucket=name)
    s3.delete_bucket_encryption(Bucket=name)
    site.dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    kms.disable_key_rotation(KeyId=keys_under(site, desired.alias)[0])

    done = {step.id for step in applied(desired).done}
    assert done == {
        "bucket.versioning",
        "bucket.public-access",
        "bucket.policy",
        "bucket.lifecycle",
        "bucket.encryption",
        "table.protection",
        "key.rotation",
    }
    assert planned(desired).changes == ()


def test_a_key_that_awaits_deletion_is_saved(site: Site) -> None:
    """It is enabled again before its last day: without it no state can be read."""
    desired = fresh(site, lock="lockfile")
    applied(desired)
    kms = site.server.client("kms")
    (key,) = keys_under(site, desired.alias)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert "key.state" in {step.id for step in applied(desired).done}
    assert kms.describe_key(KeyId=desired.alias)["KeyMetadata"]["KeyState"] == "Enabled"


def test_what_others_set_stays(site: Site) -> None:
    """Their tags, lifecycle rules and policy statements survive a change and a repair of ours."""
    desired = fresh(site)
    applied(desired)
    name, s3 = desired.bucket, site.s3
    theirs = {
        "Sid": "Audit",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [theirs]})
    rule = {"ID": "archive", "Status": "Enabled", "Filter": {"Prefix": "a/"}}
    rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": 1}
    s3.put_bucket_policy(Bucket=name, Policy=policy)
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [rule]})
    tags = [{"Key": "managed-by", "Value": "holdfast"}, {"Key": "cost", "Value": "7"}]
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})

    applied(fresh(site, tags={"team": "two"}))

    found = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    assert [s["Sid"] for s in found] == ["Audit", "HoldfastEncryption"]
    rules = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert len(rules) == 3
    assert {t["Key"] for t in s3.get_bucket_tagging(Bucket=name)["TagSet"]} == {
        "managed-by",
        "cost",
        "team",
    }


def test_a_bucket_with_other_things_is_left_alone_until_adopted(site: Site) -> None:
    """The evidence is named; adopting keeps what is in it and marks the bucket."""
    desired = wanted(site.bucket)
    site.s3.put_object(Bucket=site.bucket, Key="holiday.jpg", Body=b"\xff\xd8")
    with pytest.raises(Refused, match=r"object holiday\.jpg"):
        applied(desired)
    assert "TagSet" not in _tags(site)

    applied(desired, adopt=True)
    assert planned(desired).refusals == ()
    assert site.body("holiday.jpg") == b"\xff\xd8"


def _tags(site: Site) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = site.s3.get_bucket_tagging(Bucket=site.bucket)
    except site.s3.exceptions.ClientError:
        return {}
    return answer


def test_a_bucket_of_states_is_taken_without_adopting(site: Site) -> None:
    """States are known by their content too, whatever their keys are called."""
    site.s3.put_object(Bucket=site.bucket, Key="env:/dev/network", Body=made_state())
    site.s3.put_object(Bucket=site.bucket, Key="app/terraform.tfstate", Body=made_state())
    assert applied(wanted(site.bucket)).remaining == ()


def test_a_tag_of_another_tool_counts_as_evidence(site: Site) -> None:
    """A bucket that Terraform manages is not taken over silently."""
    tags = [{"Key": "managed-by", "Value": "terraform"}]
    site.s3.put_bucket_tagging(Bucket=site.bucket, Tagging={"TagSet": tags})
    with pytest.raises(Refused, match="tag managed-by=terraform"):
        applied(wanted(site.bucket))


def test_a_table_with_another_key_is_refused(site: Site) -> None:
    """It could never hold a lock, so not even adopting helps, and nothing else is begun."""
    desired = fresh(site, table=LockTable(name=f"{site.table}-other"))
    site.dynamodb.create_table(
        TableName=desired.table_name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    with pytest.raises(Refused, match="needs LockID"):
        applied(desired, adopt=True)
    assert planned(desired).steps[0].before is None


def test_a_bucket_of_another_account_is_never_touched(site: Site) -> None:
    """S3 answers 403 to its name; adopting does not help."""
    desired = fresh(site)
    there = connected(desired)
    answers(there.s3, "HeadBucket", 403, "Forbidden")
    with pytest.raises(Refused, match="does not belong to account 123456789012"):
        applied(desired, there, adopt=True)


def test_a_name_that_is_taken_meanwhile_is_refused(site: Site) -> None:
    """S3 says so when the bucket is made."""
    desired = fresh(site, lock="lockfile")
    there = connected(desired)
    answers(there.s3, "CreateBucket", 409, "BucketAlreadyExists")
    with pytest.raises(Refused, match="taken by another account"):
        applied(desired, there)


def test_another_account_than_the_expected_one_is_refused_before_anything_is_read(
    site: Site,
) -> None:
    """The wrong profile changes nothing."""
    with pytest.raises(Refused, match="not of 999999999999"):
        planned(fresh(site, account="999999999999"))


def test_a_bucket_in_another_region_is_refused(site: Site) -> None:
    """It cannot be moved, and settings of another region would be misleading."""
    desired = Desired(site.bucket, "eu-west-1", lock="lockfile", encryption=Encryption("sse-s3"))
    (refusal,) = planned(desired).refusals
    assert "is in us-east-1" in refusal.what


def test_a_store_without_a_setting_is_told_and_the_rest_is_done(site: Site) -> None:
    """Found out by reading, it is a step that is left out."""
    desired = fresh(site, lock="lockfile")
    there = connected(desired)
    site.s3.create_bucket(Bucket=desired.bucket)
    answers(there.s3, "GetBucketOwnershipControls", 501, "NotImplemented")
    done = applied(desired, there)
    assert [step.id for step in done.left_out] == ["bucket.ownership"]
    assert done.remaining == ()
    with pytest.raises(NotAvailable, match=r"bucket\.ownership"):
        applied(desired, there, unsupported="fail")


def test_access_logging_is_left_out_where_it_is_not_served(site: Site) -> None:
    """Found out by writing, it is told too; everything else is done, or nothing more on request."""
    desired = fresh(site, logging=Logging("logs"))
    with pytest.raises(NotAvailable, match=r"bucket\.logging"):
        applied(desired, unsupported="fail")
    done = applied(desired)
    assert [step.id for step in done.left_out] == ["bucket.logging"]
    assert done.remaining == ()


@pytest.mark.parametrize(
    ("operation", "status", "code"),
    [
        ("CreateBucket", 409, "OperationAborted"),
        ("PutBucketVersioning", 404, "NoSuchBucket"),
        ("PutPublicAccessBlock", 409, "OperationAborted"),
    ],
)
def test_what_is_not_known_everywhere_yet_is_sent_again(
    site: Site, operation: str, status: int, code: str
) -> None:
    """AWS needs a moment after something was made; only for so long is it waited."""
    desired = fresh(site, lock="lockfile")
    there = connected(desired)
    answers(there.s3, operation, status, code, times=3)
    waits: list[float] = []
    assert applied(desired, there, sleep=waits.append).remaining == ()
    assert waits == [1.0, 1.0, 1.0]

    answers(there.s3, "PutBucketVersioning", 404, "NoSuchBucket")
    site.s3.put_bucket_versioning(
        Bucket=desired.bucket, VersioningConfiguration={"Status": "Suspended"}
    )
    with pytest.raises(NoSuchBucket):
        applied(desired, there, sleep=waits.append)
    assert sum(waits) == 23.0


def test_a_store_without_kms_says_what_to_use_instead(site: Site) -> None:
    """It is no detail that could be left out."""
    desired = fresh(site, lock="lockfile")
    there = connected(desired)
    answers(there.kms, "DescribeKey", 501, "NotImplemented")
    with pytest.raises(NotAvailable) as failed:
        applied(desired, there)
    assert "--encryption sse-s3" in failed.value.next_step


def test_two_runs_at_once_end_with_one_key(site: Site) -> None:
    """The alias decides: the run that comes second encrypts with the first one's key."""
    desired = fresh(site, lock="lockfile")

    def other(step: Step) -> None:
        if step.id == "key" and not others:
            others.append(applied(desired))

    others: list[Any] = []
    # Our key is made; another run sees no alias, but finds our key by its tags and uses it.
    assert applied(desired, told=other).remaining == ()
    assert len(keys_under(site, desired.alias)) == 1
    assert planned(desired).changes == ()


def test_a_key_made_by_somebody_else_meanwhile_replaces_ours(site: Site) -> None:
    """Ours, with which nothing was encrypted, is given back."""
    desired = fresh(site, lock="lockfile")
    kms = site.server.client("kms")
    theirs = kms.create_key()["KeyMetadata"]["Arn"]

    def other(step: Step) -> None:
        if step.id == "key":
            kms.create_alias(AliasName=desired.alias, TargetKeyId=theirs)

    applied(desired, told=other)
    encryption = site.s3.get_bucket_encryption(Bucket=desired.bucket)
    rule = encryption["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == theirs
    assert keys_under(site, desired.alias) == [theirs.rpartition("/")[2]] or not keys_under(
        site, desired.alias
    )


def test_an_existing_key_is_used_and_kept(site: Site) -> None:
    """It is neither tagged nor removed; one that is not there is refused."""
    kms = site.server.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    desired = fresh(site, encryption=Encryption(key=key))
    assert applied(desired).remaining == ()
    assert kms.list_resource_tags(KeyId=key)["Tags"] == []
    destroy(usual(desired), desired, removable(desired))
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
    missing = fresh(site, encryption=Encryption(key="alias/nobody-made-this"))
    assert [refusal.id for refusal in planned(missing).refusals] == ["key.unusable"]


def test_destroy_removes_everything_and_runs_again(site: Site) -> None:
    """Bucket, table and alias go, the key in its time; a second run finds nothing."""
    desired = fresh(site)
    applied(desired)
    destroy(usual(desired), desired, removable(desired))
    assert removable(desired).nothing
    assert not site.server.has_bucket(desired.bucket)
    assert not site.server.has_table(str(desired.table_name))
    assert applied(desired).remaining == ()  # and it can all be made again


def obstacles(site: Site, desired: Desired, **options: Any) -> str:
    """Return what forbids removing, as one text; nothing may have been removed."""
    found = removable(desired, **options)
    with pytest.raises(Refused):
        destroy(usual(desired), desired, found)
    assert site.server.has_bucket(desired.bucket)
    return "\n".join(found.obstacles)


def test_destroy_refuses_while_a_state_exists(site: Site) -> None:
    """With versions or without, marked or adopted: a state is never removed."""
    desired = fresh(site)
    applied(desired)
    site.s3.put_object(Bucket=desired.bucket, Key="app/terraform.tfstate", Body=made_state())
    said = obstacles(site, desired, adopt=True, with_versions=True)
    assert "a state or other object: app/terraform.tfstate" in said


def test_destroy_refuses_while_a_deleted_state_can_be_restored(site: Site) -> None:
    """Its old versions go only when that is said; old versions of lock files go by themselves."""
    desired = fresh(site)
    applied(desired)
    for key in ("app/terraform.tfstate", "app/terraform.tfstate.tflock"):
        site.s3.put_object(Bucket=desired.bucket, Key=key, Body=made_state())
        site.s3.delete_object(Bucket=desired.bucket, Key=key)
    said = obstacles(site, desired)
    assert "app/terraform.tfstate;" in said
    assert "tflock" not in said
    destroy(usual(desired), desired, removable(desired, with_versions=True))
    assert removable(desired).nothing


def test_destroy_refuses_while_a_lock_is_held(site: Site) -> None:
    """In the bucket as in the table."""
    desired = fresh(site)
    applied(desired)
    site.s3.put_object(Bucket=desired.bucket, Key="a.tfstate.tflock", Body=b"{}")
    lock = {"LockID": {"S": f"{desired.bucket}/b.tfstate"}, "Info": {"S": "{}"}}
    site.dynamodb.put_item(TableName=desired.table_name, Item=lock)
    said = obstacles(site, desired)
    assert "locks are held: a.tfstate.tflock" in said
    assert f"locks are held in {desired.table_name}: {desired.bucket}/b.tfstate" in said


def test_destroy_refuses_a_table_that_serves_other_buckets(site: Site) -> None:
    """A digest of a bucket that nobody named stays; one of a deleted state of ours is no obstacle."""
    desired = fresh(site)
    applied(desired)
    for lock_id in (f"{desired.bucket}/a-md5", "other-bucket/a-md5"):
        item = {"LockID": {"S": lock_id}, "Digest": {"S": "0"}}
        site.dynamodb.put_item(TableName=desired.table_name, Item=item)
    said = obstacles(site, desired)
    assert "serves other buckets too: other-bucket/a-md5" in said
    assert desired.bucket not in said.partition("too:")[2]


def test_destroy_refuses_what_bootstrap_did_not_make(site: Site) -> None:
    """A bucket without the mark goes only when it is adopted."""
    desired = wanted(site.bucket, encryption=Encryption(mode="sse-s3"))
    assert "was not made by bootstrap" in obstacles(site, desired)
    destroy(usual(desired), desired, removable(desired, adopt=True))
    assert removable(desired).nothing


@pytest.mark.parametrize("operation", ["DeleteBucket"])
def test_destroy_that_was_stopped_goes_on(site: Site, operation: str) -> None:
    """A failed request leaves a backend that the next run removes."""
    desired = fresh(site)
    applied(desired)
    there = connected(desired)
    answers(there.s3, operation, 500, "InternalError")
    with pytest.raises(HoldfastError):
        destroy(there, desired, removable(desired))
    destroy(usual(desired), desired, removable(desired))
    assert removable(desired).nothing
