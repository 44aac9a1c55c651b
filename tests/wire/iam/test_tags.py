"""IAM tags of users and roles."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from iam_clients import ANYBODY, refused
from in_process import Aws


class Tagged(NamedTuple):
    """What has tags: the operations on its tags, and its name as a parameter."""

    tag: Callable[..., Any]
    untag: Callable[..., Any]
    listed: Callable[..., Any]
    name: dict[str, str]


@pytest.fixture(params=["user", "role"])
def tagged(aws: Aws, request: pytest.FixtureRequest) -> Tagged:
    """A user, and a role."""
    iam: Any = aws.iam
    if request.param == "user":
        iam.create_user(UserName="ada")
        return Tagged(iam.tag_user, iam.untag_user, iam.list_user_tags, {"UserName": "ada"})
    iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=ANYBODY)
    return Tagged(iam.tag_role, iam.untag_role, iam.list_role_tags, {"RoleName": "deploy"})


def _tags(**tags: str) -> list[dict[str, str]]:
    return [{"Key": name, "Value": value} for name, value in tags.items()]


def test_tags_are_added_and_replaced(tagged: Tagged) -> None:
    """A name in another case is the same tag."""
    tagged.tag(**tagged.name, Tags=_tags(team="one", cost="7"))
    tagged.tag(**tagged.name, Tags=_tags(Team="two"))
    assert tagged.listed(**tagged.name)["Tags"] == _tags(Team="two", cost="7")


def test_tags_are_removed(tagged: Tagged) -> None:
    """Removing one that is not there is no error."""
    tagged.tag(**tagged.name, Tags=_tags(team="one", cost="7"))
    tagged.untag(**tagged.name, TagKeys=["TEAM", "other"])
    assert tagged.listed(**tagged.name)["Tags"] == _tags(cost="7")


def test_tags_are_listed_in_pages(tagged: Tagged) -> None:
    """A marker goes on where the page before ended."""
    tagged.tag(**tagged.name, Tags=_tags(a="1", b="2", c="3"))
    first = tagged.listed(**tagged.name, MaxItems=2)
    second = tagged.listed(**tagged.name, MaxItems=2, Marker=first["Marker"])
    assert [*first["Tags"], *second["Tags"]] == _tags(a="1", b="2", c="3")
    assert not second["IsTruncated"]


def test_fifty_tags_and_no_more(tagged: Tagged) -> None:
    """Replacing one of fifty is not too many."""
    tagged.tag(**tagged.name, Tags=_tags(**{f"t{n}": "" for n in range(50)}))
    tagged.tag(**tagged.name, Tags=_tags(t7="new"))
    code, status, _ = refused(tagged.tag, **tagged.name, Tags=_tags(more=""))
    assert (code, status) == ("LimitExceeded", 409)


@pytest.mark.parametrize(
    "tags", [_tags(a="1", A="2"), _tags(**{"aws:x": "1"}), _tags(a="<b>"), _tags(**{"a!": ""})]
)
def test_tags_that_nobody_can_have(tagged: Tagged, tags: list[dict[str, str]]) -> None:
    """Twice the same name, a reserved one, or characters that tags do not have."""
    assert refused(tagged.tag, **tagged.name, Tags=tags)[:2] == ("InvalidInput", 400)
    assert tagged.listed(**tagged.name)["Tags"] == []
