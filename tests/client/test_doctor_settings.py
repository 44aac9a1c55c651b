"""What the doctor finds in the settings of bucket, table and key."""

import json
from typing import Any

import pytest

from client_site import Site, made_state
from denying_proxy import Asked, denying
from diagnoses import diagnosed, found, put, put_item
from holdfast.client.backend import Backend
from holdfast.client.connect import Connection
from holdfast.client.errors import NoSuchBucket
from holdfast.client.settings import Endpoints
from holdfast.operations.doctor import policy as doctor_policy
from holdfast.operations.doctor.finding import Severity

KEY = "app.tfstate"
TLS = {
    "Sid": "TlsOnly",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def policy(site: Site, *statements: dict[str, Any]) -> None:
    """Give the bucket a policy."""
    arns = [f"arn:aws:s3:::{site.bucket}", f"arn:aws:s3:::{site.bucket}/*"]
    whole = [{**statement, "Resource": arns} for statement in statements]
    document = json.dumps({"Version": "2012-10-17", "Statement": whole})
    site.s3.put_bucket_policy(
        Bucket=site.bucket, Policy=document, ConfirmRemoveSelfBucketAccess=True
    )


def rules(site: Site, *entries: dict[str, Any]) -> None:
    """Give the bucket lifecycle rules."""
    whole = [
        {"ID": "it", "Status": "Enabled", "Filter": {"Prefix": ""}} | entry for entry in entries
    ]
    site.s3.put_bucket_lifecycle_configuration(
        Bucket=site.bucket, LifecycleConfiguration={"Rules": whole}
    )


def test_suspended_versioning(site: Site) -> None:
    """Suspended is as bad as never enabled."""
    assert found(site.backend(), "HF001") == ()
    setting = {"Status": "Suspended"}
    site.s3.put_bucket_versioning(Bucket=site.bucket, VersioningConfiguration=setting)

    (finding,) = found(site.backend(), "HF001")

    assert finding.evidence == "Versioning is suspended"
    assert finding.severity is Severity.ERROR
    assert f"--bucket {site.bucket}" in finding.fix


def test_open_public_access(site: Site) -> None:
    """The settings that are off are named; the command in the fix switches all on."""
    site.s3.put_public_access_block(
        Bucket=site.bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": False,
            "RestrictPublicBuckets": True,
        },
    )
    (finding,) = found(site.backend(), "HF003")
    assert finding.evidence == "Off: BlockPublicPolicy"

    site.s3.delete_public_access_block(Bucket=site.bucket)
    (finding,) = found(site.backend(), "HF003")
    assert "RestrictPublicBuckets" in finding.evidence


def test_a_policy_that_lets_everybody_in(site: Site) -> None:
    """Its statement is named. Conditions, and other principals, are no finding."""
    site.s3.delete_public_access_block(Bucket=site.bucket)
    allow = {"Effect": "Allow", "Action": "s3:GetObject"}
    limited = {"StringEquals": {"aws:PrincipalAccount": "123456789012"}}
    policy(
        site,
        allow | {"Sid": "Everybody", "Principal": {"AWS": "*"}},
        allow | {"Sid": "Org", "Principal": "*", "Condition": limited},
        allow | {"Sid": "Root", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}},
    )

    (finding,) = found(site.backend(), "HF004")

    assert finding.evidence == "Everybody allows s3:GetObject to every principal"


