"""Who may read the body of a write that a rule refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from aws_refusals import refused
from in_process import Aws
from somebody import Somebody, allow, deny, document

BUCKET = "states"
ARN = f"arn:aws:s3:::{BUCKET}"
REFUSED = "holdfast-refused"
Make = Callable[..., Somebody]


def _state(lineage: str) -> bytes:
    one = {"mode": "managed", "type": "t", "name": "n", "instances": [{"attributes": {}}]}
    top = {"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": lineage}
    return json.dumps({**top, "outputs": {}, "resources": [one]}).encode()


@pytest.fixture
def kept(place: Aws) -> dict[str, str]:
    """Where the body of a refused write of a state of production is."""
    where: Any = {"Bucket": BUCKET, "Key": "production/db"}
    place.s3.put_object(**where, Body=_state("one"))
    with refused("PreconditionFailed", "fence.lineage"):
        place.s3.put_object(**where, Body=_state("another"))
    (found,) = place.s3.list_objects_v2(Bucket=REFUSED, Prefix="states/production/")["Contents"]
    return {"Bucket": REFUSED, "Key": found["Key"]}


def test_who_may_read_all_refused_bodies_reads_them(kept: Any, somebody: Make) -> None:
    """The rights are those to their bucket."""
    somebody(allow("s3:GetObject", f"arn:aws:s3:::{REFUSED}/*")).client("s3").get_object(**kept)


def test_the_policy_of_the_states_bucket_denies_them_too(
    place: Aws, kept: Any, somebody: Make
) -> None:
    """They hold what the state holds."""
    ada = somebody(allow("s3:*"))
    own = deny("s3:GetObject", f"{ARN}/production/*", Principal={"AWS": ada.arn})
    place.s3.put_bucket_policy(Bucket=BUCKET, Policy=document(own))
    s3 = ada.client("s3")
    with refused("AccessDenied", f"{ARN}/production/db"):
        s3.get_object(**kept)
    with refused("AccessDenied", f"{ARN}/production/db"):
        s3.copy_object(Bucket=BUCKET, Key="staging/copy", CopySource=kept)
    with refused("403"):
        s3.head_object(**kept)


def test_a_denial_of_ones_own_counts_too(kept: Any, somebody: Make) -> None:
    """Whoever wrote it down thought of the state, not of where its bodies are kept."""
    ada = somebody(allow("s3:*"), deny("s3:Get*", f"{ARN}/production/*"))
    with refused("AccessDenied", "explicit deny in an identity-based policy"):
        ada.client("s3").get_object(**kept)


def test_outputs_of_a_body_are_denied_with_the_state(kept: Any, somebody: Make) -> None:
    """As they are of the state itself."""
    ada = somebody(allow("holdfast:GetOutputs"), deny("s3:Get*", f"{ARN}/production/*"))
    with refused("AccessDenied"):
        ada.client("s3").get_object(**kept)
