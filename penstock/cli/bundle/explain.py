"""``penstock explain``: prints what the reference says about a code of a problem or a finding."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from penstock._util.docs_address import find_docs_address
from penstock.cli.bundle.files import find_bundled
from penstock.cli.bundle.markdown_text import convert_markdown
from penstock.cli.terminal import CLEAN, apply_style, table, width
from penstock.errors import UnknownNameError
from penstock.model.finding_kinds import FINDING_KINDS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

_SECTION = re.compile(r"^## `([\w-]+)`\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
_PROGRAM = re.compile(r"^## [^\n]*(?:program|[Ee]xample)[^\n]*\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
_DEFAULT_WIDTH = 80


class UnknownCodeError(UnknownNameError):
    """A code that no problem or finding has."""

    what = "code"
    whats = "codes"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    summary = "explain the code of a problem or finding"
    parser = commands.add_parser("explain", help=summary, description=f"{summary.capitalize()}.")
    parser.set_defaults(action=run)
    parser.add_argument("codes", nargs="*", metavar="CODE", help="such as unknown-after; without one, all are listed")
    parser.add_argument("--example", action="store_true", help="print the example program of a finding, too")


def run(parsed: argparse.Namespace) -> int:
    """List the codes, or print the explanations of some."""
    problems = read_problems()
    if not parsed.codes:
        _print_codes(problems)
        return CLEAN
    explanations = [explain(code, problems, example=parsed.example) for code in dict.fromkeys(parsed.codes)]
    for number, (code, text) in enumerate(zip(dict.fromkeys(parsed.codes), explanations, strict=True)):
        print("\n" * bool(number) + apply_style(code, "1"))
        print(text)
    return CLEAN


def _print_codes(problems: Mapping[str, str]) -> None:
    kinds = sorted(FINDING_KINDS.values(), key=lambda kind: kind.severity == "note")
    findings: dict[str, str] = {kind.code: kind.summary for kind in kinds}
    rows = {**findings, **{code: _first_sentence(text) for code, text in problems.items()}}
    for title, codes in (("Findings", findings), ("Problems", problems)):
        print(apply_style(f"{title}:", "1"))
        for line in table([(f"  {code}", rows[code]) for code in codes]):
            print(line)
        print()
    print("Read more: penstock explain CODE")


def _first_sentence(markdown: str) -> str:
    paragraph = convert_markdown(markdown, 0).partition("\n")[0]
    return re.split(r"(?<=\.)\s", paragraph, maxsplit=1)[0]


def read_problems() -> dict[str, str]:
    """Return the section of each problem in the reference, as Markdown, by code."""
    return dict(_SECTION.findall(find_bundled("reference/problems.md").read_text(encoding="utf-8")))


def explain(code: str, problems: Mapping[str, str], *, example: bool = False) -> str:
    """Return the explanation of a code as text for a terminal.

    Args:
        code: The code of a problem or a finding.
        problems: The sections of the problems, by code.
        example: Whether to include the example program of a finding.

    Raises:
        UnknownCodeError: There is no such code.
    """
    if code in FINDING_KINDS:
        markdown, page = _read_finding(code, example=example), f"reference/findings/{code}"
    elif code in problems:
        markdown, page = problems[code], "reference/problems"
    else:
        raise UnknownCodeError(code, [*FINDING_KINDS, *problems])
    address = find_docs_address(page)
    fragment = "" if code in FINDING_KINDS else f"#{code}"
    text = convert_markdown(markdown, width() or _DEFAULT_WIDTH)
    return "\n\n".join(filter(None, (text, address and f"See {address}{fragment}")))


def _read_finding(code: str, *, example: bool) -> str:
    page = find_bundled(f"reference/findings/{code}.md").read_text(encoding="utf-8")
    body = page.partition("\n")[2]
    return body if example else _PROGRAM.sub("", body)
