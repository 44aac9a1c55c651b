"""Following resources, attributes and outputs through the versions of a state."""

import json
from typing import Any

import pytest

from client_site import KEY, Site, made_state
from holdfast.client.errors import NotAState
from holdfast.operations.blame import Blame, NoSuchResource, blame
from holdfast.operations.resource_names import Name, NotAName, parse_name
from state_documents import get_attr, instance, resource, state, written


def put(site: Site, *bodies: bytes) -> None:
    """Write versions, the oldest first."""
    for body in bodies:
        site.s3.put_object(Bucket=site.bucket, Key=KEY, Body=body)


def found(site: Site, name: str, limit: int | None = None) -> Blame:
    """Blame something in the site's state."""
    return blame(site.backend(), parse_name(name), limit=limit)


def history(result: Blame) -> list[tuple[str, int | None]]:
    """Return what was done, and under which serial."""
    return [(entry.kind, entry.serial) for entry in result.entries]


def vpc(serial: int, name: str = "aws_vpc.main", **attributes: Any) -> bytes:
    """Return a state with one resource."""
    return written(state(resource(name, instance({"id": "vpc-1", **attributes})), serial=serial))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("aws_vpc.main", Name("aws_vpc.main")),
        ("aws_vpc.main.tags.Name", Name("aws_vpc.main", ("tags", "Name"))),
        ("aws_vpc.main[0]", Name("aws_vpc.main[0]")),
        ('aws_vpc.main["a.b"].x[1]', Name('aws_vpc.main["a.b"]', ("x", 1))),
        ('aws_vpc.main.tags["a/b"]', Name("aws_vpc.main", ("tags", "a/b"))),
        ("data.aws_ami.x.id", Name("data.aws_ami.x", ("id",))),
        ('module.m["q"].module.n.aws_x.y', Name('module.m["q"].module.n.aws_x.y')),
        ("module.m.data.aws_x.y[0].z", Name("module.m.data.aws_x.y[0]", ("z",))),
        ("output.url", Name("", (), "url")),
        ("output.map.key", Name("", ("key",), "map")),
    ],
)
def test_reads_names(text: str, name: Name) -> None:
    """The address ends after the resource's name and its key; the rest is the attribute."""
    assert parse_name(text) == name


@pytest.mark.parametrize("text", ["", "x", "module.m", "a..b", "data.x", "a.b[", "a.b c", "[0]"])
def test_refuses_what_is_no_name(text: str) -> None:
    """What names nothing is refused with examples."""
    with pytest.raises(NotAName, match="Names look so"):
        parse_name(text)


def test_finds_who_introduced_and_changed_a_resource(site: Site) -> None:
    """Versions that did nothing to it are passed; the oldest with it introduced it."""
    put(
        site,
        made_state(1),
        vpc(2, cidr="10.0.0.0/16"),
        vpc(3, cidr="10.0.0.0/16"),
        vpc(4, cidr="10.1.0.0/16"),
        vpc(5, cidr="10.1.0.0/16"),
    )
    result = found(site, "aws_vpc.main")
    assert history(result) == [("changed", 4), ("introduced", 2)]
    assert [each.name for each in result.entries[0].attributes] == ["cidr"]
    assert result.complete


def test_finds_who_changed_an_attribute(site: Site) -> None:
    """Changes of other attributes do not count."""
    put(site, vpc(1, a="1", b="1"), vpc(2, a="2", b="1"), vpc(3, a="2", b="2"))
    assert history(found(site, "aws_vpc.main.a")) == [("changed", 2), ("introduced", 1)]
    assert history(found(site, "aws_vpc.main.b", 1)) == [("changed", 3)]


def test_follows_a_moved_resource(site: Site) -> None:
    """A resource that stands at another address is followed to it."""
    put(site, vpc(1, a="1"), vpc(2, a="2"), vpc(3, "module.net.aws_vpc.main", a="2"))
    result = found(site, "module.net.aws_vpc.main")
    assert history(result) == [("moved", 3), ("changed", 2), ("introduced", 1)]
    assert result.entries[0].moved_from == "aws_vpc.main"


def test_finds_who_removed_a_resource(site: Site) -> None:
    """A resource that is gone is followed from the version that removed it."""
    put(site, vpc(1), made_state(2), made_state(3))
    assert history(found(site, "aws_vpc.main")) == [("removed", 2), ("introduced", 1)]


def test_tells_a_replaced_object(site: Site) -> None:
    """Another id at the same address is another object."""
    put(site, vpc(1), vpc(2, id="vpc-2"))
    assert history(found(site, "aws_vpc.main")) == [("replaced", 2), ("introduced", 1)]


def test_follows_an_output(site: Site) -> None:
    """Outputs are followed like resources."""
    put(
        site,
        made_state(1, outputs={"url": "a"}),
        made_state(2, outputs={"url": "b", "other": "1"}),
        made_state(3, outputs={"url": "b", "other": "2"}),
    )
    assert history(found(site, "output.url")) == [("changed", 2), ("introduced", 1)]


def test_shows_no_sensitive_value(site: Site) -> None:
    """What is marked sensitive is hidden, also where it was copied."""
    bodies = [
        written(
            state(
                resource(
                    "aws_db.x",
                    instance(
                        {"id": "1", "password": secret, "copy": secret},
                        sensitive_attributes=[get_attr("password")],
                    ),
                ),
                serial=serial,
            )
        )
        for serial, secret in ((1, "first-secret"), (2, "second-secret"))
    ]
    put(site, *bodies)
    shown = repr(found(site, "aws_db.x"))
    assert "-secret" not in shown


def test_passes_over_what_cannot_be_read(site: Site) -> None:
    """An unreadable version is named, and the history goes on behind it."""
    put(site, vpc(1), b"{ not a state", vpc(2))
    result = found(site, "aws_vpc.main")
    assert history(result) == [("introduced", 1)]
    assert len(result.passed) == 1


def test_says_that_nothing_can_be_read(site: Site) -> None:
    """A history of encrypted states cannot be looked into."""
    put(site, json.dumps({"serial": 1, "lineage": "x", "encryption_version": "v0"}).encode())
    with pytest.raises(NotAState, match="encrypted"):
        found(site, "aws_vpc.main")


def test_names_the_instances_of_a_resource(site: Site) -> None:
    """A resource with several instances has to be named with a key."""
    several = resource("aws_x.y", *(instance({"id": f"{n}"}, index_key=n) for n in range(3)))
    put(site, written(state(several)))
    with pytest.raises(NoSuchResource, match=r"aws_x\.y\[0\], aws_x\.y\[1\]"):
        found(site, "aws_x.y")


def test_one_instance_needs_no_key(site: Site) -> None:
    """With one instance only, the resource's name is enough."""
    put(site, written(state(resource("aws_x.y", instance(index_key="only")))))
    assert history(found(site, "aws_x.y")) == [("introduced", 7)]


def test_says_that_no_version_has_it(site: Site) -> None:
    """A name that never was is an error."""
    put(site, vpc(1))
    with pytest.raises(NoSuchResource, match="no version"):
        found(site, "aws_vpc.other")


def test_goes_through_many_versions_in_order(site: Site) -> None:
    """More versions than are read ahead come in their order."""
    put(site, *(vpc(serial, n=serial) for serial in range(1, 31)))
    serials = [serial for _, serial in history(found(site, "aws_vpc.main"))]
    assert serials == list(range(30, 0, -1))
