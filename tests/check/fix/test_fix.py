"""What ``penstock check --fix`` writes into real sources, and what it leaves alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixes import START, collect_project, declared_edges, shown, wished
from penstock.check.evidence import Evidence, Fact, Seen
from penstock.check.findings.finding import Finding, findings
from penstock.check.fix import Fixes, fix
from penstock.check.verdict.judgement import judge
from penstock.collect import input_files

if TYPE_CHECKING:
    from pathlib import Path


def fixed(project: Path, wishes: dict[str, tuple[str, ...]], flow: str = "orders") -> Fixes:
    """Return what the fixer wants to do in a project."""
    findings, found = wished(project, wishes, flow)
    return fix(findings, found, project, input_files(found, project))


def rewritten(project: Path, declared: str, *after: str, target: str = "pay") -> str:
    """Return what becomes of a declaration that stands below a few steps of the flow."""
    (project / "shop.py").write_text(START + declared)
    result = fixed(project, {target: after})
    assert () == result.refused
    (edit,) = result.edits
    assert (START + declared).encode() == edit.old
    return edit.new.decode().removeprefix(START)


FUNCTION = "def pay(): ..."


@pytest.mark.parametrize(
    ("old", "after", "new"),
    [
        ('@step(after="receive")', ["check"], '@step(after="check")'),
        ("@step(after='receive')", ["check"], "@step(after='check')"),
        ('@step(after="receive")', ["receive", "check"], '@step(after=["receive", "check"])'),
        ('@step(after="receive")', ["check", "weigh"], '@step(after=["check", "weigh"])'),
        ('@step(after=["receive", "check"])', ["check"], '@step(after="check")'),
        ('@step(after=["receive", "check"])', ["receive"], '@step(after="receive")'),
        ('@step(after=["receive"])', ["receive", "check", "weigh"], '@step(after=["receive", "check", "weigh"])'),
        ('@step(after=["receive"])', ["check"], '@step(after="check")'),
        ('@step(after=("receive", "check"))', ["check"], '@step(after="check")'),
        ('@step(after=("receive",))', ["receive", "check"], '@step(after=("receive", "check",))'),
        ('@step(after={"receive", "check"})', ["check", "weigh"], '@step(after={"check", "weigh"})'),
        ('@step(after={"receive": "if new"})', ["receive", "check"], '@step(after={"receive": "if new", "check": None})'),
        ('@step(after={"receive": "if new", "check": "else"})', ["check"], '@step(after={"check": "else"})'),
        ('@step(after={"receive": "if new"})', ["check"], '@step(after="check")'),
        ('@step(after=[{"receive": "if new"}, "check"])', ["receive"], '@step(after=[{"receive": "if new"}])'),
        ('@step(after=[{"receive": "a", "weigh": "b"}, "check"])', ["weigh", "check"],
         '@step(after=[{"weigh": "b"}, "check"])'),
        ("@step(after=receive)", ["receive", "check"], '@step(after=[receive, "check"])'),
        ("@step(after=[receive, check])", ["check"], "@step(after=check)"),
        ("@step(after={receive: 'if new'})", ["receive", "check"], "@step(after={receive: 'if new', 'check': None})"),
        ('@step(after="shop:receive")', ["receive", "check"], '@step(after=["shop:receive", "check"])'),
        ('@step(after="gone")', ["check"], '@step(after="check")'),
        ("@step(after=[])", ["check"], '@step(after="check")'),
        ("@step", ["check"], '@step(after="check")'),
        ("@step()", ["check"], '@step(after="check")'),
        ('@step(effects="disk")', ["check"], '@step(after="check", effects="disk")'),
        ('@step(after="receive")', [], "@step"),
        ('@step(after="receive", effects="disk")', [], '@step(effects="disk")'),
        ('@step(effects="disk", after="receive")', [], '@step(effects="disk")'),
        ('@step( after = "receive" )  # why', ["check"], '@step( after = "check" )  # why'),
        ('@step(after="rec" "eive")', ["receive", "check"], '@step(after=["rec" "eive", "check"])'),
    ],
)  # fmt: skip
def test_only_what_after_holds_changes(project: Path, old: str, after: list[str], new: str) -> None:
    """What stays keeps its form, quotes, label and reference, and all else keeps its formatting."""
    above, below = '@flow("orders")  # ours\n', f"\n{FUNCTION}  # nothing yet\n"
    assert f"{above}{new}{below}" == rewritten(project, f"{above}{old}{below}", *after)


LAID_OUT = """@flow("orders")
@step(
    after=[
        "receive",  # the usual way
        "check",  # the careful way
    ],
    effects=["disk"],  # slow
)
def pay(): ...
"""


@pytest.mark.parametrize(
    ("after", "new"),
    [
        (["receive"], '        "receive",  # the usual way\n'),
        (["check"], '        "check",  # the careful way\n'),
        (["receive", "check", "weigh"],
         '        "receive",  # the usual way\n        "check",  # the careful way\n        "weigh",\n'),
        (["check", "weigh"], '        "check",  # the careful way\n        "weigh",\n'),
    ],
)  # fmt: skip
def test_each_name_keeps_its_line_and_comment(project: Path, after: list[str], new: str) -> None:
    """In a list over several lines, every name that stays keeps its comment, and a new one gets a line."""
    old = '        "receive",  # the usual way\n        "check",  # the careful way\n'
    assert LAID_OUT.replace(old, new) == rewritten(project, LAID_OUT, *after)


def test_a_comment_behind_the_last_name_stays_with_it(project: Path) -> None:
    """A list without a comma at its end grows without losing the comment there."""
    old = '@flow("orders")\n@step(\n    after=["receive"  # first\n    ]\n)\ndef pay(): ...\n'
    new = '@flow("orders")\n@step(\n    after=["receive",  # first\n    "check"\n    ]\n)\ndef pay(): ...\n'
    assert new == rewritten(project, old, "receive", "check")


def test_after_gets_a_line_where_the_others_have_one(project: Path) -> None:
    """A call over several lines gets `after=` on a line of its own."""
    old = '@flow("orders")\n@step(\n    effects="disk",\n)\ndef pay(): ...\n'
    assert old.replace("    eff", '    after="check",\n    eff') == rewritten(project, old, "check")


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize("coding", ["utf-8", "latin-1"])
def test_bytes_of_the_file_stay(project: Path, ending: bytes, coding: str) -> None:
    """Line endings and encoding are those of the file, also where names are not ASCII."""
    text = f'# coding: {coding}\n{START}@flow("orders")\n@step(after="receive")\ndef pay(): "Größe"\n'
    old = text.encode(coding).replace(b"\n", ending)
    (project / "shop.py").write_bytes(old)
    (edit,) = fixed(project, {"pay": ("check",)}).edits
    head, _, tail = old.rpartition(b'"receive"')
    assert head + b'"check"' + tail == edit.new


@pytest.mark.parametrize("name", ['a "quoted" name', "back\\slash", "it's", "two\nlines"])
def test_any_name_is_written_as_a_text(project: Path, name: str) -> None:
    """A step's name with quotes, backslashes or line breaks is written so that it means itself."""
    other = f"flow('orders').step(after='receive', name={name!r})(len)\n"
    new = rewritten(project, f'{other}@flow("orders")\n@step(after="receive")\n{FUNCTION}\n', name)
    (project / "shop.py").write_text(START + new)
    assert [name] == declared_edges(project, "pay")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('orders = flow("orders")\n@orders.step(after="receive")\ndef pay(): ...\n', ('"receive"', '"check"')),
        ('orders = flow("orders")\n@orders.step\ndef pay(): ...\n', ("@orders.step", '@orders.step(after="check")')),
        ('@flow("orders").step(after="receive")\ndef pay(): ...\n', ('"receive"', '"check"')),
        ('orders = flow("orders")\n@orders\n@step(after="receive")\ndef pay(): ...\n', ('"receive"', '"check"')),
        ('from penstock.contrib.celery import flow_task\n@flow("orders")\n@flow_task(after="receive", queue="slow")\ndef pay(): ...\n', ('"receive"', '"check"')),
        ('@flow("orders")\nclass Shop:\n    @step(after="receive")\n    def pay(self): ...\n', ('"receive"', '"check"')),
        ('@flow("orders")\n@step(after="receive")\nasync def pay(): ...\n', ('"receive"', '"check"')),
        ('@flow("orders")\n@step(after="receive")\nclass pay: ...\n', ('"receive"', '"check"')),
        ('import penstock as ps\n@ps.flow("orders")\n@ps.step(after="receive")\ndef pay(): ...\n', ('"receive"', '"check"')),
        ('from penstock import step as stage\n@flow("orders")\n@stage(after="receive")\ndef pay(): ...\n', ('"receive"', '"check"')),
        ('@flow("orders")\n@entrypoint\n@step(after="receive")\ndef pay(): ...\n', ('"receive"', '"check"')),
        ('@flow("orders")\n@step(after="receive", name="pay")\ndef _pay(): ...\n', ('"receive"', '"check"')),
        ('class Order:\n    def pay(self): ...\nflow("orders").step(after="receive")(Order.pay)\n', ('"receive"', '"check"')),
        ('class Order:\n    def pay(self): ...\nflow("orders").step(Order.pay)\n', (".step", '.step(after="check")')),
        ('from shutil import move\norders = flow("orders")\norders.step(name="pay", after="receive")(move)\n', ('"receive"', '"check"')),
        ('def pay(): ...\nflow("orders")(step(after="receive")(pay))\n', ('"receive"', '"check"')),
        ('def make():\n    @flow("orders")\n    @step(after="receive")\n    def pay(): ...\n    return pay\nmake()\n', ('"receive"', '"check"')),
    ],
)  # fmt: skip
def test_every_form_of_declaration_is_found(project: Path, old: str, new: tuple[str, str]) -> None:
    """Handles, flows on the spot, tasks, classes, aliases, and what is declared from outside are rewritten."""
    head, _, tail = old.rpartition(new[0])
    assert f"{head}{new[1]}{tail}" == rewritten(project, old, "check")


