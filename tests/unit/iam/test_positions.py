"""Where statements stand in the text of a policy."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from holdfast.server.iam.positions import position, statements

_TEXT = st.text(max_size=8)
_STATEMENT = st.dictionaries(_TEXT, st.one_of(_TEXT, st.lists(_TEXT, max_size=3)), max_size=3)
_BEFORE = st.dictionaries(_TEXT.filter(lambda name: name != "Statement"), _TEXT, max_size=2)


@given(
    _BEFORE,
    st.one_of(_STATEMENT, st.lists(_STATEMENT, max_size=4)),
    st.sampled_from([None, 0, 3, "\t"]),
    st.booleans(),
)
def test_what_stands_there_is_the_statement(
    before: dict[str, str], held: Any, indent: Any, ascii_only: bool
) -> None:
    """However a document is laid out, each span holds its statement and nothing else."""
    document = {**before, "Statement": held, "Id": "]}"}
    text = " \n" + json.dumps(document, indent=indent, ensure_ascii=ascii_only) + "\r\n"
    found = [json.loads(text[span.start : span.end]) for span in statements(text)]
    assert found == (held if isinstance(held, list) else [held])


@given(st.lists(st.text("ab \t", max_size=5), min_size=1), st.sampled_from(["\n", "\r", "\r\n"]))
def test_lines_and_columns_count_from_one(lines: list[str], end: str) -> None:
    """The last character of a text is in its last line."""
    text = end.join(lines)
    expected = {"Line": len(lines), "Column": len(lines[-1]) + 1}
    assert position(text, len(text)) == expected
