"""`penstock explain` prints the reference for a code that a message has."""

from __future__ import annotations

import re
from email.message import Message
from importlib import metadata
from pathlib import Path

import pytest

from penstock.cli.bundle.markdown_text import convert_markdown
from penstock.cli.main import main
from penstock.model.finding_kinds import FINDING_KINDS

DOCS = Path(__file__).parents[2] / "docs"
PROBLEMS = re.findall(r"^## `([\w-]+)`$", (DOCS / "reference/problems.md").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines are as long as they need."""
    monkeypatch.setenv("COLUMNS", "10000")


@pytest.mark.parametrize("code", [*FINDING_KINDS, *PROBLEMS])
def test_every_code_is_explained(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each code has a text, which begins with the reference's first words and has no markup of links left."""
    assert 0 == main(["explain", code])
    heading, text = capsys.readouterr().out.split("\n", 1)
    assert code == heading
    assert len(text) > 40
    assert [] == re.findall(r"\]\([^)]*\.md|\{py:|```", text)


def test_all_codes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a code, every code has a line."""
    assert 0 == main(["explain"])
    codes = re.findall(r"^  ([\w-]+)  ", capsys.readouterr().out, re.MULTILINE)
    assert sorted([*FINDING_KINDS, *PROBLEMS]) == sorted(codes)


def test_the_cure_is_in_the_explanation(capsys: pytest.CaptureFixture[str]) -> None:
    """The text says what to do, too."""
    main(["explain", "unmarked"])
    assert "`@entrypoint` or `@step`" in capsys.readouterr().out


def test_the_program_of_a_finding_is_printed_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    """`--example` adds the program that provokes a finding."""
    main(["explain", "never-seen"])
    assert "    from penstock import flow\n" not in capsys.readouterr().out
    main(["explain", "never-seen", "--example"])
    assert "    from penstock import flow\n" in capsys.readouterr().out


def test_several_codes_are_explained_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """The hint of a message names all codes of its run, so all can be asked for."""
    assert 0 == main(["explain", "cycle", "unread", "cycle"])
    assert ["cycle", "unread"] == re.findall(r"^(cycle|unread)$", capsys.readouterr().out, re.MULTILINE)


def test_an_unknown_code_has_a_near_name(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelled code is answered by the right one."""
    assert 2 == main(["explain", "unread", "bypased"])
    done = capsys.readouterr()
    assert ("", True) == (done.out, "Did you mean 'bypassed'?" in done.err)


@pytest.mark.parametrize(
    ("base", "code", "address"),
    [
        ("https://docs.example/", "undeclared", "https://docs.example/reference/findings/undeclared.html"),
        ("https://docs.example/en", "cycle", "https://docs.example/en/reference/problems.html#cycle"),
        ("https://code.example/blob/HEAD/docs/index.md", "cycle", "https://code.example/blob/HEAD/docs/reference/problems.md#cycle"),
    ],
)  # fmt: skip
def test_the_address_follows_from_the_projects_urls(
    base: str, code: str, address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As soon as the package has the URL of its documentation, the explanation ends in the page's address."""
    package = Message()
    package["Project-URL"] = f"Documentation, {base}"
    monkeypatch.setattr(metadata, "metadata", lambda name: package)
    main(["explain", code])
    assert f"See {address}" == capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("See [the page](x.md) and {py:class}`~penstock.errors.DuplicateStepError`.", "See the page and `DuplicateStepError`."),
        ("[](../how-to/hard-to-import.md) has more.", 'The page "hard to import" has more.'),
        ("So [](a/read-the-docs.md#x) has more.", 'So the page "read the docs" has more.'),
        ("*Mend it:* a\nb **c**.", "Mend it: a b c."),
        ("- one\n  and\n- two", "- one and\n- two"),
        ("text:\n```python\nx = [1](2)\n\ny\n```\nrest", "text:\n\n    x = [1](2)\n\n    y\n\nrest"),
        ("## What to do", "What to do:"),
        ("| Kind | Rule |\n| --- | --- |\n| `a` | One. |\n| `b` | Two. |", "- `a`: One.\n- `b`: Two."),
    ],
)  # fmt: skip
def test_markdown_becomes_text(markdown: str, text: str) -> None:
    """Links are their words, paragraphs one line, and code stays as it is."""
    assert text == convert_markdown(markdown, 0)


def test_paragraphs_are_folded() -> None:
    """Paragraphs and items fit the columns."""
    assert "one two\nthree\n\n- one\n  two" == convert_markdown("one two three\n\n- one two", 7)
