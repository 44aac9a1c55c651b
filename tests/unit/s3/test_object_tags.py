"""Tags of objects."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.aws.errors import ServiceError
from holdfast.server.s3.tags import tag_set_of, tags_of_header, tags_of_set
from s3_handlers import attempted

NAMES = st.text("abcXYZ0189 _.:/=+-@éß", min_size=1, max_size=20).filter(
    lambda name: not name.lower().startswith("aws:")
)
TAGS = st.dictionaries(NAMES, st.text("abc 019=+é", max_size=20), max_size=10)


@given(TAGS)
def test_header_and_document_say_the_same(tags: dict[str, str]) -> None:
    """Both come back as they were."""
    assert tags_of_header(urlencode(tags)) == tags
    assert tags_of_set(tag_set_of(tags)) == tags


@given(st.text(max_size=60))
def test_any_header_gives_tags_or_awss_error(header: str) -> None:
    """Nothing else comes out."""
    tags = attempted(lambda: tags_of_header(header))
    if isinstance(tags, ServiceError):
        assert tags.code in {"InvalidArgument", "InvalidTag", "BadRequest"}
        return
    assert len(tags) <= 10


def test_bytes_that_are_not_utf8_are_refused() -> None:
    """The header must be UTF-8 under its encoding."""
    with pytest.raises(ServiceError, match="InvalidArgument"):
        tags_of_header("a=%ff")
