"""What ``penstock check --fix`` writes into ``effects=`` and ``trigger=``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fixes import collect_project
from penstock.check.evidence import Evidence, RunTrigger, Seen, StepTouch
from penstock.check.findings.resources import find_wrong_uses
from penstock.check.fix import Fixes, fix
from penstock.check.verdict.resource_verdicts import ResourceVerdicts, SeenKinds
from penstock.collect import input_files
from penstock.model.resources import PLAIN_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from penstock.check.findings.finding import Finding
    from penstock.manifest import Manifest

START = "from penstock import entrypoint, flow, step\n\norders = flow('orders')\n\n"
OTHER = '\n@orders.step(after="place", effects=["db:log"])\ndef log(): ...\n'
PLACE = '@orders.entrypoint(trigger="POST /orders")\ndef place(): ...\n'


def make_evidence(*targets: str, step: str | Sequence[str] = "sell", starts: tuple[str, ...] = ()) -> Evidence:
    """Return evidence in which some steps wrote some targets, and the entrypoint was started by something."""
    steps = [Seen(name, "") for name in ([step] if isinstance(step, str) else step)]
    return Evidence(
        touches={StepTouch("orders", seen, "writes", target): 1 for seen in steps for target in targets},
        triggers={RunTrigger("orders", Seen("place", ""), start): 1 for start in starts},
        watched={("orders", seen): frozenset() for seen in steps},
    )


def find(project: Path, evidence: Evidence) -> tuple[list[Finding], Manifest]:
    """Return the findings on effects and triggers of a project as it is now."""
    manifest = collect_project(project)
    verdicts = ResourceVerdicts(manifest.flow("orders"), evidence, PLAIN_WORDS, SeenKinds.of(evidence))
    return list(find_wrong_uses(verdicts, verdicts.judge())), manifest


def run_fix(project: Path, evidence: Evidence) -> Fixes:
    """Return what the fixer wants to do."""
    findings, manifest = find(project, evidence)
    return fix(findings, manifest, project, input_files(manifest, project))


def rewrite(project: Path, declaration: str, evidence: Evidence) -> str:
    """Return what becomes of a declaration, after which the check has nothing more to say."""
    (project / "shop.py").write_text(START + declaration)
    fixes = run_fix(project, evidence)
    assert () == fixes.refused
    (edit,) = fixes.edits
    edit.write()
    assert [] == find(project, evidence)[0]
    return edit.new.decode().removeprefix(START)


VARIANTS = {
    'effects=["db:parts", "mail"]': 'effects=["db:sales", "mail"]',  # in the place of what is not seen
    "effects=['mail', 'db:parts']": "effects=['mail', 'db:sales']",
    'effects="db:parts"': 'effects="db:sales"',
    'effects=("mail",)': 'effects=("mail", "db:sales",)',
    'effects={"mail"}': 'effects={"mail", "db:sales"}',
    'effects="mail"': 'effects=["mail", "db:sales"]',
    'effects=["db:parts", "db:parts2", "mail"]': 'effects=["db:sales", "mail"]',
    'name="sell"': 'name="sell", effects=["db:sales"]',
}


def test_only_what_effects_holds_changes(project: Path) -> None:
    """An undeclared table is added, or takes the place of one that is refuted; what stays keeps its form."""
    names = [f"sell{number}" for number in range(len(VARIANTS))]
    evidence = make_evidence("db:sales", step=names)

    def declare(arguments: Iterable[str]) -> str:
        steps = zip(names, arguments, strict=True)
        return (
            PLACE
            + OTHER
            + "".join(
                f'\n@orders.step(after="place", {text.replace("sell", name)})  # why\ndef {name}(): ...\n'
                for name, text in steps
            )
        )

    assert declare(VARIANTS.values()) == rewrite(project, declare(VARIANTS), evidence)


LAID_OUT = f"""{PLACE}
@orders.step(
    after="place",  # at once
    name="sell",{{}}
)
def sell_now(): ...
{OTHER}"""


def test_effects_get_a_line_where_others_have_one(project: Path) -> None:
    """A call over several lines gets effects on a line of their own."""
    new = LAID_OUT.format('\n    effects=["db:sales"],')
    assert new == rewrite(project, LAID_OUT.format(""), make_evidence("db:sales"))


def test_an_entrypoint_becomes_a_step_with_effects(project: Path) -> None:
    """An entrypoint takes no effects, so it gets a mark below."""
    evidence = make_evidence("db:sales", step="place")
    new = PLACE.replace("def", '@orders.step(effects=["db:sales"])\ndef')
    assert f"{new}{OTHER}" == rewrite(project, f"{PLACE}{OTHER}", evidence)


def test_the_word_of_the_flow_is_kept(project: Path) -> None:
    """Tests on SQLite do not change the product that a flow names."""
    text = f'{PLACE}\n@orders.step(after="place", effects=["{{}}"])\ndef sell(): ...\n'
    evidence = make_evidence("sqlite:sales")
    assert text.format("postgres:sales") == rewrite(project, text.format("postgres:parts"), evidence)


def test_a_declaration_outside(project: Path) -> None:
    """A declaration beside the code is changed as a decorator is."""
    text = f'{PLACE}\ndef sell(): ...\n\norders.step(after="place", effects=["db:{{}}"])(sell)\n'
    assert text.format("sales") == rewrite(project, text.format("parts"), make_evidence("db:sales"))


def test_trigger(project: Path) -> None:
    """The one route that was seen takes the place of another one, in its quotes."""
    text = "@orders.entrypoint(trigger='{}', name='place')\ndef place_order(): ...\n"
    evidence = make_evidence(starts=("POST /v2/orders",))
    assert text.format("POST /v2/orders") == rewrite(project, text.format("POST /orders"), evidence)


def test_several_triggers(project: Path) -> None:
    """Which of two routes is meant is for a person to say."""
    (project / "shop.py").write_text(START + PLACE)
    assert Fixes() == run_fix(project, make_evidence(starts=("POST /v1/orders", "POST /v2/orders")))


def test_two_arguments_of_one_mark(project: Path) -> None:
    """What findings say of several arguments is written at once."""
    text = f"{PLACE}\n@orders.step({{}})\ndef sell(): ...\n{OTHER}"
    (project / "shop.py").write_text(START + text.format('after="log", effects=["db:parts"]'))
    findings, manifest = find(project, make_evidence("db:sales"))
    (edge,) = [finding for finding in findings if finding.code == "undeclared-effect"]
    asked = [*findings, replace(edge, effects=None, after=("place",))]
    (edit,) = fix(asked, manifest, project, input_files(manifest, project)).edits
    assert START + text.format('after="place", effects=["db:sales"]') == edit.new.decode()


def test_what_no_run_refutes_stays(project: Path) -> None:
    """An effect that was merely not seen is left to a person."""
    text = f'{PLACE}\n@orders.step(after="place", effects=["db:parts", "mail"])\ndef sell(): ...\n{OTHER}'
    (project / "shop.py").write_text(START + text)
    evidence = make_evidence(step="sell")
    evidence.touches[StepTouch("orders", Seen("log", ""), "writes", "db:log")] = 1
    assert ["effect-never-seen"] == [finding.code for finding in find(project, evidence)[0]]
    assert Fixes() == run_fix(project, evidence)


def test_an_effect_that_is_not_written_there(project: Path) -> None:
    """A name that stands for a resource is left alone, with its place."""
    text = f'TABLE = "db:parts"\n{PLACE}\n@orders.step(after="place", effects=[TABLE])\ndef sell(): ...\n'
    (project / "shop.py").write_text(START + text)
    (refusal,) = run_fix(project, make_evidence("db:sales")).refused
    assert "sell is left alone: which resource TABLE in its effects= names is not written there." == refusal.reason
