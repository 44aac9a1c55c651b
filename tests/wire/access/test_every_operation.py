"""Every served operation, asked by a user without a policy: denied, whatever is asked and however."""

import logging
import os

import pytest

from furnished import Furnished, code_of
from holdfast.aws.models import SERVED, service
from holdfast.server.access.identity_actions import UNASKED
from in_process import REGION
from mutated_requests import Mutator
from raw_http import Signer
from somebody import Somebody, deny

EXAMPLES = int(os.environ.get("HOLDFAST_FUZZ_EXAMPLES", "8"))  # for each operation
MOST_EXAMPLES = 200  # until one is well-formed
SEED = os.environ.get("HOLDFAST_FUZZ_SEED", "holdfast")
OPERATIONS = [
    (name, each)
    for name in sorted(SERVED)
    for each in sorted(SERVED[name])
    if each not in UNASKED and each != "DescribeEndpoints"
]
DENIED = ("AccessDenied", "AccessDeniedException")


@pytest.fixture(scope="module", params=["nothing", "a denial"])
def signer(request: pytest.FixtureRequest, furnished: Furnished) -> Signer:
    """A user without a policy, and one with a policy that only denies."""
    statements = [] if request.param == "nothing" else [deny("s3:GetBucketCors")]
    user = Somebody(furnished.aws, request.param.replace(" ", "-"), *statements)
    return Signer("127.0.0.1:8270", user.key.access_key_id, user.key.secret, REGION)


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=str)
def test_nothing_is_done_for_who_may_not(
    furnished: Furnished,
    signer: Signer,
    caplog: pytest.LogCaptureFixture,
    name: str,
    operation: str,
) -> None:
    """What is well-formed is denied; what is not is refused. No answer tells what there is."""
    caplog.set_level(logging.WARNING)
    model = service(name)
    mutator = Mutator(model, furnished.known, f"{SEED} {name} {operation}")
    denied = 0
    for number in range(MOST_EXAMPLES):
        mutator.chance = (0.0, 0.03)[number % 2]
        wire = mutator.request(model.operations[operation])
        response = furnished.send(wire, signer)
        assert response.status < 500 or response.status == 501, (wire, response)
        assert response.status not in (200, 204, 206, 304, 404, 409, 412), (wire, response)
        if wire.method == "HEAD":
            denied += response.status == 403
        else:
            denied += code_of(name, response) in DENIED
        if denied and number >= EXAMPLES:
            break
    assert denied, "none was denied"
    assert [record.getMessage() for record in caplog.records] == []