def test_a_policy_that_does_not_demand_tls(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a policy, with another one, and with the right one."""
    monkeypatch.setattr(doctor_policy, "_endpoint", lambda _survey: "https://s3.example.com")
    (none,) = found(site.backend(), "HF005")
    policy(site, {**TLS, "Condition": {"Bool": {"aws:SecureTransport": "true"}}})
    (other,) = found(site.backend(), "HF005")
    policy(site, TLS)

    assert none.evidence == "There is no bucket policy"
    assert other.evidence == "No statement demands TLS"
    assert found(site.backend(), "HF005") == ()


def test_tls_is_not_asked_of_a_plain_endpoint(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """On loopback all is well; elsewhere it is a note about the endpoint, not about the policy."""
    assert found(site.backend(), "HF005") == ()
    monkeypatch.setattr(doctor_policy, "_endpoint", lambda _survey: "http://states.lan:8270")

    (finding,) = found(site.backend(), "HF005")

    assert finding.evidence == "The endpoint itself is http://states.lan:8270"
    assert finding.severity is Severity.NOTE


@pytest.mark.parametrize(
    ("check", "rule"),
    [
        ("HF006", {"NoncurrentVersionExpiration": {"NoncurrentDays": 90}}),
        ("HF007", {"Expiration": {"ExpiredObjectDeleteMarker": True}}),
        ("HF008", {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}),
    ],
)
def test_a_missing_lifecycle_rule(site: Site, check: str, rule: dict[str, Any]) -> None:
    """A disabled rule does not count."""
    assert len(found(site.backend(), check)) == 1
    rules(site, {**rule, "Status": "Disabled"})
    assert len(found(site.backend(), check)) == 1
    rules(site, rule)
    assert found(site.backend(), check) == ()


def test_delete_markers_matter_only_with_lock_files(site: Site) -> None:
    """A table leaves no traces in the bucket."""
    assert found(site.backend(lock="table"), "HF007") == ()


def test_a_rule_that_deletes_states(site: Site) -> None:
    """Only where there are states below its prefix."""
    put(site, "prod/app.tfstate", made_state(1))
    rules(site, {"Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 30}})
    assert found(site.backend(), "HF009") == ()

    rules(site, {"Filter": {"Prefix": "prod/"}, "Expiration": {"Days": 30}})
    (finding,) = found(site.backend(), "HF009")

    assert "deletes what begins with 'prod/' after 30 days" in finding.evidence


def test_a_rule_that_deletes_other_objects(site: Site) -> None:
    """Those with a tag, which states have not, or of another size."""
    put(site, KEY, made_state(1))
    tag = {"Tag": {"Key": "kind", "Value": "lock"}}
    rules(site, {"Filter": tag, "Expiration": {"Days": 1}})
    assert found(site.backend(), "HF009") == ()

    rules(site, {"Filter": {"ObjectSizeLessThan": 20}, "Expiration": {"Days": 1}})
    assert found(site.backend(), "HF009") == ()


def test_access_control_lists(site: Site) -> None:
    """Ownership that allows ACLs is named."""
    site.s3.put_bucket_ownership_controls(
        Bucket=site.bucket,
        OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]},
    )
    (finding,) = found(site.backend(), "HF010")
    assert finding.evidence == "Object ownership is BucketOwnerPreferred"


def test_access_logs(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A note on AWS, which alone has them, unless bootstrap made the bucket and was asked then."""
    assert found(site.backend(), "HF011") == ()
    monkeypatch.setattr(Connection, "is_aws", True)

    (finding,) = found(site.backend(), "HF011")
    tags = [{"Key": "managed-by", "Value": "holdfast"}]
    site.s3.put_bucket_tagging(Bucket=site.bucket, Tagging={"TagSet": tags})

    assert "put-bucket-logging" in finding.fix
    assert found(site.backend(), "HF011") == ()


def test_a_kms_key_that_cannot_be_used(site: Site) -> None:
    """Missing, disabled, to be deleted, not rotated; and in order."""
    kms = site.server.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    backend = Backend(site.settings(kms_key_id=key, encrypt=True), cache=False)
    (rotation,) = found(backend, "HF013")
    assert rotation.fix == f"aws kms enable-key-rotation --key-id {key}"
    kms.enable_key_rotation(KeyId=key)
    assert found(backend, "HF012") == found(backend, "HF013") == ()

    kms.disable_key(KeyId=key)
    (disabled,) = found(backend, "HF012")
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    (pending,) = found(backend, "HF012")
    wrong = Backend(site.settings(kms_key_id="alias/no-such-key", encrypt=True), cache=False)
    (missing,) = found(wrong, "HF012")

    assert (disabled.evidence, disabled.fix) == (
        "Its state is Disabled",
        f"aws kms enable-key --key-id {key}",
    )
    save = f"aws kms cancel-key-deletion --key-id {key}"
    assert pending.fix == f"{save} && aws kms enable-key --key-id {key}"
    assert missing.subject == "alias/no-such-key"


def test_a_table_that_is_no_lock_table(site: Site) -> None:
    """Its key is not LockID."""
    name = f"{site.table}-wrong"
    site.dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "Lock", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "Lock", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    backend = Backend(site.settings().changed(dynamodb_table=name), cache=False)

    (finding,) = diagnosed(backend, "HF101").findings

    assert "Its key is Lock (S, HASH)" in finding.evidence


def test_a_missing_table(site: Site) -> None:
    """It is said once, and what follows from it is said as not checked."""
    backend = Backend(site.settings().changed(dynamodb_table="nowhere"), cache=False)

    diagnosis = diagnosed(backend)

    assert "HF106" in [finding.check.id for finding in diagnosis.findings]


def test_a_table_without_backups_and_protection(site: Site) -> None:
    """The commands in the fixes end both."""
    backend = site.backend()
    assert len(found(backend, "HF102")) == len(found(backend, "HF103")) == 1

    site.dynamodb.update_continuous_backups(
        TableName=site.table,
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )
    site.dynamodb.update_table(TableName=site.table, DeletionProtectionEnabled=True)

    assert found(backend, "HF102") == found(backend, "HF103") == ()


def test_items_that_expire(site: Site) -> None:
    """Time to live would remove locks."""
    assert found(site.backend(), "HF104") == ()
    specification = {"Enabled": True, "AttributeName": "until"}
    site.dynamodb.update_time_to_live(TableName=site.table, TimeToLiveSpecification=specification)

    (finding,) = found(site.backend(), "HF104")

    assert "until" in finding.evidence


def test_items_of_another_program(site: Site) -> None:
    """Locks and digests are none."""
    backend = site.backend()
    with backend.lock("x") as held:
        backend.write(made_state(1), held=held)
        assert found(backend, "HF105") == ()
        put_item(site, "job", {"Status": "done"})

        (finding,) = found(backend, "HF105")

    assert finding.evidence == f"1: {site.bucket}/job"


def test_what_a_service_does_not_have_is_not_checked(site: Site) -> None:
    """Not a finding, and not silence: the reason is said."""

    def rule(asked: Asked) -> tuple[int, str] | None:
        if "publicAccessBlock" in asked.path:
            return 501, "NotImplemented"
        if "logging" in asked.path:
            return 403, "AccessDenied"
        return (400, "UnknownOperationException") if asked.target == "DescribeTimeToLive" else None

    with denying(site.server.endpoint, rule) as address:
        endpoints = Endpoints(s3=address, dynamodb=address)
        backend = Backend(site.settings(endpoints=endpoints), cache=False)
        diagnosis = diagnosed(backend, "HF003", "HF011", "HF104")

    assert diagnosis.findings == ()
    assert {gap.checks[0].id: gap.why for gap in diagnosis.not_checked} == {
        "HF003": "this service does not have it",
        "HF011": "s3:GetBucketLogging is not allowed to us",
        "HF104": "this service does not have it",
    }


def test_without_versions_the_newest_states_are_still_examined(site: Site) -> None:
    """Listing versions is a right of its own."""
    put(site, "a.tfstate", b"not a state")

    def rule(asked: Asked) -> tuple[int, str] | None:
        return (403, "AccessDenied") if "versions" in asked.path else None

    with denying(site.server.endpoint, rule) as address:
        settings = site.settings(endpoints=Endpoints(s3=address))
        diagnosis = diagnosed(Backend(settings, cache=False), "HF401", "HF405")

    assert [finding.check.id for finding in diagnosis.findings] == ["HF401"]
    assert [check.id for gap in diagnosis.not_checked for check in gap.checks] == ["HF405"]


def test_a_bucket_that_is_not_there(site: Site) -> None:
    """That is an error, rather than forty questions without an answer."""
    with pytest.raises(NoSuchBucket):
        diagnosed(Backend(site.settings().changed(bucket="no-such-bucket-here"), cache=False))
