"""The order of versions and deletions that S3 dates by the same second."""

from io import BytesIO
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from client_site import LINEAGE, Site, made_state
from holdfast.client.connect import Connection
from holdfast.client.errors import HoldfastError
from holdfast.client.history import history
from holdfast.client.settings import BackendSettings, Endpoints
from holdfast.terraform.address import StateAddress

ENTRY = (
    "<{0}><Key>app.tfstate</Key><VersionId>{1}</VersionId><IsLatest>{2}</IsLatest>"
    "<LastModified>2026-01-02T03:04:05.000Z</LastModified></{0}>"
)
LISTED = [("Version", "e"), ("DeleteMarker", "d"), ("Version", "c"), ("Version", "b")]
LISTED.append(("DeleteMarker", "a"))


def answering(body: bytes) -> Connection:
    """Return a connection whose S3 answers everything with a body."""
    connection = Connection(
        BackendSettings(
            bucket="states",
            key="app.tfstate",
            region="us-east-1",
            access_key="key",
            secret_key="secret",
            endpoints=Endpoints(s3="http://127.0.0.1:1"),
        )
    )

    def answer(request: Any, **_: Any) -> Any:
        class Raw(BytesIO):
            def stream(self) -> list[bytes]:
                return [body]

        return AWSResponse(request.url, 200, HTTPHeaders(), Raw())

    connection.s3.meta.events.register("before-send.s3.ListObjectVersions", answer)
    return connection


def test_versions_and_deletions_of_one_second_stay_in_the_order_of_the_listing() -> None:
    """AWS dates to the second, so that only the listing tells what came first."""
    entries = "".join(
        ENTRY.format(kind, version, str(version == "e").lower()) for kind, version in LISTED
    )
    namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
    body = f'<ListVersionsResult xmlns="{namespace}">{entries}</ListVersionsResult>'

    found = list(history(answering(body.encode()), StateAddress("states", "app.tfstate"), None))

    seen = [
        ("DeleteMarker" if each.delete_marker else "Version", each.version_id) for each in found
    ]
    assert seen == LISTED


def test_an_answer_that_is_no_xml_is_an_error() -> None:
    """As without us."""
    with pytest.raises(HoldfastError):
        list(history(answering(b"<Broken"), StateAddress("states", "app.tfstate"), None))


def test_writes_and_deletions_in_quick_succession_are_listed_in_their_order(site: Site) -> None:
    """Our server lists them as they were made, whatever the clock said."""
    made: list[str] = []
    for number in range(12):
        if number % 3 == 2:
            answer: Any = site.s3.delete_object(Bucket=site.bucket, Key="app.tfstate")
        else:
            body = made_state(number, LINEAGE)
            answer = site.s3.put_object(Bucket=site.bucket, Key="app.tfstate", Body=body)
        made.append(answer["VersionId"])

    listed = site.backend("app.tfstate").history(headers=False)

    assert [version.version_id for version in listed] == made[::-1]
