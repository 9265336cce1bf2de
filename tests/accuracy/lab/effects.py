"""Applications whose effects and triggers are declared, run once, with what the check says of them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lab.apps import OUTSIDE, App, fetch, run_tests
from lab.effect_mutants import CODES, change_effects
from penstock.check.all_checks import CheckRules, check_flows
from penstock.check.evidence import load as load_evidence
from penstock.collect import collect
from penstock.collect.plan import CollectPlan
from penstock.config import load

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from lab.effect_mutants import EffectChange
    from penstock.config import Config
    from penstock.model import Flow

HERE = Path(__file__).parent.parent
EXAMPLES = HERE.parent.parent / "docs" / "examples"
SOURCES = (
    ("scenarios", HERE / "effects", ("orders", "catalogue", "reports"), "run_flows.py"),
    ("shop", EXAMPLES / "shop", ("shop.*",), "test_shop.py"),
    ("parts", EXAMPLES / "parts", ("parts.*",), "test_parts.py"),
)
"""A name, a folder, the modules with flows, and the tests."""
APPS = (
    App("sqlparse", "0.6.1", "formatted_files_flow", ("tests/test_cli.py",)),
    App("mkdocs", "1.6.1", "site_files_flow", ("mkdocs/tests/build_tests.py", "-o", "python_files=*_tests.py")),
)


@dataclass(frozen=True)
class CheckedEffects:
    """What the check says of the effects of an application.

    Attributes:
        name: The application.
        uses: How many effects and triggers are declared.
        confirmed: How many of them are confirmed, by runs and by the code.
        alarms: The findings on them that fail the check, which are all false.
        notes: The findings on them that are notes: true declarations that no test shows.
        changes: Each change, and whether it is found.
        flows: The flows.
    """

    name: str
    uses: int
    confirmed: tuple[int, int]
    alarms: tuple[str, ...]
    notes: tuple[str, ...]
    changes: tuple[EffectChange, ...]
    flows: tuple[Flow, ...]


def check_sources(names: Collection[str] = ("scenarios", "shop", "parts")) -> Iterator[CheckedEffects]:
    """Yield what the check says of some applications of this repository."""
    for name, source, modules, tests in SOURCES:
        if name not in names:
            continue
        with TemporaryDirectory() as folder:
            copy = Path(folder, "app")
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns(".penstock", "__pycache__"))
            evidence = Path(folder, "evidence.json")
            options = ["-q", "-W", "ignore", "-p", "no:cacheprovider", "--penstock", "--penstock-evidence", evidence]
            command = [sys.executable, "-m", "pytest", *map(str, options), "-o", "pythonpath=.", tests]
            subprocess.run(command, cwd=copy, capture_output=True, check=True)
            settings = {
                "modules": list(modules),
                "path": [str(copy)],
                "evidence": str(evidence),
                "effects_check": "error",
            }
            yield _check(name, load(copy, settings))


def check_applications() -> Iterator[CheckedEffects]:
    """Yield what the check says of real applications; those that cannot be downloaded are left out."""
    for app in APPS:
        with TemporaryDirectory() as folder:
            unpacked = fetch(app, Path(folder))
            if unpacked is not None:
                evidence = Path(folder, "evidence.json")
                run_tests(app, unpacked, evidence)
                path = [str(OUTSIDE), str(unpacked)]
                settings = {"modules": [app.flow], "path": path, "evidence": str(evidence), "effects_check": "error"}
                yield _check(f"{app.name} {app.version}", load(Path(folder), settings))


def _check(name: str, config: Config) -> CheckedEffects:
    manifest = collect(CollectPlan.of(config, calls=True))
    evidence = load_evidence(Path(config.evidence))
    rules = CheckRules.of(config, judged=True, accepted=False)
    proof = check_flows(manifest, evidence, rules)
    declared = [use for flow in proof.manifest.flows for use in flow.uses if use.origin == "declared"]
    witnesses = [use.witness for use in declared if use.state == "confirmed"]
    found = [finding for finding in proof.findings if finding.code in CODES]
    return CheckedEffects(
        name=name,
        uses=len(declared),
        confirmed=(witnesses.count("runs"), witnesses.count("static")),
        alarms=tuple(finding.message for finding in found if finding.severity == "error"),
        notes=tuple(finding.message for finding in found if finding.severity == "note"),
        changes=tuple(change_effects(manifest, evidence, rules)),
        flows=manifest.flows,
    )
