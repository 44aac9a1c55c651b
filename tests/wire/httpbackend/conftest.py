"""What the tests of the `http` backend share."""

import pytest

from http_backend import HttpBackend
from in_process import Aws
from lockers import prepare


@pytest.fixture
def http(aws: Aws) -> HttpBackend:
    """A client for a state of a fresh server."""
    prepare(aws)
    return HttpBackend(aws)
