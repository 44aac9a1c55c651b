"""Searching resources in all states, by every criterion, without telling a secret."""

from typing import Any

import pytest

from client_site import Site
from holdfast.client.errors import HoldfastError
from holdfast.operations.search import AttributeWanted, Wanted, attribute_wanted, search
from state_commands import written
from state_documents import get_attr, instance, resource, state

RANDOM = 'provider["registry.terraform.io/hashicorp/random"]'


@pytest.fixture
def estate(site: Site) -> Site:
    """Two states with a few resources."""
    network = state(
        resource("aws_vpc.main", instance({"id": "vpc-1", "tags": {"Name": "web-vpc"}})),
        resource(
            'module.net["eu.west"].aws_subnet.a',
            instance({"id": "s-0", "rule": [{"port": 80}, {"port": 443}]}, index_key=0),
            instance({"id": "s-1", "rule": [], "public": True}, index_key=1),
            module='module.net["eu.west"]',
        ),
        resource("data.aws_ami.ubuntu", instance({"id": "ami-1"})),
    )
    network["resources"][1]["type"], network["resources"][1]["name"] = "aws_subnet", "a"
    app = state(
        resource(
            "random_password.db",
            instance({"id": "none", "length": 16, "result": "s3cr3t-text"}, status="tainted"),
            provider=RANDOM,
        ),
        resource(
            "aws_db_instance.main",
            instance(
                {
                    "id": "db-1",
                    "engine": "postgres",
                    "login": "marked-secret",
                    "copy": "marked-secret",
                },
                sensitive_attributes=[get_attr("login")],
            ),
        ),
    )
    written(site, "prod/network.tfstate", network)
    written(site, "prod/app.tfstate", app, workspace="dev")
    return site


def found(site: Site, prefix: str = "", **wanted: Any) -> list[str]:
    """Return the addresses that a search finds."""
    hits, _ = search(site.backend().connection, Wanted(**wanted), prefix)
    return [hit.address for hit in hits]


SUBNETS = ['module.net["eu.west"].aws_subnet.a[0]', 'module.net["eu.west"].aws_subnet.a[1]']


@pytest.mark.parametrize(
    ("wanted", "addresses"),
    [
        ({"text": "subnet"}, SUBNETS),
        ({"text": "*.a[1]"}, SUBNETS[1:]),
        ({"text": SUBNETS[0]}, SUBNETS[:1]),
        ({"type": "aws_vpc"}, ["aws_vpc.main"]),
        ({"type": "aws_*", "name": "main"}, ["aws_db_instance.main", "aws_vpc.main"]),
        ({"module": "module.net"}, SUBNETS),
        ({"module": 'module.net["eu.west"]'}, SUBNETS),
        ({"module": "module.other"}, []),
        ({"provider": "hashicorp/random"}, ["random_password.db"]),
        ({"provider": "random"}, ["random_password.db"]),
        ({"mode": "data"}, ["data.aws_ami.ubuntu"]),
    ],
)
def test_each_criterion_finds_what_it_says(
    estate: Site, wanted: dict[str, str], addresses: list[str]
) -> None:
    """Patterns know `*` and `?`; everything else stands for itself, brackets too."""
    assert found(estate, **wanted) == addresses


@pytest.mark.parametrize(
    ("attribute", "addresses"),
    [
        ("tags.Name=web-*", ["aws_vpc.main"]),
        ("Name=web-vpc", ["aws_vpc.main"]),
        ("Name=WEB-VPC", []),
        ("tags", ["aws_vpc.main"]),
        ("port=443", SUBNETS[:1]),
        ("rule[1].port=443", SUBNETS[:1]),
        ("rule[0].port=443", []),
        ("public=true", SUBNETS[1:]),
        ("length=16", ["random_password.db"]),
        ("ags.Name", []),
    ],
)
def test_attributes_are_found_by_name_and_value(
    estate: Site, attribute: str, addresses: list[str]
) -> None:
    """A name is a path or the end of one; values that are no texts are compared as JSON."""
    assert found(estate, attributes=(attribute_wanted(attribute),)) == addresses


def test_all_that_is_asked_for_must_hold(estate: Site) -> None:
    """Two attributes of one resource."""
    both = (AttributeWanted("id", "s-*"), AttributeWanted("public"))

    assert found(estate, attributes=both) == SUBNETS[1:]


@pytest.mark.parametrize("attribute", ["result=s3cr3t*", "login=marked-secret", "copy=marked-*"])
def test_a_secret_is_found_and_not_told(estate: Site, attribute: str) -> None:
    """By its mark, as a copy of a marked value, or by the type of its resource."""
    wanted = Wanted(attributes=(attribute_wanted(attribute),))
    hits, _ = search(estate.backend().connection, wanted)

    (matched,) = hits[0].matched
    assert (matched.sensitive, matched.value) == (True, "(sensitive value)")
    assert "secret" not in repr(hits).replace("sensitive", "")


def test_a_hit_says_where_and_what_it_is(estate: Site) -> None:
    """State, workspace, provider and taint."""
    (hit,), _ = search(estate.backend().connection, Wanted(type="random_password"))

    assert (hit.state.key, hit.state.workspace) == ("prod/app.tfstate", "dev")
    assert (hit.provider, hit.tainted) == ("hashicorp/random", True)


def test_a_prefix_narrows_the_search(estate: Site) -> None:
    """Only states below it are read."""
    assert found(estate, "prod/app", type="aws_*") == ["aws_db_instance.main"]


def test_states_that_cannot_be_searched_are_named(estate: Site) -> None:
    """Broken and encrypted ones; the others are searched all the same."""
    estate.s3.put_object(Bucket=estate.bucket, Key="broken.tfstate", Body=b"{")
    encrypted = (
        b'{"serial":1,"lineage":"x","meta":{},"encrypted_data":"e","encryption_version":"v0"}'
    )
    estate.s3.put_object(Bucket=estate.bucket, Key="encrypted.tfstate", Body=encrypted)

    hits, unsearched = search(estate.backend().connection, Wanted(type="aws_vpc"))

    assert len(hits) == 1
    assert [each.state.key for each in unsearched] == ["broken.tfstate", "encrypted.tfstate"]
    assert unsearched[1].why == "it is encrypted"


def test_an_attribute_needs_a_name() -> None:
    """`=value` is a mistake."""
    with pytest.raises(HoldfastError, match="names no attribute"):
        attribute_wanted("=value")
