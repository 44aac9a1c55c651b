"""The page on policies says what the code supports."""

from pathlib import Path

import pytest

from holdfast.server.access.policies.comparisons import COMPARISONS
from holdfast.server.access.policies.condition_keys import KEYS

PAGE = (Path(__file__).parents[4] / "docs" / "reference" / "policies.md").read_text().lower()


@pytest.mark.parametrize("name", sorted([*COMPARISONS, *KEYS]))
def test_each_operator_and_key_is_on_the_page(name: str) -> None:
    """As a word of its own."""
    assert f"`{name}`" in PAGE
