"""AWS's service models as we keep them."""

import subprocess
import sys

import pytest

from holdfast.aws.models import SERVED, service


@pytest.mark.parametrize("name", sorted(SERVED))
def test_every_served_operation_is_in_the_model(name: str) -> None:
    """The allow-list names only operations that AWS has."""
    assert SERVED[name] <= service(name).known
    assert set(service(name).operations) == SERVED[name]


def test_a_recursive_shape_contains_itself() -> None:
    """A DynamoDB attribute value of type list holds the same shape again."""
    get_item = service("dynamodb").operations["GetItem"]
    assert get_item.output is not None
    value = get_item.output.members["Item"].shape.entry[1].shape
    assert value.members["L"].shape.item.shape is value


def test_streamed_bodies_are_known() -> None:
    """Only uploads stream in, and only a download streams out."""
    operations = service("s3").operations.values()
    assert {each.name for each in operations if each.streams_input} == {"PutObject", "UploadPart"}
    assert {each.name for each in operations if each.streams_output} == {"GetObject"}
    assert service("s3").operations["PutObject"].payload == "Body"


def test_protocol_facts() -> None:
    """What the wire needs to know of each service is read from the model."""
    dynamodb, kms, sts = service("dynamodb"), service("kms"), service("sts")
    assert (dynamodb.protocol, dynamodb.json_version) == ("json", "1.0")
    assert (kms.target_prefix, kms.json_version) == ("TrentService", "1.1")
    assert (sts.protocol, sts.api_version) == ("query", "2011-06-15")
    assert "Item" in dynamodb.errors["ConditionalCheckFailedException"].members


def test_shapes_say_when_they_are_asked_for_what_they_are_not() -> None:
    """A structure has neither elements nor entries."""
    shape = service("kms").operations["CreateKey"].input
    assert shape is not None
    with pytest.raises(TypeError):
        _ = shape.item
    with pytest.raises(TypeError):
        _ = shape.entry


def test_an_unknown_service_is_a_key_error() -> None:
    """Only the served services have models."""
    with pytest.raises(KeyError):
        service("ec2")


def test_botocore_itself_is_not_imported() -> None:
    """Its import would cost more time and memory than all models together."""
    program = (
        "import sys\nfrom holdfast.aws.models import SERVED, service\n"
        "[service(name) for name in SERVED]\nsys.exit('botocore' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_many_threads_may_be_the_first_to_ask() -> None:
    """A server's first requests come at once; msgspec is no danger to its process then."""
    program = (
        "import sys, threading\nfrom holdfast.aws.models import service\n"
        "sys.setswitchinterval(1e-6)\nall_there = threading.Barrier(8)\n"
        "def ask(name):\n    all_there.wait()\n    service(name)\n"
        "threads = [threading.Thread(target=ask, args=(name,)) for name in ('s3', 'kms') * 4]\n"
        "[each.start() for each in threads]\n[each.join() for each in threads]\n"
    )
    for _ in range(3):
        subprocess.run([sys.executable, "-c", program], check=True)
