"""What ``penstock diff`` says of two manifests, and of two revisions of a real git repository."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from penstock import manifest
from penstock.check.diff.compare import Changes, EdgeChange, Field, StepChange, compare
from penstock.check.diff.mermaid import MARKER, diagram, markdown, mermaid
from penstock.check.diff.text import as_json, text
from penstock.cli import main
from penstock.manifest import Manifest
from penstock.model import Edge, Flow, Step
from terminal import terminal_signals

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = Step(name="receive", entrypoint=True, trigger="kafka:orders", file="shop.py", line=3, source_hash="0a")
PAY = Step(name="pay", docstring="Take the money.", signature="(order)", file="shop.py", line=9, source_hash="0b")
SHIP = Step(name="ship", docstring="Send it.", effects=("mail",), file="shop.py", line=14, source_hash="0c")
STEPS = (ENTRY, PAY, SHIP)
EDGES = (Edge(source="receive", target="pay"), Edge(source="pay", target="ship", label="if paid"))
ORDERS = Flow(name="orders", title="Orders", steps=STEPS, edges=EDGES)


def changes(old: Flow | None, new: Flow | None) -> Changes:
    """Return what is different between two flows, either of which may be missing."""
    return compare(Manifest(flows=(old,) if old else ()), Manifest(flows=(new,) if new else ()))


def with_step(**fields: object) -> Flow:
    """Return the flow with its second step changed."""
    return replace(ORDERS, steps=(ENTRY, replace(PAY, **fields), SHIP))


def with_edge(**fields: object) -> Flow:
    """Return the flow with its second arrow changed."""
    return replace(ORDERS, edges=(EDGES[0], replace(EDGES[1], **fields)))


def test_equal_flows_are_no_change() -> None:
    """Nothing is different between a manifest and itself."""
    assert (Changes(), False) == (changes(ORDERS, ORDERS), bool(changes(ORDERS, ORDERS)))


@pytest.mark.parametrize(("old", "new", "change"), [(None, ORDERS, "added"), (ORDERS, None, "removed")])
def test_a_flow_comes_and_goes_with_all_that_is_in_it(old: Flow | None, new: Flow | None, change: str) -> None:
    """A new flow, and one that is gone, is told with its steps and arrows."""
    (found,) = changes(old, new).flows
    assert (change, ORDERS) == (found.change, found.flow)
    assert [(change, step) for step in STEPS] == [(each.change, each.step) for each in found.steps]
    assert [(change, edge) for edge in EDGES] == [(each.change, each.edge) for each in found.edges]


def test_flows_of_two_services_are_two_flows() -> None:
    """A flow is the same where its service is, too."""
    found = changes(replace(ORDERS, service="shop"), replace(ORDERS, service="mill")).flows
    assert [("mill/orders", "added"), ("shop/orders", "removed")] == [(f.flow.full_name, f.change) for f in found]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"title": "All orders"}, Field(name="title", old="Orders", new="All orders")),
        ({"description": "What is sold."}, Field(name="description", old="", new="What is sold.")),
        ({"tags": ("sales", "eu")}, Field(name="tags", old="", new="sales, eu")),
    ],
)
def test_a_flow_says_otherwise(fields: dict[str, object], expected: Field) -> None:
    """Title, description and tags of a flow count."""
    assert [(expected,)] == [flow.fields for flow in changes(ORDERS, replace(ORDERS, **fields)).flows]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"docstring": "Charge."}, Field(name="docstring", old="Take the money.", new="Charge.")),
        ({"signature": "(order, card)"}, Field(name="signature", old="(order)", new="(order, card)")),
        ({"trigger": "POST /pay"}, Field(name="trigger", old="", new="POST /pay")),
        ({"effects": ("bank", "mail")}, Field(name="effects", old="", new="bank, mail")),
        ({"source_hash": "ff"}, Field(name="source", old="0b", new="ff")),
        ({"file": "shop/pay.py"}, Field(name="file", old="shop.py", new="shop/pay.py")),
        ({"kind": "coroutine"}, Field(name="kind", old="function", new="coroutine")),
        ({"entrypoint": True}, Field(name="entrypoint", old="no", new="yes")),
    ],
)
def test_a_step_changes(fields: dict[str, object], expected: Field) -> None:
    """Docstring, signature, trigger, effects, code, file, kind and being an entrypoint count."""
    (found,) = changes(ORDERS, with_step(**fields)).flows
    assert (StepChange(change="changed", step=replace(PAY, **fields), fields=(expected,)),) == found.steps


@pytest.mark.parametrize("fields", [{"line": 90, "end_line": 99}, {"source_hash": ""}, {"qualname": "Shop.pay"}])
def test_what_moves_by_itself_does_not_count(fields: dict[str, object]) -> None:
    """Lines move with every edit, and a source that nobody could read is no other source."""
    assert not changes(ORDERS, with_step(**fields))


def test_steps_come_and_go() -> None:
    """A step that is new, and one that is gone, is told as it is or was."""
    new = Step(name="refund", file="shop.py", line=20)
    (found,) = changes(ORDERS, replace(ORDERS, steps=(ENTRY, PAY, new), edges=EDGES[:1])).flows
    assert (StepChange(change="added", step=new), StepChange(change="removed", step=SHIP)) == found.steps


RENAMED = (EDGES[0].__class__(source="receive", target="charge"), replace(EDGES[1], source="charge"))


@pytest.mark.parametrize(
    ("new", "fields"),
    [
        (replace(PAY, name="charge", docstring="Charge."), ["docstring"]),
        (replace(PAY, name="charge", source_hash="ff"), ["source"]),
        (replace(PAY, name="charge"), []),
    ],
    ids=["same source", "same description", "same all"],
)
def test_a_step_with_another_name_is_recognised(new: Step, fields: list[str]) -> None:
    """With the same source, or docstring and signature, it is one step with a new name, and its arrows are the same."""
    (found,) = changes(ORDERS, replace(ORDERS, steps=(ENTRY, new, SHIP), edges=RENAMED)).flows
    (step,) = found.steps
    assert ("changed", "pay", fields, ()) == (step.change, step.was, [f.name for f in step.fields], found.edges)


@pytest.mark.parametrize(
    "new",
    [
        (replace(PAY, name="charge", docstring="Charge.", source_hash="ff"),),
        (replace(PAY, name="charge"), replace(PAY, name="bill")),
    ],
    ids=["nothing in common", "two that could be it"],
)
def test_no_name_is_guessed_without_need(new: tuple[Step, ...]) -> None:
    """What has nothing in common, or could be either of two, is gone and new."""
    (found,) = changes(ORDERS, replace(ORDERS, steps=(ENTRY, *new, SHIP), edges=())).flows
    assert ["added"] * len(new) + ["removed"] == [each.change for each in found.steps]


def test_arrows_come_and_go() -> None:
    """An arrow between other steps is a new one, and the old one is gone."""
    new = Edge(source="receive", target="ship")
    (found,) = changes(ORDERS, replace(ORDERS, edges=(EDGES[0], new))).flows
    assert (EdgeChange(change="added", edge=new), EdgeChange(change="removed", edge=EDGES[1])) == found.edges


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {"label": "paid"}, Field(name="label", old="if paid", new="paid")),
        ({"state": "confirmed"}, {"state": "never-seen"}, Field(name="state", old="confirmed", new="never-seen")),
        ({}, {"origin": "seen"}, Field(name="origin", old="declared", new="seen")),
    ],
)
def test_an_arrow_changes(old: dict[str, str], new: dict[str, str], expected: Field) -> None:
    """An arrow's label, what the witnesses say of it, and whether it is declared at all count."""
    (found,) = changes(with_edge(**old), with_edge(**new)).flows
    assert (EdgeChange(change="changed", edge=replace(EDGES[1], **new), fields=(expected,)),) == found.edges


