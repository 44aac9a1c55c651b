"""What bootstrap plans, from what should be and what is: no service is asked."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.client.errors import NotConfigured
from holdfast.operations.bootstrap import bucket_policy, hcl, lifecycle
from holdfast.operations.bootstrap.actual import NOT_OFFERED, Actual, Identity, Thing
from holdfast.operations.bootstrap.backend_block import backend_block
from holdfast.operations.bootstrap.desired import Desired, Encryption, LockTable, Versions, checked
from holdfast.operations.bootstrap.plan import LATER, Action, Plan, plan
from holdfast.operations.bootstrap.settings_file import desired_from
from holdfast.operations.bootstrap.verify import findings

ACCOUNT = "123456789012"
HERE = Identity(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/us", "https://s3.amazonaws.com", is_aws=True)
DESIRED = Desired("acme-state", "eu-central-1", lock="both")
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/7d1b7a3e-0000-4000-8000-000000000001"


def settled(desired: Desired = DESIRED, identity: Identity = HERE) -> Actual:
    """Return what there is once the desired state has been reached."""
    steps = plan(desired, Actual(identity)).steps
    wanted = {step.id: step.after for step in steps}
    known = json.loads(json.dumps(wanted).replace(LATER, KEY))
    wanted |= {name: known[name] for name in known if name.endswith(".encryption")}

    def thing(kind: str, name: str, arn: str) -> Thing:
        settings = {i: value for i, value in wanted.items() if i.startswith(f"{kind}.")}
        settings.setdefault("bucket.lifecycle", {})
        settings.setdefault("bucket.policy", {})
        settings.setdefault("table.recovery", False)
        settings.setdefault("table.protection", False)
        settings.setdefault("key.rotation", False)
        return Thing(name, arn, settings, settings.get(f"{kind}.tags", {}))

    table = thing("table", desired.table_name or "", "") if desired.table_name else None
    return Actual(
        identity,
        thing("key", KEY.rpartition("/")[2], KEY) if desired.encryption.mode == "kms" else None,
        thing("bucket", desired.bucket, f"arn:aws:s3:::{desired.bucket}"),
        table,
    )


def changed(planned: Plan) -> dict[str, Action]:
    """Return what a plan does, by id."""
    return {step.id: step.action for step in planned.changes}


def bucket_with(**settings: Any) -> Actual:
    """Return a settled backend whose bucket differs."""
    actual = settled()
    assert actual.bucket
    named = {f"bucket.{name.replace('_', '-')}": value for name, value in settings.items()}
    return replace(
        actual, bucket=replace(actual.bucket, settings={**actual.bucket.settings, **named})
    )


def test_where_nothing_is_everything_is_made_key_first() -> None:
    """The key comes before the bucket that is encrypted with it, and the bucket before its settings."""
    steps = plan(DESIRED, Actual(HERE)).steps
    assert {step.action for step in steps} == {Action.CREATE}
    order = [step.id for step in steps]
    assert order.index("key") < order.index("bucket") < order.index("bucket.encryption")
    assert order.index("key.state") < order.index("key.tags")
    assert order.index("table") < order.index("table.recovery")


modes = st.builds(
    Desired,
    bucket=st.just("acme-state"),
    region=st.just("eu-central-1"),
    lock=st.sampled_from(["lockfile", "table", "both"]),
    tags=st.dictionaries(st.sampled_from(["team", "cost centre"]), st.text(max_size=5)),
    encryption=st.sampled_from(
        [Encryption(), Encryption(rotation=False), Encryption(mode="sse-s3"), Encryption(key=KEY)]
    ),
    versions=st.builds(
        Versions,
        days=st.sampled_from([0, 1, 90]),
        keep=st.sampled_from([0, 3]),
        lock_file_days=st.sampled_from([0, 7]),
        upload_days=st.sampled_from([0, 7]),
    ),
    table=st.builds(LockTable, point_in_time_recovery=st.booleans()),
)


@given(modes)
def test_what_is_settled_is_left_alone(desired: Desired) -> None:
    """Whatever is desired: once it is reached, nothing is planned and nothing is found."""
    planned = plan(checked(desired), settled(desired))
    assert changed(planned) == {}
    assert findings(planned) == ()


def test_drift_is_mended_and_found_under_the_same_id() -> None:
    """A setting that somebody changed is one step, and one finding."""
    planned = plan(DESIRED, bucket_with(versioning="Suspended"))
    assert changed(planned) == {"bucket.versioning": Action.CHANGE}
    (found,) = findings(planned)
    assert (found.id, found.severity) == ("bucket.versioning", "error")
    assert (found.found, found.wanted) == ("Suspended", "Enabled")


def test_what_the_endpoint_does_not_offer_is_left_out_and_no_finding() -> None:
    """An S3-compatible store that lacks a setting is told so, step by step."""
    planned = plan(DESIRED, bucket_with(ownership=NOT_OFFERED))
    assert [step.id for step in planned.left_out] == ["bucket.ownership"]
    assert findings(planned) == ()


def test_tags_of_others_stay() -> None:
    """A tag that nobody asked us for is no drift."""
    tags = {"managed-by": "holdfast", "CostCenter": "7"}
    assert changed(plan(DESIRED, bucket_with(tags=tags))) == {}


@pytest.mark.parametrize("kind", ["bucket", "table", "key"])
def test_what_serves_something_else_is_refused_without_adopt(kind: str) -> None:
    """Evidence is shown; `adopt` takes it over."""
    actual = settled()
    thing = getattr(actual, kind)
    actual = replace(actual, **{kind: replace(thing, tags={}, foreign=("object photo.jpg",))})
    (refusal,) = plan(DESIRED, actual).refusals
    assert (refusal.id, refusal.evidence) == (f"{kind}.foreign", ("object photo.jpg",))
    assert plan(DESIRED, actual, adopt=True).refusals == ()


def test_what_cannot_be_used_is_refused_even_with_adopt() -> None:
    """A table with another key will never hold locks."""
    actual = settled()
    assert actual.table
    actual = replace(actual, table=replace(actual.table, unusable="it has another key"))
    planned = plan(DESIRED, actual, adopt=True)
    assert [refusal.id for refusal in planned.refusals] == ["table.unusable"]
    assert [finding.id for finding in findings(planned)] == ["table.unusable"]


def test_a_missing_bucket_is_one_finding() -> None:
    """Its settings are not listed one by one."""
    planned = plan(DESIRED, replace(settled(), bucket=None))
    assert [finding.id for finding in findings(planned)] == ["bucket"]


def test_a_plain_endpoint_is_not_locked_out() -> None:
    """Over HTTP the policy does not demand TLS, even if that is asked for."""
    plain = replace(HERE, endpoint="http://127.0.0.1:9000")
    assert "HoldfastTlsOnly" in bucket_policy.wanted_statements(DESIRED, HERE)
    assert "HoldfastTlsOnly" not in bucket_policy.wanted_statements(DESIRED, plain)
    strict = msgspec.structs.replace(
        DESIRED, policy=msgspec.structs.replace(DESIRED.policy, tls_only=True)
    )
    assert "HoldfastTlsOnly" not in bucket_policy.wanted_statements(strict, plain)
    assert "HoldfastTlsOnly" in bucket_policy.wanted_statements(strict, HERE)


@pytest.mark.parametrize(
    ("header", "denied"),
    [(None, False), ("aws:kms", False), ("aws:kms:dsse", False), ("AES256", True)],
)
def test_the_encryption_statement_denies_only_a_weaker_header(
    header: str | None, denied: bool
) -> None:
    """A PutObject without the header is encrypted by the bucket's default, and is allowed."""
    statement = bucket_policy.wanted_statements(DESIRED, HERE)["HoldfastEncryption"]
    condition = statement["Condition"]
    name = "s3:x-amz-server-side-encryption"
    # As IAM evaluates it: all operators must hold; StringNotEquals holds for what is absent.
    absent = condition["Null"][name] == str(header is None).lower()
    differs = header is None or header not in condition["StringNotEquals"][name]
    assert (absent and differs) is denied


