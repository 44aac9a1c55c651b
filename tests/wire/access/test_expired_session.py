"""Every served operation, asked by a session that has ended and holds a lock: nothing is done."""

import logging

import pytest

from furnished import Furnished, code_of
from holdfast.aws.models import SERVED, service
from in_process import REGION
from lockers import document
from mutated_requests import Mutator
from raw_http import Signer

EXAMPLES = 6  # for each operation
MOST_EXAMPLES = 200  # until one is well-formed
ASIDE = 600  # seconds that the server's clock is off; twice as much is more than a session lasts
UNSIGNED = "AssumeRoleWithWebIdentity"
OPERATIONS = [
    (name, each) for name in sorted(SERVED) for each in sorted(SERVED[name]) if each != UNSIGNED
]


@pytest.fixture(scope="module")
def signer(furnished: Furnished) -> Signer:
    """An administrator's session that has ended, with the lock of a state that nobody asks for."""
    aws = furnished.aws
    aws.clock.advance(-ASIDE)
    given = aws.sts.get_session_token(DurationSeconds=900)["Credentials"]
    key, secret, token = given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
    client = aws.client(
        "s3", aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token
    )
    client.put_object(Bucket="bucket-one", Key="held.tflock", Body=document(), IfNoneMatch="*")
    aws.clock.advance(2 * ASIDE)
    return Signer("127.0.0.1:8270", key, secret, REGION, token)


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=str)
def test_nothing_is_done_for_an_expired_session(
    furnished: Furnished,
    signer: Signer,
    caplog: pytest.LogCaptureFixture,
    name: str,
    operation: str,
) -> None:
    """What is well-formed is answered with that; what is not is refused."""
    caplog.set_level(logging.WARNING)
    model = service(name)
    mutator = Mutator(model, furnished.known, f"expired {name} {operation}")
    expired = 0
    for number in range(MOST_EXAMPLES):
        mutator.chance = (0.0, 0.03)[number % 2]
        wire = mutator.request(model.operations[operation])
        response = furnished.send(wire, signer)
        assert 400 <= response.status < 500 or response.status == 501, (wire, response)
        assert response.status not in (404, 409, 412), (wire, response)
        if wire.method == "HEAD":
            expired += response.status == 400
        else:
            expired += code_of(name, response).startswith("ExpiredToken")
        if expired and number >= EXAMPLES:
            break
    assert expired, "no answer says that the session has expired"
    assert [record.getMessage() for record in caplog.records] == []
