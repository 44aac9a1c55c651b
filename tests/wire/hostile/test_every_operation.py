"""Every served operation, asked in hundreds of wrong ways: always AWS's answer, never a defect."""

import json
import logging
import os
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest

from furnished import Furnished, bytes_of, furnished_server
from holdfast.aws.http import Response
from holdfast.aws.models import SERVED, service
from mutated_requests import Mutator, Wire
from raw_http import JSON_KINDS

EXAMPLES = int(os.environ.get("HOLDFAST_FUZZ_EXAMPLES", "12"))  # for each operation
SEED = os.environ.get("HOLDFAST_FUZZ_SEED", "holdfast")
OPERATIONS = [(name, each) for name in sorted(SERVED) for each in sorted(SERVED[name])]


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    """One server for all operations."""
    with furnished_server(tmp_path_factory.mktemp("fuzz")) as made:
        yield made


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=str)
def test_any_request_gets_an_answer(
    furnished: Furnished, caplog: pytest.LogCaptureFixture, name: str, operation: str
) -> None:
    """Right or wrong, a request gets a well-formed answer that is no defect of the server."""
    caplog.set_level(logging.WARNING)
    furnished.furnish()
    model = service(name)
    mutator = Mutator(model, furnished.known, f"{SEED} {name} {operation}")
    for number in range(EXAMPLES):
        mutator.chance = (0.0, 0.03, 0.1)[number % 3]
        wire = mutator.request(model.operations[operation])
        response = furnished.send(wire)
        assert response.status < 500 or response.status == 501, (wire, response)
        _check_form(name, wire, response)
    assert [record.getMessage() for record in caplog.records] == []


def _check_form(name: str, wire: Wire, response: Response) -> None:
    body, failed = bytes_of(response), response.status >= 400
    for header, value in response.headers:
        assert header.isascii()
        assert "\r" not in value, header
        assert "\n" not in value, header
    if name in JSON_KINDS:
        document = json.loads(body or b"{}")
        assert ("__type" in document) == failed, document
    elif failed and wire.method != "HEAD" and response.status != 304:
        root = ET.fromstring(body)  # noqa: S314 - our own answer
        code = root.find(".//{*}Code")
        assert code is not None
        assert code.text
