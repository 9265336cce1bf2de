"""``penstock check`` with a baseline, ignores and contracts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from checked_app import APPLICATION, BYPASSED, IGNORED, IGNORES, run
from penstock.config import load
from penstock.errors import ConfigError
from penstock.proof import flows_for_docs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_what_a_baseline_has_is_accepted(project: Callable[..., Path]) -> None:
    """What a baseline has is accepted, and anything new is not."""
    folder = project(BYPASSED)
    assert 0 == run(folder, "penstock", "check", "--write-baseline").returncode
    assert 0 == run(folder, "penstock", "check", "--baseline", "penstock-baseline.json").returncode
    (folder / "penstock-baseline.json").write_text('{"format": "penstock-baseline", "findings": []}')
    assert 1 == run(folder, "penstock", "check", "--baseline", "penstock-baseline.json").returncode
    done = run(folder, "penstock", "check", "--baseline", "gone.json")
    assert 2 == done.returncode
    assert "gone.json: the baseline cannot be read" in done.stderr


def test_a_baseline_counts_as_the_check_does(project: Callable[..., Path]) -> None:
    """What is one finding in the report is one in the baseline, though the file has a line for each half of it."""
    folder = project(BYPASSED)
    done = run(folder, "penstock", "check", "--write-baseline")
    assert "wrote penstock-baseline.json: 1 finding will be accepted\n" == done.stdout
    assert 2 == len(json.loads((folder / "penstock-baseline.json").read_text())["findings"])
    done = run(folder, "penstock", "check", "--baseline", "penstock-baseline.json")
    assert done.stdout.endswith("0 findings, 1 note; accepted: 1 by the baseline\n")


def test_a_baseline_of_one_flow_keeps_what_it_accepts_of_others(project: Callable[..., Path]) -> None:
    """Written for some flows, a baseline forgets nothing of the others that still holds."""
    other = 'returns = flow("returns")\n\n\n@returns.step\ndef lonely(): ...\n'
    folder = project(f"{BYPASSED}\n\n{other}")
    file = folder / "penstock-baseline.json"
    run(folder, "penstock", "check", "--write-baseline")
    whole = json.loads(file.read_text())
    done = run(folder, "penstock", "check", "returns", "--write-baseline")
    assert (0, whole) == (done.returncode, json.loads(file.read_text()))
    file.write_text('{"format": "penstock-baseline", "findings": ["never-seen orders gone -> ship"]}')
    run(folder, "penstock", "check", "returns", "--write-baseline")
    said = "no-entrypoint returns lonely: flow 'returns' has no entrypoint"
    assert [said] == json.loads(file.read_text())["findings"]


def test_a_baseline_tells_problems_of_one_step_apart(project: Callable[..., Path]) -> None:
    """A second wrong name in one `after` is new; that another step appears, or lines move, makes nothing new."""
    wrong = APPLICATION.replace('after="charge"', 'after=["charge", "chrge"]')
    folder = project(wrong, settings='baseline = "penstock-baseline.json"\n', record=False)
    run(folder, "penstock", "check", "--write-baseline")
    project(f"# moved\n{wrong}\n\n@orders.step(after='ship')\ndef chrg(order): ...\n", settings="", record=False)
    assert 0 == run(folder, "penstock", "check", "--baseline", "penstock-baseline.json").returncode
    project(wrong.replace('"chrge"', '"chrge", "vlidate"'), settings="", record=False)
    done = run(folder, "penstock", "check", "--baseline", "penstock-baseline.json")
    assert (1, True, False) == (done.returncode, "'vlidate'" in done.stdout, "'chrge'" in done.stdout), done.stdout


def test_an_older_baseline(project: Callable[..., Path]) -> None:
    """One that knows a problem only by its step still accepts it."""
    folder = project(APPLICATION.replace('after="charge"', 'after=["charge", "chrge"]'), record=False)
    (folder / "old.json").write_text('{"format": "penstock-baseline", "findings": ["unknown-after orders ship"]}')
    assert 0 == run(folder, "penstock", "check", "--baseline", "old.json").returncode


def test_a_baseline_tells_contracts_apart(project: Callable[..., Path]) -> None:
    """One contract that a step breaks is accepted, and not every other that it may break."""
    told = 'contracts = [{ type = "has-docstrings" }]\n'
    folder = project(settings=f'baseline = "penstock-baseline.json"\n{told}', record=False)
    run(folder, "penstock", "check", "--write-baseline")
    assert 0 == run(folder, "penstock", "check").returncode
    both = told.replace("[", '[{ type = "never-reaches", never = ["orders.ship"] }, ')
    project(settings=f'baseline = "penstock-baseline.json"\n{both}', record=False)
    done = run(folder, "penstock", "check")
    assert 1 == done.returncode, done.stdout
    assert "app.py:27: contract [orders] never-reaches is broken" in done.stdout


def test_a_baseline_that_is_none(project: Callable[..., Path]) -> None:
    """Whatever else a file holds, that it is no baseline is one line and exit code 2."""
    folder = project(record=False)
    for content in ("[" * 100_000, "{}", '{"format": "penstock-baseline", "findings": "all"}', "\0"):
        (folder / "known.json").write_text(content)
        done = run(folder, "penstock", "check", "--baseline", "known.json")
        assert (2, 1) == (done.returncode, len(done.stderr.splitlines())), done.stderr
        assert "known.json: this is not a baseline" in done.stderr


def test_a_baseline_is_missed_only_where_it_is_used(project: Callable[..., Path]) -> None:
    """A check without its baseline cannot be done; what reports no findings needs none."""
    folder = project(settings='baseline = "known.json"\n', record=False)
    commands = ("list", "show orders", "render orders", "export -o flows.json", "diff flows.json")
    assert [0] * 5 == [run(folder, "penstock", *command.split()).returncode for command in commands]
    assert () == flows_for_docs(load(folder)).baselined
    done = run(folder, "penstock", "check")
    assert (2, "") == (done.returncode, done.stdout)
    assert "known.json: the baseline cannot be read: No such file or directory. Write one: penstock" in done.stderr
    with pytest.raises(ConfigError, match="the baseline cannot be read"):
        flows_for_docs(load(folder, {"check": "warn"}))
    assert (0, 0) == tuple(run(folder, "penstock", "check", *more).returncode for more in (["--write-baseline"], []))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--evidence", "gone.json"], "--evidence: there is no file 'gone.json'"),
        (["--yes"], "--yes: it answers the question of --fix; give both options"),
        (["--write-baseline", "--fix"], "--write-baseline: it accepts findings that --fix would mend"),
        (["--fix", "--format", "json"], "--fix: it prints a diff"),
    ],
)
def test_options_that_cannot_be_meant(project: Callable[..., Path], options: list[str], said: str) -> None:
    """An option that could only be left out silently is an error instead."""
    done = run(project(record=False), "penstock", "check", *options)
    assert 2 == done.returncode, done.stdout
    assert said in done.stderr


def test_an_ignore_that_matches_nothing_is_a_finding(project: Callable[..., Path]) -> None:
    """An arrow is ignored for a reason; an ignore that matches nothing is a finding, once something ran."""
    both = ", ".join(IGNORED.format(edge=edge) for edge in ("place -> charge", "check -> charge"))
    done = run(project(BYPASSED, IGNORES.format(entries=both)), "penstock", "check")
    assert 0 == done.returncode, done.stdout
    folder = project(settings=IGNORES.format(entries=IGNORED.format(edge="a->b")))
    done = run(folder, "penstock", "check")
    assert 1 == done.returncode
    assert "pyproject.toml:4: unmatched-ignore" in done.stdout
    (folder / ".penstock" / "evidence.json").unlink()
    assert 0 == run(folder, "penstock", "check").returncode


@pytest.mark.parametrize(
    ("contract", "said"),
    [
        (
            'type = "has-trigger"',
            "app.py:7: contract [orders] has-trigger is broken: no entrypoint of orders",
        ),
        (
            'type = "has-docstrings", name = "told"',
            "app.py:27: contract [orders] 'told' is broken: ship has no",
        ),
        ('type = "never-reaches", never = ["orders.ship"]', "orders reaches orders.ship: orders.place -> orders.check"),
        ('type = "has-trigger", flows = ["ordres"]', "no flow name matches ordres."),
        ('type = "never-reaches", never = ["orders.shop"]', "no flow or step has the name orders.shop. Did you mean"),
        ('type = "never-reaches"', "it names nothing in never."),
    ],
)
def test_a_broken_contract_is_a_finding(project: Callable[..., Path], contract: str, said: str) -> None:
    """A broken contract is a finding at the place where it is broken."""
    done = run(project(settings=f"contracts = [{{ {contract} }}]\n", record=False), "penstock", "check")
    assert 1 == done.returncode
    assert said in done.stdout


def test_contracts_that_hold(project: Callable[..., Path]) -> None:
    """Contracts that hold say nothing."""
    settings = 'contracts = [{ type = "all-confirmed" }, { type = "never-reaches", never = ["orders"] }]\n'
    done = run(project(settings=settings), "penstock", "check")
    assert 0 == done.returncode, done.stdout


@pytest.mark.parametrize("never", ["orders.ship", "shop/orders.ship"])
def test_contracts_name_steps_with_and_without_the_service(project: Callable[..., Path], never: str) -> None:
    """Where the project has a service's name, a contract may leave it out."""
    settings = f'service = "shop"\ncontracts = [{{ type = "never-reaches", never = ["{never}"] }}]\n'
    done = run(project(settings=settings, record=False), "penstock", "check")
    assert 1 == done.returncode, done.stdout
    assert f"orders reaches {never}: shop/orders.place -> " in done.stdout


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('contracts = [{ type = "has-docstring" }]', "Did you mean 'has-docstrings'"),
        ('ignore = [{ flow = "a", edge = "a->b" }]', "needs 'reason' in each of its tables"),
        ('ignore = [{ flow = "a", edge = "a->b", raeson = "x" }]', "Did you mean 'reason'?"),
        ('check = "wran"', "must be off, warn or error"),
    ],
)
def test_wrong_settings(project: Callable[..., Path], settings: str, said: str) -> None:
    """A wrong setting is one line with the near name, and exit code 2."""
    done = run(project(settings=settings, record=False), "penstock", "check")
    assert 2 == done.returncode
    assert said in done.stderr
    assert "Traceback" not in done.stderr