def test_a_state_that_nobody_knows_is_no_other_state() -> None:
    """Where one side was never held against the witnesses, states are not compared."""
    assert not changes(with_edge(state="confirmed"), ORDERS)


def test_what_only_ran_is_no_news_beside_a_side_that_was_not_judged() -> None:
    """A revision has no evidence with it, so an arrow that only ran is not new in the working tree."""
    seen = Edge(source="receive", target="ship", origin="seen", state="undeclared")
    judged = replace(ORDERS, edges=(*EDGES, seen), provenance="0 of 2 arrows confirmed by 1 run; 1 not declared")
    assert not changes(ORDERS, judged)
    assert not changes(judged, ORDERS)
    assert changes(replace(judged, edges=EDGES), judged)


def test_arrows_between_the_same_steps_are_told_apart_by_label() -> None:
    """Of two arrows between the same steps, the one whose label is gone is gone."""
    two = replace(ORDERS, edges=(*EDGES, replace(EDGES[1], label="if free")))
    (found,) = changes(two, replace(ORDERS, edges=(EDGES[0], two.edges[2]))).flows
    assert (EdgeChange(change="removed", edge=EDGES[1]),) == found.edges


NEW = Step(name="check", file="shop.py", line=30)
LATER = replace(
    ORDERS,
    title="All orders",
    steps=(ENTRY, NEW, replace(PAY, docstring="Charge.", effects=("bank",))),
    edges=(Edge(source="receive", target="check"), Edge(source="check", target="pay", label="if good")),
)

