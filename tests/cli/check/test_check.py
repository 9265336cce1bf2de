"""``penstock check`` on a project whose tests really ran."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from checked_app import APPLICATION, BYPASSED, IGNORED, IGNORES, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_right_flow_exits_with_0(project: Callable[..., Path]) -> None:
    """A flow that agrees with its code and its runs exits with 0, and says what it rests on."""
    done = run(project(), "penstock", "check")
    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.startswith("orders  3 of 3 arrows confirmed by 1 run")
    assert done.stdout.endswith("0 findings, 0 notes\n")


def test_a_finding_says_where_and_what_to_write(project: Callable[..., Path]) -> None:
    """A step that runs elsewhere than declared is a finding with both places, what was seen, and the cure."""
    done = run(project(BYPASSED), "penstock", "check")
    assert 1 == done.returncode
    assert "app.py:21: undeclared [orders] charge runs after place, and no arrow says so." in done.stdout
    assert "app.py:7: place is here" in done.stdout
    assert 'Write: after="place"' in done.stdout


def test_without_evidence_nothing_is_accused(project: Callable[..., Path]) -> None:
    """Before anything was recorded, no arrow is called wrong."""
    done = run(project(BYPASSED, record=False), "penstock", "check")
    assert 0 == done.returncode, done.stdout


def test_missing_evidence_that_settings_name(project: Callable[..., Path]) -> None:
    """Where the settings name a file that is not there, perhaps misspelt, the check says so; a fresh clone has none, so it passes."""
    folder = project(settings='evidence = "recordet.json"\n', record=False)
    done = run(folder, "penstock", "check")
    said = (
        f"note: no evidence is used, because {folder}/recordet.json, which the setting `evidence` names, cannot be read"
    )
    assert (0, [f"{said} (No such file or directory)."]) == (done.returncode, done.stderr.splitlines())


WITH_A_LINK = APPLICATION.replace("    return ship(paid)\n", "    return ship(paid) if order > 1 else paid\n")


@pytest.mark.parametrize("record", [True, False])
def test_what_is_kept_decides_nothing(project: Callable[..., Path], *, record: bool) -> None:
    """`show` and `export` say the same before a check, after it, and without what is kept; where there is evidence, as the check."""
    folder = project(WITH_A_LINK, record=False)
    if record:
        run(folder, "pytest", "-q", "--penstock", "-p", "no:cacheprovider")
    said = []
    for _ in range(2):
        shutil.rmtree(folder / ".penstock" / "cache", ignore_errors=True)
        said += [(run(folder, "penstock", "show", "orders").stdout, run(folder, "penstock", "export").stdout)]
        check = run(folder, "penstock", "check").stdout
        said += [(run(folder, "penstock", "show", "orders").stdout, run(folder, "penstock", "export").stdout)]
    shown, exported = said[0]
    assert [(shown, exported)] * 4 == said
    evidence = json.loads(exported)["flows"][0]["evidence"]
    runs = evidence and f"arrows confirmed by {evidence['runs']} run"
    assert (record, record) == (bool(runs and runs in check), "arrows confirmed" in shown)


def test_a_renamed_step_stops_no_commit(project: Callable[..., Path]) -> None:
    """Evidence that is older than the code may know steps by other names; fresh evidence that does is an error."""
    folder = project()
    renamed = APPLICATION.replace("charge", "collect_money").replace("ship(", "send(")
    (folder / "app.py").write_text(renamed.replace('"ship"', '"send"'))
    later = (folder / ".penstock" / "evidence.json").stat().st_mtime + 1
    os.utime(folder / "app.py", (later, later))
    done = run(folder, "penstock", "check")
    said = "app.py:7: unknown-step [orders] {} ran in the flow orders, which declares no such step."
    assert (0, True, True) == (
        done.returncode,
        said.format("charge") in done.stdout,
        said.format("ship") in done.stdout,
    ), done.stdout
    os.utime(folder / ".penstock" / "evidence.json", (later + 1, later + 1))
    assert 1 == run(folder, "penstock", "check", "--no-notes").returncode


def test_a_repository_without_commits(project: Callable[..., Path]) -> None:
    """Where nothing is committed yet, there is no commit to name, only the date."""
    folder = project(record=False)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    run(folder, "pytest", "-q", "--penstock", "-p", "no:cacheprovider")
    assert [""] == list(json.loads((folder / ".penstock" / "evidence.json").read_text())["commits"])
    assert "confirmed by 1 run on 2" in run(folder, "penstock", "check").stdout


def test_only_some_flows(project: Callable[..., Path]) -> None:
    """Flows can be named; a wrong name is an error with the near one."""
    assert 1 == run(project(BYPASSED), "penstock", "check", "orders").returncode
    done = run(project(BYPASSED), "penstock", "check", "ordres")
    assert 2 == done.returncode
    assert "Did you mean 'orders'?" in done.stderr


def test_the_summary_is_of_the_flows_that_were_named(project: Callable[..., Path]) -> None:
    """What was not asked for is not summed up either."""
    other = 'returns = flow("returns")\n\n\n@returns.entrypoint\ndef lonely(): ...\n'
    folder = project(f"{APPLICATION}\n\n{other}")
    done = run(folder, "penstock", "check", "orders")
    assert ["orders", "0"] == [line.split()[0] for line in done.stdout.splitlines()]
    assert 3 == len(run(folder, "penstock", "check").stdout.splitlines())


def test_a_reader_that_leaves_changes_no_exit_code(project: Callable[..., Path]) -> None:
    """`penstock check | true` fails where the check does, or a job would pass for the length of its report."""
    folder = project(BYPASSED)
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "penstock", "check"]
    done = subprocess.run(command, cwd=folder, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (1, "") == (done.returncode, done.stderr)


def test_github_annotations(project: Callable[..., Path]) -> None:
    """``--format github`` writes one workflow command a finding."""
    done = run(project(BYPASSED), "penstock", "check", "--format", "github")
    lines = done.stdout.splitlines()
    assert 1 == done.returncode
    assert lines[0].startswith("::")
    assert any(line.startswith("::error file=app.py,line=21,title=penstock undeclared::charge runs") for line in lines)


def test_sarif_has_the_place_of_each_finding(project: Callable[..., Path]) -> None:
    """``--format sarif`` is SARIF 2.1.0 with the place of each finding."""
    done = run(project(BYPASSED), "penstock", "check", "--format", "sarif")
    report = json.loads(done.stdout)
    assert "2.1.0" == report["version"]
    found = {result["ruleId"]: result for result in report["runs"][0]["results"]}
    place = found["undeclared"]["locations"][0]["physicalLocation"]
    assert ("app.py", 21) == (place["artifactLocation"]["uri"], place["region"]["startLine"])
    assert set(found) == {rule["id"] for rule in report["runs"][0]["tool"]["driver"]["rules"]}


def test_gitlab_gets_lasting_fingerprints(project: Callable[..., Path]) -> None:
    """``--format gitlab`` is a Code Quality report with the place and a lasting fingerprint of each finding."""
    report = json.loads(run(project(BYPASSED), "penstock", "check", "--format", "gitlab").stdout)
    found = {each["check_name"]: each for each in report}
    assert {"path": "app.py", "lines": {"begin": 21}} == found["penstock undeclared"]["location"]
    assert "major" == found["penstock undeclared"]["severity"]
    assert len(report) == len({each["fingerprint"] for each in report})


def test_hosts_are_told_files_as_the_repository_has_them(project: Callable[..., Path]) -> None:
    """Where the project is a folder of a repository, reports for its host name files from the repository's root."""
    root = project(BYPASSED)
    shutil.copytree(root, root / "service")
    (root / ".git").mkdir()
    done = run(root, "penstock", "check", "-C", "service", "--format", "github")
    assert "::error file=service/app.py,line=21,title=" in done.stdout, done.stdout + done.stderr


