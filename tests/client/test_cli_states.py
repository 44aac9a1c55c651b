"""The commands states, search and graph: what they print, for people and for programs."""

import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest

from client_site import Site, made_state
from state_commands import Commands, Ran, written
from state_documents import instance, resource, state

Run = Callable[..., Ran]
FINDINGS, NOT_FOUND = 15, 10


@pytest.fixture
def run(site: Site, capsys: pytest.CaptureFixture[str]) -> Commands:
    """Runs commands on the test's bucket."""
    return Commands(site, capsys)


@pytest.fixture
def reading(site: Site) -> Site:
    """A state that has read an output of another, which has changed since."""
    written(site, "net.tfstate", state(outputs={"vpc": {"value": "v-2", "type": "string"}}))
    config = {"bucket": site.bucket, "key": "net.tfstate"}
    attributes = {
        "backend": "s3",
        "config": {"value": config, "type": ["object", {}]},
        "outputs": {"value": {"vpc": "v-1"}, "type": ["object", {}]},
    }
    reader = resource("data.terraform_remote_state.net", instance(attributes))
    written(site, "app.tfstate", state(reader))
    return site


def test_states_lists_each_with_its_facts(site: Site, run: Run) -> None:
    """One line a state when piped, with the whole key."""
    written(site, "prod/app.tfstate", made_state(7, resources={"a": "x"}))
    written(site, "prod/app.tfstate", made_state(3), workspace="dev")

    ran = run("states")

    assert ran.code == 0
    assert ran.rows[0] == [
        "STATE",
        "SERIAL",
        "RESOURCES",
        "SIZE",
        "CHANGED",
        "TERRAFORM",
        "LOCK",
        "HEALTH",
    ]
    assert ran.rows[1][:3] == ["prod/app.tfstate", "7", "1"]
    assert ran.rows[2][:3] == ["env:/dev/prod/app.tfstate", "3", "0"]
    assert [row[-3:] for row in ran.rows[1:]] == [["1.11.4", "-", "ok"]] * 2
    assert "2 states in" in ran.err


def test_states_as_json_has_a_stable_shape(site: Site, run: Run) -> None:
    """Every member is there, with null for what is not known."""
    written(site, "app.tfstate", made_state(7))
    with site.backend("new.tfstate").lock("OperationTypeApply"):
        found = run("states", "--json").document

    one, new = found["states"]
    assert one.keys() == new.keys()
    assert (one["key"], one["serial"], one["digest"], one["healthy"]) == (
        "app.tfstate",
        7,
        "matches",
        True,
    )
    assert (new["exists"], new["serial"], new["size"]) == (False, None, None)
    assert [lock["where"] for lock in new["locks"]] == ["file", "table"]
    assert found["other_objects"] == 0


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ((), ["a.tfstate", "b.tfstate", "prod/c.tfstate"]),
        (("--prefix", "prod/"), ["prod/c.tfstate"]),
        (("--locked",), ["b.tfstate"]),
        (("--unhealthy",), ["a.tfstate"]),
        (("--older-than", "1h"), []),
        (("--older-than", "0s"), ["a.tfstate", "b.tfstate", "prod/c.tfstate"]),
        (("--sort", "serial"), ["prod/c.tfstate", "b.tfstate", "a.tfstate"]),
        (("--sort", "resources"), ["b.tfstate", "prod/c.tfstate", "a.tfstate"]),
    ],
)
def test_states_are_chosen_and_sorted(
    site: Site, run: Run, options: tuple[str, ...], keys: list[str]
) -> None:
    """Each filter and each order."""
    site.s3.put_object(Bucket=site.bucket, Key="a.tfstate", Body=b"{")
    written(site, "b.tfstate", made_state(2, resources={"x": "", "y": ""}))
    written(site, "prod/c.tfstate", made_state(9, resources={"x": ""}))
    with site.backend("b.tfstate").lock("test"):
        found = run("states", "--json", *options)

    assert [each["key"] for each in found.document["states"]] == keys
    assert found.code == (FINDINGS if "--unhealthy" in options else 0)


def test_states_says_what_is_wrong(site: Site, run: Run) -> None:
    """The id in the line, the sentence beside it."""
    site.s3.put_object(Bucket=site.bucket, Key="a.tfstate", Body=b"{")

    ran = run("states")

    assert ran.rows[1][-1] == "unreadable"
    assert "a.tfstate: it cannot be read: it is not JSON" in ran.err


def test_an_empty_bucket_has_no_states(run: Run) -> None:
    """Nothing on standard output."""
    ran = run("states")

    assert (ran.code, ran.out) == (0, "")
    assert "No states in" in ran.err


def test_a_prefix_without_states_is_named(site: Site, run: Run) -> None:
    """So that nobody takes the bucket for an empty one."""
    written(site, "app.tfstate", made_state())

    assert "whose key begins with nothing/" in run("states", "--prefix", "nothing/").err


def test_an_age_that_is_none_is_a_mistake(run: Run) -> None:
    """With the forms that are understood."""
    ran = run("states", "--older-than", "soon")

    assert ran.code != 0
    assert "'soon' is not a time" in ran.err


def test_search_prints_what_it_found(site: Site, run: Run) -> None:
    """State, address, provider and the attribute."""
    written(site, "app.tfstate", made_state(resources={"web": "nginx"}))

    ran = run("search", "--attribute", "input=ngi*")

    assert ran.code == 0
    assert ran.rows[1] == [
        "app.tfstate",
        "terraform_data.web",
        "builtin/terraform",
        "input",
        "=",
        "nginx",
    ]


def test_search_that_finds_nothing_has_its_exit_code(site: Site, run: Run) -> None:
    """So that scripts can ask."""
    written(site, "app.tfstate", made_state(resources={"web": "nginx"}))

    assert run("search", "database").code == NOT_FOUND
    assert run("search", "database", "--json").document == {"resources": [], "not_searched": []}


def test_graph_names_what_is_stale(reading: Site, run: Run) -> None:
    """The source, its readers, and the output."""
    ran = run("graph")

    assert reading.bucket
    assert "net.tfstate" in ran.out
    assert "read by app.tfstate  stale: vpc  data.terraform_remote_state.net" in ran.out
    assert "v-1" not in ran.out
    assert run("graph", "--stale").code == FINDINGS


def test_graph_in_every_form_says_the_same(reading: Site, run: Run) -> None:
    """JSON, DOT and SVG."""
    (read,) = run("graph", "--json").document["reads"]
    drawn = ET.fromstring(run("graph", "--svg").out)  # noqa: S314 - made here

    assert reading.bucket
    assert (read["reader"], read["source"], read["stale"]) == (
        "app.tfstate",
        "net.tfstate",
        ["vpc"],
    )
    assert '"net.tfstate" -> "app.tfstate"' in run("graph", "--dot").out
    assert len([each for each in drawn.iter() if each.get("class") == "stale"]) == 1


def test_without_readings_there_is_no_graph(site: Site, run: Run) -> None:
    """Said beside the result."""
    written(site, "app.tfstate", made_state())

    ran = run("graph", "--stale")

    assert (ran.code, ran.out) == (0, "")
    assert "No stale outputs were read." in ran.err