TEXT = """\
orders changed
  ~ flow   title Orders → All orders
  + step   check  shop.py:30
  ~ step   pay: effects none → bank, docstring  shop.py:9
  - step   ship  shop.py:14
  + arrow  receive → check
  + arrow  check → pay (if good)
  - arrow  receive → pay
  - arrow  pay → ship (if paid)

Flows: 1 changed."""


def test_people_read_what_changed_and_where() -> None:
    """The text has a line for each change, with a sign, the words and where it is."""
    assert TEXT == text(changes(ORDERS, LATER))


def test_long_lines_are_folded_beside_their_sign() -> None:
    """In a terminal, words go on below words, and lines that fit stay as they are."""
    folded = "  ~ step   pay: effects none → bank,\n             docstring shop.py:9"
    expected = TEXT.replace("  ~ step   pay: effects none → bank, docstring  shop.py:9", folded)
    assert expected == text(changes(ORDERS, LATER), width=40)


def test_signs_are_coloured() -> None:
    """What is new is green, what is gone red, what changed yellow."""
    lines = text(changes(ORDERS, LATER), lambda shown, code: f"<{code}>{shown}</>").splitlines()
    assert "  <32>+ step </>  check  <2>shop.py:30</>" == lines[2]
    assert "  <33>~ step </>  pay: effects none → bank, docstring  <2>shop.py:9</>" == lines[3]
    assert "  <31>- step </>  ship  <2>shop.py:14</>" == lines[4]


def test_the_text_says_when_nothing_is_different() -> None:
    """Nobody has to wonder about silence."""
    assert "No flow is different." == text(Changes())


def test_names_cannot_write_in_a_terminal() -> None:
    """Control characters of a name do not reach the terminal."""
    assert "\x1b" not in text(changes(None, Flow(name="a\x1b[31m", steps=(Step(name="\x1b]0;x\x07"),))))


def test_programs_read_json() -> None:
    """The JSON has every change with old and new values, and what was compared."""
    content = json.loads(as_json(replace(changes(ORDERS, LATER), old="main", new="HEAD")))
    assert ("penstock-diff", "1.0", "main", "HEAD") == tuple(
        content[key] for key in ("format", "version", "old", "new")
    )
    (flow,) = content["flows"]
    assert [{"name": "title", "old": "Orders", "new": "All orders"}] == flow["fields"]
    assert {"name": "docstring", "old": "Take the money.", "new": "Charge."} == flow["steps"][1]["fields"][1]
    assert [("added", "check"), ("changed", "pay"), ("removed", "ship")] == [
        (s["change"], s["name"]) for s in flow["steps"]
    ]
    assert {
        "source": "check", "target": "pay", "label": "if good", "state": "", "change": "added", "fields": [],
    } == flow["edges"][1]  # fmt: skip


