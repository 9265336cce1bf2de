"""Findings as a terminal shows them."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import replace

import pytest

from penstock._util.display_text import columns
from penstock.check.findings.finding import Finding, RelatedLocation
from penstock.check.findings.fix_hints import shown_after
from penstock.check.findings.reports import hang_indent, sarif, text

FOUND = Finding(
    code="undeclared",
    severity="error",
    flow="shop/order_processing",
    source="charge",
    target="reserve",
    message="reserve runs after charge, and no arrow says so, though it has run there for years.",
    seen="reserve ran inside charge in 2 calls, and no declared arrow explains it.",
    cure='Write: after="charge"',
    file="shop/orders.py",
    line=150,
    related=(RelatedLocation("shop/orders.py", 129, "charge is here"),),
)
STYLES = re.compile(r"\x1b\[\d+m")


def styled(shown: str, code: str) -> str:
    """Return a text in a style of the terminal."""
    return f"\x1b[{code}m{shown}\x1b[0m"


def test_colours_change_no_word() -> None:
    """In colour, a finding has the same words with the same spaces."""
    assert text([FOUND]) == STYLES.sub("", text([FOUND], styled))


@pytest.mark.parametrize("width", [40, 60, 70])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """Long lines go on in the next one, further in than they began; colours take no columns, and no word is lost."""
    shown = text([FOUND], styled, width)
    plain = STYLES.sub("", shown)
    assert text([FOUND], width=width) == plain
    assert max(map(columns, plain.splitlines())) <= width
    assert text([FOUND]).split() == plain.split()
    assert {0, 2, 4, 6} == {len(line) - len(line.lstrip()) for line in plain.splitlines()}


@pytest.mark.parametrize(
    ("shown", "width", "expected"),
    [
        ("one two", 0, "one two"),
        ("one two", 7, "one two"),
        ("one two", 6, "one\n  two"),
        ("  one two", 6, "  one\n    two"),
        ("incomprehensible it is", 8, "incomprehensible\n  it is"),
        ("\u5728\u5eab \u5f15\u5f53", 8, "\u5728\u5eab\n  \u5f15\u5f53"),
        ("", 8, ""),
    ],
)
def test_lines_are_folded_between_words(shown: str, width: int, expected: str) -> None:
    """A line is folded between words, by columns, and a word that is too long stays whole."""
    assert expected == hang_indent(shown, width)


def test_what_a_name_holds_is_no_command_to_the_terminal() -> None:
    """Names that hold escape codes are shown without them, in colour, too."""
    hostile = Finding(code="undeclared", severity="error", flow="f\x1b[2J", message="a\x1b[31m", seen="\x1b]0;b\x07")
    assert ["\x1b[31m", "\x1b[0m", "\x1b[2m", "\x1b[0m"] == re.findall(r"\x1b\[?\d*\w?", text([hostile], styled))


def test_sarif_rules_name_the_command_that_explains_them() -> None:
    """A reader of a code scanning alert finds the command with the explanation; there is no address without a site."""
    (rule,) = json.loads(sarif([FOUND]))["runs"][0]["tool"]["driver"]["rules"]
    assert (f"penstock explain {FOUND.code}", False) == (rule["help"]["text"], "helpUri" in rule)


def test_sarif_names_files_as_uris() -> None:
    """Characters that no URI may have are escaped, or a host would refuse the report."""
    (result,) = json.loads(sarif([replace(FOUND, file="my shop/or#ders.py")]))["runs"][0]["results"]
    assert "my%20shop/or%23ders.py" == result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


@pytest.mark.parametrize("names", [("charge",), ("a", "b"), ('say "hi"',), ("back\\slash", "x"), ("new\nline",)])
def test_what_to_write_is_python(names: tuple[str, ...]) -> None:
    """Whatever a step is called, the ``after=`` of a cure can be written as it stands there."""
    found = ast.literal_eval(shown_after(names))
    assert names == ((found,) if isinstance(found, str) else tuple(found))
