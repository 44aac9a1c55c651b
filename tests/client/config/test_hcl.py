"""Reading HCL: values, places, what is left to Terraform, and what is no HCL."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.client.config.hcl import Expression, Unparsable, Value, evaluate, parse

FILE = """\
# a comment
terraform {
  required_version = ">= 1.5" // another

  backend "s3" {
    bucket = "states" /* inside */
    key    = "a/b"
  }
}

resource "aws_iam_role" "x" {
  for_each = { for k, v in var.roles : k => v if v.on }
  policy   = jsonencode({ a = [1, 2], "b" : null })
  name     = "x-${each.key}-%{ if true }y%{ endif }"
  text     = <<-EOT
    a ${var.b}
  EOT
}
"""


def test_blocks_have_labels_and_lines() -> None:
    """Nested blocks are found where they stand, among comments and expressions."""
    (terraform,) = parse(FILE).find("terraform")
    (backend,) = terraform.find("backend")

    assert (backend.labels, backend.line) == (("s3",), 5)
    assert [(one.name, one.value, one.line) for one in backend.attributes] == [
        ("bucket", "states", 6),
        ("key", "a/b", 7),
    ]


def test_places_cut_the_text() -> None:
    """An attribute's place is exactly its text, also after a byte order mark."""
    text = "\ufeff" + FILE
    (terraform,) = parse(text).find("terraform")
    (backend,) = terraform.find("backend")
    bucket = backend.attributes[0]

    assert text[bucket.start : bucket.end] == 'bucket = "states"'
    assert text[backend.start : backend.end].startswith('backend "s3" {')
    assert text[backend.start : backend.end].endswith("}")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"a"', "a"),
        (r'"q\"\\\n\u00e9"', 'q"\\\né'),
        ('"$${x} %%{y} $5 100%"', "${x} %{y} $5 100%"),
        ('"$${a $$${b} %%{"', "${a $${b} %{"),
        ('"${"in"}ner"', "inner"),
        ("true", True),
        ("null", None),
        ("-12", -12),
        ("1.5", 1.5),
        ('["a", # first\n "b",]', ["a", "b"]),
        ('{ a = "1", "b" : true }', {"a": "1", "b": True}),
        ("<<EOT\n  a\n b\nEOT\n", "  a\n b\n"),
        ("<<-EOT\n  a\n    b\n  EOT\n", "a\n  b\n"),
    ],
)
def test_constants_are_evaluated(text: str, value: Value) -> None:
    """Every constant form has the value that Terraform gives it."""
    assert evaluate(text) == value


@pytest.mark.parametrize(
    "text", ["var.a", '"x-${var.a}"', 'lower("A")', '[local.x, "b"]', "a ? b : c", "{ a = var.b }"]
)
def test_the_rest_stays_an_expression(text: str) -> None:
    """What only Terraform knows is kept as it was written."""
    assert evaluate(text) == Expression(text)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40))
def test_quoted_text_reads_back(text: str) -> None:
    """Any text that is quoted by the rules comes back."""
    quoted = text.replace("\\", r"\\").replace('"', r"\"")
    quoted = quoted.replace("${", "$${").replace("%{", "%%{")

    assert evaluate(f'"{quoted}"') == text


@pytest.mark.parametrize(
    ("text", "line"), [('a = "b"\nc = = 1\n', 2), ('a {\n  b = "x\n}\n', 2), ("a = {\n", 1)]
)
def test_what_is_not_hcl_is_told_with_its_line(text: str, line: int) -> None:
    """The error names about the place."""
    with pytest.raises(Unparsable) as told:
        parse(text)

    assert told.value.line >= line


def test_stripping_marks_of_templates_are_read() -> None:
    """`${~ x ~}` takes blanks away around it; what is beside it in the file is read."""
    body = parse('a = "x ${~ y ~} z"\nb = "~}"\n')

    assert isinstance(body.attributes[0].value, Expression)
    assert body.attributes[1].value == "~}"