DIAGRAM = """\
graph TD
    receive(["receive"])
    check["#43; check"]:::added
    pay["#126; pay
effects, docstring"]:::changed
    ship["#45; ship"]:::removed
    receive ==> check
    check ==>|"if good"| pay
    receive -.-> pay
    pay -.->|"if paid"| ship
"""


def test_the_picture_has_old_and_new() -> None:
    """Added is green and thick, removed red and dashed, changed amber; each with a sign, so not by colour alone."""
    drawn = diagram(changes(ORDERS, LATER).flows[0])
    assert drawn.startswith(DIAGRAM)
    assert re.findall(r"classDef (\w+)", drawn) == ["added", "removed", "changed"]
    assert ["0,1 stroke:#1a7f37", "2,3 stroke:#cf222e"] == re.findall(r"linkStyle ([^,]+,\S+ stroke:#\w+)", drawn)
    assert re.search(r"classDef removed .*stroke-dasharray", drawn)


def test_the_picture_says_what_an_arrow_was() -> None:
    """An arrow that changed has old and new label, or state, on it."""
    found = changes(with_edge(state="confirmed"), with_edge(state="never-seen", label="paid"))
    assert 'pay -->|"label if paid → paid, state confirmed → never-seen"| ship' in diagram(found.flows[0])


def test_each_flow_has_a_picture() -> None:
    """There is one diagram for each flow that is different, below a comment with its name."""
    found = compare(Manifest(flows=(ORDERS,)), Manifest(flows=(LATER, replace(ORDERS, name="new"))))
    assert ["new added", "orders changed"] == re.findall(r"^%% (.*)\ngraph TD$", mermaid(found), re.MULTILINE)


def test_a_picture_that_is_too_large_shows_what_changed() -> None:
    """Of a flow that Mermaid would refuse, only what changed and what touches it is drawn."""
    steps = tuple(Step(name=f"s{number}") for number in range(700))
    edges = tuple(Edge(source=f"s{number}", target=f"s{number + 1}") for number in range(699))
    old = Flow(name="long", steps=steps, edges=edges)
    new = replace(old, steps=(*steps[:350], replace(steps[350], trigger="x"), *steps[351:]))
    (found,) = changes(old, new).flows
    assert ["s349", "s350", "s351"] == re.findall(r"^ +(s\d+)\[", diagram(found), re.MULTILINE)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2, section 1.4.3)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_colours_are_read_on_white_and_on_black() -> None:
    """Texts have a contrast of 4.5 to their box, and lines of 3 to GitHub's light and dark pages."""
    drawn = diagram(changes(ORDERS, with_step(trigger="x")).flows[0]) + diagram(changes(ORDERS, LATER).flows[0])
    boxes = re.findall(r"fill:(#\w+),stroke:(#\w+),color:(#\w+)", drawn)
    lines = {*re.findall(r"stroke:(#\w+)", drawn)}
    assert 6 == len(boxes)
    assert all(contrast(fill, colour) >= 4.5 for fill, _, colour in boxes)
    assert all(contrast(line, page) >= 3 for line in lines for page in ("#ffffff", "#0d1117"))


COMMENT = """\
<!-- penstock-diff -->
### Flows: 1 changed

| Flow | | Steps | Arrows |
| --- | --- | --- | --- |
| <code>orders</code> | changed | 1 added, 1 removed, 1 changed | 2 added, 2 removed |

<code>main</code> → <code>HEAD</code>

#### <code>orders</code>

```mermaid
"""