def test_json_in_a_file(project: Callable[..., Path]) -> None:
    """``--format json -o`` writes every fact of each finding to a file."""
    folder = project(BYPASSED)
    run(folder, "penstock", "check", "--format", "json", "-o", "out.json")
    found = json.loads((folder / "out.json").read_text())["findings"]
    assert ["place"] in [finding["after"] for finding in found]


def test_one_mistake_is_one_entry(project: Callable[..., Path]) -> None:
    """What ran and what was declared in its place is one finding for people, and one each for programs."""
    folder = project(BYPASSED)
    done = run(folder, "penstock", "check")
    assert 1 == done.stdout.count("app.py:21: ")
    assert "The declared arrow from check is never-seen.\n    app.py:15: check is here\n" in done.stdout
    assert done.stdout.endswith("1 finding, 1 note\n")
    assert 1 == run(folder, "penstock", "check", "--format", "github").stdout.count("::error ")
    found = json.loads(run(folder, "penstock", "check", "--format", "json").stdout)["findings"]
    assert ["never-seen", "undeclared"] == sorted(each["code"] for each in found if each["severity"] == "error")


@pytest.mark.parametrize(("part", "left"), [("place -> charge", "never-seen"), ("check -> charge", "undeclared")])
def test_half_a_mistake_is_reported_alone(project: Callable[..., Path], part: str, left: str) -> None:
    """Where one half of a mistake is ignored, the other half is a finding of its own, and the summary tells of both."""
    done = run(project(BYPASSED, IGNORES.format(entries=IGNORED.format(edge=part))), "penstock", "check")
    assert 1 == done.returncode
    assert f": {left} [orders]" in done.stdout
    assert "The declared arrow" not in done.stdout
    assert done.stdout.endswith("1 finding, 1 note; accepted: 1 by ignores\n")