def test_calls_from_outside_stay_calls(project: Path) -> None:
    """Where a function is made a step by a call, no `after=` at all leaves empty parentheses."""
    old = 'def pay(): ...\nflow("orders").step(after="receive")(pay)\n'
    assert old.replace('after="receive"', "") == rewritten(project, old)


STACKED = """
@flow("orders")
@step(after="receive")
@flow("returns")
@step(after="unpack")
def pay(): ...

@flow("returns")
@entrypoint
def unpack(): ...

@flow("returns")
@step(after="unpack")
def inspect(): ...
"""


@pytest.mark.parametrize(
    ("flow", "after", "old", "new"),
    [
        ("orders", "check", '@step(after="receive")\n@flow("returns")', '@step(after="check")\n@flow("returns")'),
        ("returns", "inspect", '@step(after="unpack")\ndef pay', '@step(after="inspect")\ndef pay'),
    ],
)
def test_each_flow_of_a_stack_has_its_own(project: Path, flow: str, after: str, old: str, new: str) -> None:
    """Of several steps over one function, the one that the flow takes is rewritten."""
    (project / "shop.py").write_text(START + STACKED)
    (edit,) = fixed(project, {"pay": (after,)}, flow).edits
    assert (START + STACKED).replace(old, new) == edit.new.decode()