def test_a_comment_has_table_picture_and_words() -> None:
    """The Markdown for a pull request begins with a hidden marker, and has a table, a picture and each change."""
    comment = markdown(replace(changes(ORDERS, LATER), old="main", new="HEAD"))
    assert comment.startswith(COMMENT + DIAGRAM)
    assert comment.endswith(
        "```\n\n- <code>title Orders → All orders</code>\n- <code>step added&#58; check</code>\n"
        "- <code>step changed&#58; pay&#58; effects none → bank, docstring</code>\n- <code>step removed&#58; ship</code>\n"
        "- <code>arrow added&#58; receive → check</code>\n- <code>arrow added&#58; check → pay (if good)</code>\n"
        "- <code>arrow removed&#58; receive → pay</code>\n- <code>arrow removed&#58; pay → ship (if paid)</code>\n"
    )


def test_a_comment_says_when_nothing_is_different() -> None:
    """An earlier comment can be replaced when the changes are gone."""
    assert (MARKER, "### No flow is different") == tuple(markdown(Changes()).splitlines()[:2])


def test_names_are_no_markup_in_a_comment() -> None:
    """No name breaks the table, mentions anybody, links anything, or ends the picture."""
    hostile = "a|b @team <b> ```\n``` #1 [x](y) **z**"
    comment = markdown(changes(None, Flow(name=hostile, steps=(Step(name=hostile),))))
    outside = re.sub(
        r"<!-- penstock-diff -->|</?code>|&#\d+;|```mermaid.*?^```$", "", comment, flags=re.DOTALL | re.MULTILINE
    )
    assert not {*"<>@`[*"} & {*outside}
    assert 2 == comment.count("```")
    assert [5] * 3 == [line.count("|") for line in comment.splitlines() if line.startswith("|")]


def test_a_comment_never_becomes_too_long() -> None:
    """What GitHub would not take loses its pictures first, then the rest, and says so."""
    steps = tuple(Step(name=f"step number {number} of a flow with long names") for number in range(300))
    flows = tuple(Flow(name=f"flow {number}", steps=steps) for number in range(12))
    comment = markdown(compare(Manifest(), Manifest(flows=flows)))
    assert (True, True) == (40_000 < len(comment) < 65_000, "`penstock diff` shows all of it" in comment)
    assert 1 <= comment.count("```mermaid") < comment.count("#### ") < 12
    assert "\n- … and 250 more\n" in comment


def test_a_picture_that_mermaid_would_refuse_is_left_out() -> None:
    """Where even what changed is too much to draw, the comment has the words alone."""
    steps = tuple(Step(name=f"s{number}") for number in range(602))
    edges = tuple(Edge(source=f"s{number}", target=f"s{number + 1}") for number in range(601))
    comment = markdown(changes(None, Flow(name="long", steps=steps, edges=edges)))
    assert (False, True) == ("```" in comment, "- <code>step added&#58; s0</code>\n" in comment)