def test_evidence_that_cannot_be_looked_at(project: Callable[..., Path]) -> None:
    """Evidence that is there but out of reach is an error: without it the check would pass."""
    folder = project(BYPASSED)
    file = folder / ".penstock" / "evidence.json"
    file.unlink()
    file.symlink_to(file)
    done = run(folder, "penstock", "check")
    assert (2, 1) == (done.returncode, len(done.stderr.splitlines())), done.stderr
    assert "evidence.json: cannot read the evidence: " in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["check", "--evidence", "{}"],
        ["check", "-C", "{}"],
        ["evidence", "merge", "{}", "-o", "out.json"],
        ["evidence", "from-otlp", "{}", "-o", "out.json"],
        ["diff", "{}"],
    ],
)
@pytest.mark.parametrize("name", ["gone.json", "x" * 300, "app.py/inside"])
def test_names_of_no_file(project: Callable[..., Path], command: list[str], name: str) -> None:
    """A file that is not there, or has a name that no file can have, is one line and exit code 2."""
    done = run(project(record=False), "penstock", *(word.format(name) for word in command))
    assert (2, 1) == (done.returncode, len(done.stderr.splitlines())), done.stderr
    assert name in done.stderr


def test_no_name_is_a_command_to_the_terminal(project: Callable[..., Path]) -> None:
    """Escape codes in the name of a flow, or of a commit in the evidence, are shown and not sent."""
    folder = project(APPLICATION.replace('flow("orders")', 'flow("orders\\x1b[2J")'), record=False)
    steps = '"steps": [["orders\\u001b[2J", "place", ""], ["orders\\u001b[2J", "check", ""]], "orphans": []'
    facts = '"facts": [["orders\\u001b[2J", 1, 0, [], [], [], 1]]'
    runs = '"runs": [["orders\\u001b[2J", 0, 1]], "commits": {"\\u001b]0;x\\u0007": "2026-01-01"}'
    (folder / "odd.json").write_text(f'{{"format": "penstock-evidence", "version": "1.0", {steps}, {facts}, {runs}}}')
    done = run(folder, "penstock", "check", "--evidence", "odd.json")
    assert "by 1 run" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("command", "begins"),
    [
        (["check", "-o", "-"], "orders  "),
        (["check", "-f", "json", "-o", "-"], "{"),
        (["diff", "flows.json", "flows.json", "-o", "-"], "No flow is different."),
        (["evidence", "merge", ".penstock/evidence.json", "-o", "-"], '{\n"format": "penstock-evidence"'),
    ],
)
def test_a_dash_is_standard_output(project: Callable[..., Path], command: list[str], begins: str) -> None:
    """``-o -`` writes no file of that name, whatever the command."""
    folder = project()
    run(folder, "penstock", "export", "-o", "flows.json")
    done = run(folder, "penstock", *command)
    assert (0, True, False) == (done.returncode, done.stdout.startswith(begins), (folder / "-").exists()), done.stderr


@pytest.mark.parametrize("kind", ["github", "gitlab", "json", "sarif", "text"])
def test_names_that_no_file_can_hold(project: Callable[..., Path], kind: str) -> None:
    """Evidence may name what UTF-8 has no bytes for; each report then has a question mark, on paper and on screen."""
    folder = project(record=False)
    empty = '"commits": {}, "facts": [], "orphans": [], "runs": [["orders", 0, 1]]'
    steps = '"steps": [["orders", "\\ud800", ""]]'
    (folder / "odd.json").write_text(f'{{"format": "penstock-evidence", "version": "1.0", {steps}, {empty}}}')
    done = run(folder, "penstock", "check", "--evidence", "odd.json", "--format", kind)
    assert (1, "") == (done.returncode, done.stderr)
    run(folder, "penstock", "check", "--evidence", "odd.json", "--format", kind, "-o", "report")
    assert "ran in the flow orders" in (folder / "report").read_text(encoding="utf-8")


def test_damaged_evidence(project: Callable[..., Path]) -> None:
    """Evidence that cannot be read is one line that names the file, and exit code 2."""
    folder = project(record=False)
    (folder / "evidence.json").write_text("{")
    done = run(folder, "penstock", "check", "--evidence", "evidence.json")
    assert 2 == done.returncode
    assert "evidence.json: this is not JSON" in done.stderr


def test_code_that_is_not_read_in_time(project: Callable[..., Path]) -> None:
    """What takes too long to read is a finding that names the setting, and accuses no arrow, whatever ran."""
    done = run(project(BYPASSED, settings="reading_timeout = 1e-9\n"), "penstock", "check")
    expected = "app.py:7: unread the code of 1 of 1 flows (orders) was not read: it takes longer than 1e-09 s."
    assert 1 == done.returncode
    assert [True, 1] == [expected in " ".join(done.stdout.split()), done.stdout.count("app.py")]
    assert ["orders  its code was not read", "1 finding, 0 notes"] == done.stdout.splitlines()[-2:]


@pytest.mark.parametrize("command", [["list"], ["show", "orders"], ["export"]], ids=" ".join)
def test_other_commands_show_what_is_not_read_in_time(project: Callable[..., Path], command: list[str]) -> None:
    """A flow whose code is not read in time is there all the same, without proof, and the problem is told."""
    done = run(project(settings="reading_timeout = 1e-9\n"), "penstock", *command)
    assert 1 == done.returncode
    assert "place" in done.stdout or "4 steps" in done.stdout
    assert "confirmed" not in done.stdout
    assert "increase `reading_timeout`" in done.stderr