def test_handles_are_followed_into_other_files(project: Path) -> None:
    """`from .flows import orders` is looked up, so that two handles over one function are told apart."""
    (project / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["app.*"]\npath = ["."]\n')
    (project / "app").mkdir()
    (project / "app" / "__init__.py").write_text("from app.flows import orders, returns as back\n")
    (project / "app" / "flows.py").write_text(
        "from penstock import flow\norders = flow('orders')\nreturns = flow('returns')\n"
        "@orders.entrypoint\ndef receive(): ...\n@orders.step(after=receive)\ndef check(): ...\n"
    )
    text = "from . import back\nfrom .flows import orders as taken\n@taken.step(after='receive')\n@back.step\ndef pay(): ...\n"
    (project / "app" / "work.py").write_text(text)
    (edit,) = fixed(project, {"pay": ("check",)}).edits
    assert ("app/work.py", text.replace("receive", "check")) == (edit.name, edit.new.decode())


@pytest.mark.parametrize(
    "after",
    [
        '{"receive": "if new", "weigh": "if heavy"}',
        '[{"receive": "if new"}, "weigh"]',
        '["receive", "weigh"]',
        "receive",
        '[{"receive": "by day"}, {"receive": "by night"}]',
    ],
)
def test_what_is_written_is_what_the_cure_says(project: Path, after: str) -> None:
    """The names and labels of the cure are those that the source has afterwards."""
    (project / "shop.py").write_text(f"{START}@flow('orders')\n@step(after={after})\n{FUNCTION}\n")
    facts = [("check", "receive", ""), ("weigh", "receive", ""), ("pay", "receive", ""), ("pay", "check", "")]
    rows = {
        Fact("orders", Seen(step), Seen(parent), frozenset(map(Seen, filter(None, [done])))): 1
        for step, parent, done in facts
    }
    found = collect_project(project)
    judged = judge(found.flow("orders"), Evidence(rows, {}, {("orders", Seen("receive")): 1}))
    wanted = [finding for finding in findings(judged) if finding.after is not None]
    for edit in fix(wanted, found, project).edits:
        edit.write()
    edges = collect_project(project).flow("orders").edges_into("pay")
    pairs = [(edge.source, edge.label) for edge in edges]
    assert {f"Write: after={shown(pairs)}"} == {finding.cure for finding in wanted}


def test_several_wishes_make_one_edit_of_a_file(project: Path) -> None:
    """All changes of a file are one edit, and the result declares what was asked for."""
    (project / "shop.py").write_text(START + '@flow("orders")\n@step(after="weigh")\ndef pay(): ...\n')
    (edit,) = fixed(project, {"pay": ("check", "weigh"), "weigh": ("check",)}).edits
    edit.write()
    assert (["check", "weigh"], ["check"]) == (declared_edges(project, "pay"), declared_edges(project, "weigh"))


@pytest.mark.parametrize(
    ("declared", "line", "reason"),
    [
        ('BEFORE = ["receive"]\n@flow("orders")\n@step(after=BEFORE)\ndef pay(): ...\n', 3, "which steps BEFORE in its after="),
        ('@flow("orders")\n@step(after=["receive", *["check"]])\ndef pay(): ...\n', 2, "put together from other"),
        ('@flow("orders")\n@step(after=[f"{\'receive\'}"])\ndef pay(): ...\n', 2, "which steps f\"{'receive'}\""),
        ('@flow("orders")\n@step(**{"after": "receive"})\ndef pay(): ...\n', 2, "not written as name=value"),
        ('NAME = "orders"\nwith_flow = flow(NAME)\nfrom penstock.contrib.celery import flow_task\n@with_flow\n@flow_task\ndef pay(): ...\n', 5, "@flow_task takes no after="),
        ('def pay(): ...\nfor each in [pay]:\n    flow("orders").step(after="receive")(each)\n', 1, "nothing says where"),
        ('def pay(): ...\nflow("orders").step(after="receive")(pay)\nflow("orders").step(after="check")(pay)\n', 1, "more than once"),
        ('@flow("orders")\n@flow("returns")\n@step(after="receive")\ndef pay(): ...\n', 3, "the flow returns takes the same"),
        ('def make(name):\n    @flow("orders")\n    @step(after="receive", name=name)\n    def inner(): ...\nmake("pay")\nmake("ship")\n', 3, "the step ship takes the same"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_left_alone(project: Path, declared: str, line: int, reason: str) -> None:
    """What the fixer cannot read it does not touch; it says so with file and line."""
    (project / "shop.py").write_text(START + declared)
    result = fixed(project, {"pay": ("weigh",)})
    (refusal,) = result.refused
    assert ((), True) == (result.edits, refusal.reason.startswith("pay is left alone: "))
    assert f"shop.py:{START.count(chr(10)) + line}" == refusal.where
    assert reason in refusal.reason


CELERY = "from penstock.contrib.celery import flow_task\n"


@pytest.mark.parametrize(
    ("declared", "new"),
    [
        ('@flow("orders")\n@entrypoint\ndef pay(): ...\n', '@entrypoint\n@step(after="check")\n'),
        ('@flow("orders")\n@entrypoint(trigger="POST /pay")  # at once\ndef pay(): ...\n', '# at once\n@step(after="check")\n'),
        ('@flow("orders")\n@entrypoint(name="pay")\ndef take(): ...\n', '\n@step(after="check", name="pay")\n'),
        ('orders = flow("orders")\n@orders.entrypoint\nasync def pay(): ...\n', '\n@orders.step(after="check")\n'),
        ('@flow("orders").entrypoint\ndef pay(): ...\n', '\n@flow("orders").step(after="check")\n'),
        ('@flow("orders")\nclass Desk:\n    @entrypoint\n    def pay(self): ...\n', '\n    @step(after="check")\n'),
        ('import penstock\n@flow("orders")\n@penstock.entrypoint\ndef pay(): ...\n', '\n@penstock.step(after="check")\n'),
        ('@flow("orders", title="Orders")\n@flow("returns")\n@entrypoint\ndef pay(): ...\n', '\n@flow("orders").step(after="check")\n'),
        (CELERY + '@flow("orders")\n@flow_task(queue="slow")\ndef pay(): ...\n', '\n@flow("orders").step(after="check")\n'),
        ('def pay(): ...\nflow("orders").entrypoint(pay)\n', 'entrypoint(flow("orders").step(after="check")(pay))'),
        ('def pay(): ...\nflow("orders")(entrypoint(trigger="q")(pay))\n', '(entrypoint(trigger="q")(step(after="check")(pay)))'),
        ('@flow("orders")\n@entrypoint\n@step(after="weigh")\ndef pay(): ...\n', '@entrypoint\n@step(after="check")\n'),
        ('@flow("orders")\n@entrypoint\n@step\ndef pay(): ...\n', '@entrypoint\n@step(after="check")\n'),
    ],
)  # fmt: skip
def test_an_entrypoint_gets_the_mark_of_a_step_below_its_own(project: Path, declared: str, new: str) -> None:
    """An entrypoint that steps call is both; its new mark is taken by its flow, and by no other."""
    (project / "shop.py").write_text(START + declared)
    result = fixed(project, {"pay": ("check",)})
    assert () == result.refused
    (edit,) = result.edits
    assert new in edit.new.decode()
    edit.write()
    found = collect_project(project)
    assert ((), ["check"]) == (found.flow("orders").problems, declared_edges(project, "pay"))
    assert found.flow("orders").step("pay").entrypoint
    assert [] == [flow.name for flow in found.flows if flow.problems]


def test_without_a_name_for_steps_the_flow_gives_one(project: Path) -> None:
    """Where `step` is not imported, the flow that stands above has it."""
    (project / "flows.py").write_text(START)
    (project / "shop.py").write_text(
        'import flows\nfrom penstock import entrypoint, flow\n@flow("orders")\n@entrypoint\ndef pay(): ...\n'
    )
    (edit,) = fixed(project, {"pay": ("check",)}).edits
    assert '@entrypoint\n@flow("orders").step(after="check")\n' in edit.new.decode()


def test_code_that_is_nested_too_deeply_is_left_alone(project: Path) -> None:
    """A file that Python can import and LibCST cannot read is not touched, and said so."""
    longest = f"def total(x): return {'x + ' * 900}x\n"
    (project / "shop.py").write_text(f'{START}@flow("orders")\n@step(after="receive")\ndef pay(): ...\n{longest}')
    result = fixed(project, {"pay": ("check",)})
    assert ((), 1) == (result.edits, len(result.refused))
    assert "pay is left alone: the code in this file is nested too deeply" in str(result.refused[0])


def test_names_tell_apart_what_is_made_of_one_function(project: Path) -> None:
    """Of several steps that one function is, the mark with the name of the step is rewritten."""
    declared = "def f(): ...\n" + "".join(
        f'flow("orders").step(after="receive", name="{name}")(f)\n' for name in ("pay", "ship")
    )
    assert declared.replace("receive", "check", 1) == rewritten(project, declared, "check")


def test_a_mark_that_two_flows_share_changes_when_both_want_the_same(project: Path) -> None:
    """One @step below two flows is rewritten if the findings of both ask for it."""
    (project / "shop.py").write_text(
        'from penstock import entrypoint, flow, step\n@flow("a")\n@flow("b")\n@entrypoint\ndef start(): ...\n'
        '@flow("a")\n@flow("b")\n@step(after="start")\ndef middle(): ...\n'
        '@flow("a")\n@flow("b")\n@step(after="start")\ndef pay(): ...\n'
    )
    one, found = wished(project, {"pay": ("middle",)}, "a")
    two, _ = wished(project, {"pay": ("middle",)}, "b")
    (edit,) = fix([*one, *two], found, project).edits
    assert (project / "shop.py").read_text()[::-1].replace('"trats"', '"elddim"', 1)[::-1] == edit.new.decode()


def test_findings_without_a_proposal_change_nothing(project: Path) -> None:
    """Only findings that say what `after=` should hold are mended."""
    (project / "shop.py").write_text(START)
    finding = Finding(code="undeclared", severity="error", flow="orders", target="check", message="")
    assert Fixes() == fix([finding], collect_project(project), project)


def test_files_outside_the_project_are_not_touched(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is declared in a library stays as it is, even though the finding names its file."""
    library = tmp_path_factory.mktemp("lib") / "site-packages"
    library.mkdir()
    (library / "theirs.py").write_text(START + f'@flow("orders")\n@step(after="receive")\n{FUNCTION}\n')
    (project / "shop.py").write_text(f"import sys; sys.path.append({str(library)!r})\nimport theirs\n")
    result = fixed(project, {"pay": ("check",)})
    assert ((), ["nothing says where it is made a step of orders."]) == (
        result.edits,
        [refusal.reason.partition(": ")[2] for refusal in result.refused],
    )


def test_a_file_that_has_changed_since_is_left_alone(project: Path) -> None:
    """Where the function no longer stands on its line, nothing is guessed."""
    (project / "shop.py").write_text(START + f'@flow("orders")\n@step(after="receive")\n{FUNCTION}\n')
    findings, found = wished(project, {"pay": ("check",)})
    (project / "shop.py").write_text("\n\n" + (project / "shop.py").read_text())
    assert ((), 1) == ((result := fix(findings, found, project)).edits, len(result.refused))