SHOP = """
from penstock import flow

orders = flow("orders")


@orders.entrypoint
def receive(): ...


@orders.step(after=receive)
def pay(): ...
"""


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder."""
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    command = ["git", *who, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two commits: a flow of two steps, then one of three; temporary files go beside it."""
    if shutil.which("git") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("git is missing; install it")
    folder = tmp_path / "project"
    folder.mkdir()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(folder)
    git(folder, "init", "--quiet")
    (folder / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["shop"]\npath = ["."]\n')
    commit(folder, SHOP, "first")
    git(folder, "tag", "v1")
    commit(folder, f"{SHOP}\n@orders.step(after=pay)\ndef ship(): ...\n", "second")
    return folder


def commit(folder: Path, shop: str, message: str) -> None:
    """Commit a state of the application."""
    (folder / "shop.py").write_text(shop)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", message)


def nothing_left(project: Path) -> bool:
    """Tell whether no worktree and no temporary folder is left."""
    listed = git(project, "worktree", "list", "--porcelain")
    return 1 == listed.count("worktree ") and not [*(project.parent / "temporary").iterdir()]


SHIPPED = """\
orders changed
  + step   ship  shop.py:14
  + arrow  pay → ship

Flows: 1 changed.
"""


@pytest.mark.parametrize("revisions", [["v1"], ["HEAD~1"], ["v1", "main"], ["v1", "HEAD"]])
def test_revisions_are_compared(project: Path, revisions: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Each revision is collected from a checkout of its own, the new one is the working tree if none is named."""
    assert 1 == main.main(["diff", *revisions])
    assert ((SHIPPED, ""), True) == (capsys.readouterr(), nothing_left(project))


def test_the_working_tree_counts_as_it_is(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is not committed yet is what gets compared, and it stays as it is."""
    (project / "shop.py").write_text(SHOP)
    assert 0 == main.main(["diff", "v1"])
    assert ("No flow is different.\n", "") == capsys.readouterr()
    assert (SHOP, " M shop.py\n") == ((project / "shop.py").read_text(), git(project, "status", "--short"))


def test_two_manifests_need_neither_git_nor_project(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files of manifests are compared anywhere, without a configuration."""
    elsewhere = project.parent
    manifest.save(Manifest(flows=(ORDERS,)), elsewhere / "old.json")
    manifest.save(Manifest(flows=(LATER,)), elsewhere / "new.json")
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("PATH", "")
    assert 1 == main.main(["diff", "old.json", "new.json"])
    assert TEXT + "\n" == capsys.readouterr().out


def test_a_file_wins_over_a_revision_of_its_name(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a file and a branch have one name, the file is meant."""
    manifest.save(Manifest(), project / "main")
    assert 1 == main.main(["diff", "main"])
    assert capsys.readouterr().out.startswith("orders added\n")


def test_a_revision_has_its_own_configuration(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The modules that the revision's pyproject.toml names are imported, not those of today."""
    git(project, "mv", "shop.py", "store.py")
    (project / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["store"]\npath = ["."]\nservice = ""\n')
    assert 1 == main.main(["diff", "HEAD"])
    assert "~ step   ship: file shop.py → store.py  store.py:14\n" in capsys.readouterr().out


def test_a_revision_is_imported_with_the_interpreter_of_today(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An interpreter that the revision names and that is not in git does not matter."""
    (project / "pyproject.toml").write_text(
        '[tool.penstock]\nmodules = ["shop"]\npath = ["."]\npython = ".venv/bin/python"\n'
    )
    (project / ".gitignore").write_text(".venv\n.penstock\n")
    commit(project, SHOP, "third")
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (project / ".venv" / "bin" / "python").chmod(0o755)
    assert 0 == main.main(["diff", "HEAD"])
    assert ("No flow is different.\n", "") == capsys.readouterr()


def test_a_project_may_be_part_of_a_repository(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a subfolder of the repository, the same subfolder of the revision is looked at; -C names it from anywhere."""
    (project / "back").mkdir()
    for name in ("pyproject.toml", "shop.py"):
        git(project, "mv", name, f"back/{name}")
    git(project, "commit", "--quiet", "--message", "moved")
    assert 0 == main.main(["diff", "HEAD", "-C", "back"])
    capsys.readouterr()
    assert 2 == main.main(["diff", "v1", "-C", "back"])
    said = capsys.readouterr().err
    assert re.fullmatch(r"penstock: v1 \(\w{10}\): there is no folder 'back' in it\n", said)


def test_modules_of_the_command_line_hold_for_both(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """-m and -p work without a configuration, in the revision's own folders."""
    git(project, "rm", "--quiet", "pyproject.toml")
    (project / "src").mkdir()
    git(project, "mv", "shop.py", "src/shop.py")
    git(project, "commit", "--quiet", "--message", "moved")
    (project / "src" / "shop.py").write_text(SHOP)
    assert 1 == main.main(["diff", "HEAD", "-m", "shop", "-p", "src"])
    assert "  - step   ship  src/shop.py:14\n" in capsys.readouterr().out


def test_what_is_installed_to_be_edited_comes_from_the_revision(project: Path, tmp_path: Path) -> None:
    """Sources of the checkout that are on sys.path already are imported from the revision instead."""
    (project / "src").mkdir()
    git(project, "mv", "shop.py", "src/shop.py")
    (project / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["shop"]\n')
    git(project, "add", ".")
    git(project, "commit", "--quiet", "--message", "moved")
    (project / "src" / "shop.py").write_text(SHOP)
    done = diff("HEAD", env={"PYTHONPATH": str(project / "src")})
    assert (1, True) == (done.returncode, "- step   ship" in done.stdout)


def test_the_checkout_of_today_is_no_revision(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the revision's code cannot come first, the answer would be wrong, so it is refused."""
    (project / "pyproject.toml").write_text(
        f'[tool.penstock]\nmodules = ["shop"]\npath = ["{(project / "own").as_posix()}"]\n'
    )
    (project / "own").mkdir()
    git(project, "mv", "shop.py", "own/shop.py")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "--message", "absolute")
    assert 2 == main.main(["diff", "HEAD"])
    expected = f"penstock: HEAD: {project / 'own' / 'shop.py'} was imported from the checkout of today."
    assert capsys.readouterr().err.startswith(expected)


def diff(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "penstock", "diff", *arguments]
    environment = {**os.environ, **(env or {})}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600, env=environment)


@pytest.mark.parametrize(
    ("revision", "said"),
    [
        ("mian", "there is neither a file nor a git revision 'mian'. Did you mean 'main'?"),
        ("V1", "there is neither a file nor a git revision 'V1'. Did you mean 'v1'?"),
        ("wholly-unknown", "there is neither a file nor a git revision 'wholly-unknown'."),
        ("v1..main", "there is neither a file nor a git revision 'v1..main'. A range is two revisions: penstock diff v1 main"),
        ("v1...", "there is neither a file nor a git revision 'v1...'. A range is two revisions: penstock diff v1"),
    ],
)  # fmt: skip
def test_unknown_revisions_are_told_with_near_names(
    project: Path, revision: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name that is neither a file nor a revision is one line, with the branches and tags that look like it."""
    assert 2 == main.main(["diff", revision])
    assert ("", f"penstock: {said}\n") == capsys.readouterr()


def test_a_shallow_clone_is_told_how_to_get_more(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a clone without history, as CI makes it, the message says how to fetch it."""
    git(project.parent, "clone", "--quiet", "--depth", "1", f"file://{project}", "clone")
    monkeypatch.chdir(project.parent / "clone")
    assert 2 == main.main(["diff", "HEAD~1"])
    assert capsys.readouterr().err.endswith("This clone is shallow; fetch the revision first: git fetch --unshallow\n")


def test_a_revision_needs_git(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without git on the machine, a revision is one clear line."""
    monkeypatch.setenv("PATH", str(project))
    assert 2 == main.main(["diff", "main"])
    assert "penstock: 'main' is no file, and to ask git for it, git has to be installed\n" == capsys.readouterr().err


def test_a_revision_needs_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Outside every repository the message says what to compare instead."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["shop"]\n')
    monkeypatch.chdir(tmp_path)
    assert 2 == main.main(["diff", "main"])
    cure = "Name two manifests instead: penstock export -o old.json"
    said = f"penstock: 'main' is no file, and {tmp_path} is in no git repository. {cure}\n"
    assert said == capsys.readouterr().err


def test_an_import_that_fails_in_the_old_revision_names_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message says which revision cannot be imported, where and why, and nothing is left behind."""
    commit(project, "import gone\n", "broken")
    (project / "shop.py").write_text(SHOP)
    assert 2 == main.main(["diff", "HEAD"])
    said = capsys.readouterr().err
    assert re.match(r"penstock: HEAD \([0-9a-f]{10}\): shop\.py:1: cannot import shop: ", said), said
    assert (1, True) == (said.count("\n"), nothing_left(project))


def test_a_revision_without_flows_to_name_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the revision was not configured yet, the message says so."""
    git(project, "rm", "--quiet", "--cached", "pyproject.toml")
    git(project, "commit", "--quiet", "--message", "bare")
    assert 2 == main.main(["diff", "HEAD"])
    assert re.match(r"penstock: HEAD \(\w{10}\): it names no modules\.", capsys.readouterr().err)


def test_hooks_of_the_repository_do_not_run(project: Path) -> None:
    """Checking a revision out starts nothing that the repository has for checkouts, also from within a hook."""
    hook = project / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch ran\n")
    hook.chmod(0o755)
    inside = {"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/index", "GIT_WORK_TREE": "."}
    done = diff("v1", env=inside)
    assert ((1, SHIPPED, ""), False) == ((done.returncode, done.stdout, done.stderr), (project / "ran").exists())
    assert "" == git(project, "status", "--short", "--untracked-files=no")


def sleeping(project: Path) -> subprocess.Popen[bytes]:
    """Start a comparison with a revision whose import never ends, and wait until it is at that."""
    commit(project, "import time\nopen('started', 'w').close()\ntime.sleep(60)\n", "slow")
    (project / "shop.py").write_text(SHOP)
    command = [sys.executable, "-m", "penstock", "diff", "HEAD"]
    with terminal_signals():
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    until = time.monotonic() + 600
    while not [*(project.parent / "temporary").glob("penstock-diff-*/tree/started")]:
        assert time.monotonic() < until
        time.sleep(0.02)
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_nothing_behind(project: Path, number: signal.Signals) -> None:
    """Whoever ends the command in the middle finds no worktree and no temporary folder."""
    process = sleeping(project)
    process.send_signal(number)
    _, said = process.communicate(timeout=600)
    assert (process.returncode, b"Traceback" in said) in [(128 + number, False), (2, False)]
    assert nothing_left(project)


def test_what_a_killed_run_left_the_next_one_removes(project: Path) -> None:
    """A kill that nobody can catch leaves a worktree, which is gone after the next comparison."""
    process = sleeping(project)
    process.kill()
    process.communicate(timeout=600)
    assert 2 == git(project, "worktree", "list", "--porcelain").count("worktree ")
    assert 0 == diff("v1").returncode
    listed = git(project, "worktree", "list", "--porcelain")
    assert (1, []) == (listed.count("worktree "), [*(project.parent / "temporary").glob("penstock-diff-*")])


def test_the_answer_goes_to_a_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """-o writes the answer whole, without colours, and prints nothing."""
    assert 1 == main.main(["diff", "v1", "-o", "changes.txt"])
    assert (SHIPPED, ("", "")) == ((project / "changes.txt").read_text(), capsys.readouterr())


@pytest.mark.parametrize(
    ("name", "start"),
    [("json", "{\n"), ("mermaid", "%% orders changed\ngraph TD\n"), ("markdown", "<!-- penstock-diff -->\n### Flows: 1 changed\n")],
)  # fmt: skip
def test_the_format_is_chosen(project: Path, name: str, start: str, capsys: pytest.CaptureFixture[str]) -> None:
    """--format says for whom the answer is."""
    assert 1 == main.main(["diff", "v1", "--format", name])
    assert capsys.readouterr().out.startswith(start)


def test_one_flow_can_be_chosen(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--flow leaves all others out, and a name that neither side knows is an error with near names."""
    manifest.save(Manifest(flows=(ORDERS, replace(ORDERS, name="other"))), project / "old.json")
    assert 1 == main.main(["diff", "old.json", "v1", "--flow", "other"])
    assert capsys.readouterr().out.startswith("other removed\n")
    assert 2 == main.main(["diff", "old.json", "v1", "--flow", "othr"])
    said = "penstock: there is no flow 'othr'. Did you mean 'other'? Known flows: orders, other.\n"
    assert ("", said) == capsys.readouterr()


def test_a_terminal_has_colours(project: Path) -> None:
    """A person in a terminal sees what is new in green."""
    environment = {**os.environ, "TERM": "xterm"}
    environment.pop("NO_COLOR", None)
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "penstock", "diff", "v1"]
    assert 1 == subprocess.run(command, stdout=follower, env=environment, check=False, timeout=600).returncode
    os.close(follower)
    assert b"\x1b[32m+ step \x1b[0m  ship" in os.read(leader, 10_000)
    os.close(leader)