def test_our_statements_join_those_of_others() -> None:
    """Other statements stay as they are; ours are replaced, not doubled."""
    wanted = bucket_policy.wanted_statements(DESIRED, HERE)
    theirs = {"Sid": "Audit", "Effect": "Allow", "Principal": {"AWS": "1"}, "Action": "s3:Get*"}
    once = bucket_policy.document([theirs], wanted)
    assert once is not None
    twice = bucket_policy.document(once["Statement"], wanted)
    assert twice == once
    assert once["Statement"][0] == theirs
    # S3 may answer with lists of one, and in another order.
    answered = json.loads(json.dumps(once))
    answered["Statement"][1]["Action"] = [answered["Statement"][1]["Action"]]
    answered["Statement"][1]["Resource"].reverse()
    found = bucket_policy.ours(answered["Statement"])
    assert found == {sid: bucket_policy.canonical(each) for sid, each in wanted.items()}


def test_our_lifecycle_rules_join_those_of_others() -> None:
    """Other rules stay; ours are known by their ids, whatever S3 makes of an empty filter."""
    wanted = lifecycle.wanted_rules(DESIRED)
    theirs = {"ID": "archive", "Status": "Enabled", "Filter": {"Prefix": "archive/"}}
    answered: list[Any] = [theirs, *({**rule} for rule in wanted.values())]
    answered[1]["Filter"] = {}
    assert lifecycle.ours(answered) == wanted
    assert lifecycle.merged(answered, wanted)[0] == theirs
    assert len(lifecycle.merged(answered, wanted)) == len(answered)


