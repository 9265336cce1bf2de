"""Findings for people, for GitHub and GitLab, for code scanning, and for programs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from penstock._util.display_text import columns
from penstock._util.docs_address import find_docs_address
from penstock._version import __version__
from penstock.check.findings.grouping import group_by_cause
from penstock.manifest.encoding import encode_json
from penstock.model.finding_kinds import FINDING_KINDS
from penstock.render.wording import escape_line, quote_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from penstock.check.findings.finding import Finding

Style = Callable[[str, str], str]
"""Takes a text and the number of a terminal's style, and returns what to print."""

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
STYLED = re.compile(r"\x1b\[[0-9;]*m")
COLOURS = {"error": "31", "note": "36"}


def text(found: Sequence[Finding], style: Style = lambda shown, _: shown, width: int = 0) -> str:
    """Return findings as lines for people: location, problem, observation, cure.

    Args:
        found: The findings.
        style: Styles a text for the terminal.
        width: The terminal's columns; 0 keeps lines unfolded.
    """
    return "\n\n".join(_entry(finding, style, width) for finding in group_by_cause(found))


def _entry(finding: Finding, style: Style, width: int) -> str:
    location = f"{escape_line(finding.where)}:" if finding.where else ""
    flow = style(f"[{escape_line(finding.flow)}]", "2") if finding.flow else ""
    head = [location, style(escape_line(finding.code), COLOURS[finding.severity]), flow, escape_line(finding.message)]
    details = [finding.seen, *(f"{place.where}: {place.text}" for place in finding.related), finding.cure]
    lines = [hang_indent(" ".join(filter(None, head)), width)]
    lines += [hang_indent(f"    {escape_line(detail)}", width) for detail in details if detail]
    return "\n".join(lines)


def hang_indent(shown: str, width: int) -> str:
    """Fold a line between words, with a hanging indent; styles take no columns, and width 0 means no fold."""
    start = len(shown) - len(shown.lstrip(" "))
    lines: list[str] = []
    for word in shown.split():
        longer = f"{lines[-1]} {word}" if lines else f"{' ' * start}{word}"
        if lines and 0 < width < columns(STYLED.sub("", longer)):
            lines.append(f"{' ' * (start + 2)}{word}")
        else:
            lines[-1:] = [longer]
    return "\n".join(lines)


def github(found: Sequence[Finding]) -> str:
    """Return findings as workflow commands, which GitHub shows beside the lines of a pull request.

    Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    return "\n".join(map(_command, group_by_cause(found)))


def _command(finding: Finding) -> str:
    kind = "error" if finding.severity == "error" else "notice"
    properties = {
        "file": escape_line(finding.file),
        "line": str(finding.line or ""),
        "title": escape_line(f"penstock {finding.code}"),
    }
    attributes = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    return f"::{kind} {attributes}::{_data(sentence(finding))}"


def sentence(finding: Finding) -> str:
    """Return the problem, the observation and the cure on one line."""
    return escape_line(" ".join(filter(None, (finding.message, finding.seen, finding.cure))))


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")


def gitlab(found: Sequence[Finding]) -> str:
    """Return findings as a Code Quality report, which GitLab shows in a merge request.

    Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
    """
    return _encode([_degradation(finding) for finding in found])


def _encode(content: object) -> str:
    """Return JSON text that every encoding has a form for: halves of surrogate pairs are escapes."""
    return encode_json(content, 2, sort_keys=False)


def _degradation(finding: Finding) -> dict[str, Any]:
    return {
        "description": sentence(finding),
        "check_name": f"penstock {finding.code}",
        "fingerprint": hashlib.sha256(finding.key.encode(errors="replace")).hexdigest(),
        "severity": "major" if finding.severity == "error" else "info",
        "location": {"path": finding.file or "pyproject.toml", "lines": {"begin": finding.line or 1}},
    }


def as_json(found: Sequence[Finding]) -> str:
    """Return findings as JSON."""
    return _encode({"version": 1, "findings": [asdict(finding) for finding in found]})


def sarif(found: Sequence[Finding]) -> str:
    """Return findings as SARIF 2.1.0, for code scanning."""
    rules = [_rule(code) for code in sorted({finding.code for finding in found})]
    driver = {"name": "penstock", "version": __version__, "rules": rules}
    run = {"tool": {"driver": driver}, "results": [_result(finding) for finding in found]}
    return _encode({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(code: str) -> dict[str, Any]:
    kind = FINDING_KINDS.get(code)
    rule: dict[str, Any] = {
        "id": code,
        "shortDescription": {"text": kind.summary if kind else "A declaration has a problem."},
        "help": {"text": f"penstock explain {code}"},
    }
    if address := find_docs_address(f"reference/findings/{code}" if kind else "reference/problems"):
        rule["helpUri"] = address
    return rule


def _result(finding: Finding) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": finding.severity,
        "message": {"text": sentence(finding)},
        "partialFingerprints": {"penstock/v1": finding.key},
    }
    if finding.file:
        result["locations"] = [_location(finding.file, finding.line)]
    if finding.related:
        result["relatedLocations"] = [
            {**_location(place.file, place.line), "message": {"text": place.text}} for place in finding.related
        ]
    return result


def _location(file: str, line: int) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": quote_file(file)}}
    if line:
        place["region"] = {"startLine": line}
    return {"physicalLocation": place}


FORMATS: Mapping[str, Callable[[Sequence[Finding]], str]] = {
    "text": text,
    "github": github,
    "gitlab": gitlab,
    "sarif": sarif,
    "json": as_json,
}