def test_a_locking_table_needs_no_rule_for_lock_files() -> None:
    """Small objects are expired only where lock files are written."""
    table_only = msgspec.structs.replace(DESIRED, lock="table")
    assert set(lifecycle.wanted_rules(table_only)) == {"holdfast-old-versions"}
    assert set(lifecycle.wanted_rules(DESIRED)) == {"holdfast-old-versions", "holdfast-lock-files"}


def test_the_block_names_both_locks_and_the_key() -> None:
    """With it Terraform asks for the encryption that the policy demands."""
    block = backend_block(DESIRED, settled())
    for line in ("use_lockfile", "dynamodb_table", "kms_key_id", "encrypt"):
        assert line in block
    assert KEY in block


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({}, "no bucket is named"),
        ({"bucket": "Acme_State"}, "cannot name a bucket"),
        ({"bucket": "acme-state", "account": "12"}, "not an AWS account id"),
        ({"bucket": "acme-state", "tabel": {}}, "unknown field `tabel`"),
        ({"bucket": "acme-state", "versions": {"keep": 101}}, "keep = 101"),
        ({"bucket": "acme-state", "encryption": {"alias": "alias/aws/s3"}}, "cannot name a key"),
        ({"bucket": "acme-state", "tags": {"managed-by": "terraform"}}, "says that holdfast made"),
        ({"bucket": "acme-state", "encryption": {"mode": "sse-s3", "key": "x"}}, "contradict"),
        ({"bucket": "acme-state", "encryption": {"deletion_window_days": 3}}, "between 7 and 30"),
    ],
)
def test_what_makes_no_sense_is_named(flags: dict[str, Any], said: str) -> None:
    """Each mistake in the settings says what is wrong."""
    with pytest.raises(NotConfigured, match=said):
        desired_from(None, flags)


@given(st.text(max_size=30))
def test_hcl_strings_hold_any_text(text: str) -> None:
    """Quotes, backslashes and templates stand for themselves."""
    written = hcl.text(text)
    assert "\n" not in written
    back = json.loads(written.replace("$${", "${").replace("%%{", "%{"))
    assert back == text
