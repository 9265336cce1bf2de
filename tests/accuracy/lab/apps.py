"""Real applications from the package index, declared from outside and run by their own tests."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lab.redeclared import change_arrows
from penstock.check.evidence import load as load_evidence
from penstock.check.findings.finding import findings
from penstock.check.verdict.judgement import judge
from penstock.config import load
from penstock.model import Edge
from penstock.proof import prove
from penstock.render import edge_status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lab.redeclared import Change
    from penstock.check.all_checks import Proof
    from penstock.check.evidence import Evidence
    from penstock.check.findings.finding import Finding
    from penstock.model import Flow

HUEY = ("api", "consumer", "helpers", "immediate", "mini", "priority", "registry", "serializer", "signals", "wrappers")
"""The tests of Huey that need no server."""

HUEY_FAST = ("huey/tests/test_api.py", "--maxfail", "40")

OUTSIDE = Path(__file__).parent.parent / "outside"


@dataclass(frozen=True)
class App:
    """An application.

    Attributes:
        name: Its name in the package index.
        version: The version that its flow was written for.
        flow: The module in ``outside`` that declares the flow.
        tests: What pytest is told, so that it finds the application's tests.
        needs: What else its tests import, which is put into a folder that is gone afterwards.
        some: The tests that run for each change of its code, which is left as it is where none are named.
    """

    name: str
    version: str
    flow: str
    tests: tuple[str, ...]
    needs: tuple[str, ...] = ()
    some: tuple[str, ...] = ()


APPS = (
    App("sqlparse", "0.6.1", "statements_flow", ("tests",), some=("tests", "--maxfail", "40")),
    App("mkdocs", "1.6.1", "site_flow", ("mkdocs/tests", "-o", "python_files=*_tests.py")),
    App(
        "httpx",
        "0.28.1",
        "requests_flow",
        ("tests", "-p", "anyio", "-m", "not network"),
        needs=("brotli", "chardet", "h2", "socksio", "trio", "trustme", "zstandard"),
        some=("tests/client", "-p", "anyio", "-m", "not network", "--maxfail", "40"),
    ),
    App("huey", "3.5.4", "tasks_flow", tuple(f"huey/tests/test_{name}.py" for name in HUEY), some=HUEY_FAST),
)


@dataclass(frozen=True)
class Checked:
    """What the check says of a flow of an application.

    Attributes:
        name: The application, and the flow where there are several.
        tests: The last line of pytest.
        provenance: What the arrows rest on.
        errors: The findings that fail the check.
        as_tree: The same if the arrows show who calls whom instead, as the runs have it.
        changes: Each change of an arrow, and whether it is found.
        arrows: How many arrows are declared.
        confirmed: How many of them are confirmed.
        ran: The pairs of steps of which one ran inside the other.
        read: The pairs of which the code says that one calls the other.
    """

    name: str
    tests: str
    provenance: str
    errors: tuple[str, ...]
    as_tree: tuple[str, ...]
    changes: tuple[Change, ...]
    arrows: int
    confirmed: int
    ran: frozenset[tuple[str, str]]
    read: frozenset[tuple[str, str]]


def fetch(app: App, folder: Path) -> Path | None:
    """Download and unpack an application with its tests; ``None`` where there is no package index."""
    wanted = f"{app.name}=={app.version}"
    download = ("download", "--no-binary", app.name, "--no-deps", "--dest", str(folder))
    if not _pip(*download, wanted) or (
        app.needs and not _pip("install", "--target", str(folder / "needs"), *app.needs)
    ):
        return None
    name = f"{app.name.replace('-', '_')}-{app.version}"
    with tarfile.open(folder / f"{name}.tar.gz") as packed:
        packed.extractall(folder, filter="data")
    return folder / name


def _pip(command: str, *arguments: str) -> bool:
    done = subprocess.run(
        [sys.executable, "-m", "pip", command, "--quiet", *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode == 0


def check(app: App, unpacked: Path) -> list[Checked]:
    """Run an application's tests under ``--penstock``, and return the verdict on each of its flows."""
    evidence = unpacked.parent / "evidence.json"
    said = run_tests(app, unpacked, evidence)
    proof = prove_app(app, unpacked, evidence)
    seen = load_evidence(evidence)
    flows = proof.manifest.flows
    name = f"{app.name} {app.version}"
    return [
        _checked(f"{name}, {flow.name}" if len(flows) > 1 else name, flow, said, proof.findings, seen) for flow in flows
    ]


def prove_app(app: App, unpacked: Path, evidence: Path) -> Proof:
    """Return what is known of an application's flows, by its code and the runs of its tests."""
    path = [str(OUTSIDE), str(unpacked)]
    return prove(load(unpacked.parent, {"modules": [app.flow], "path": path, "evidence": str(evidence)}), calls=True)


def _checked(name: str, flow: Flow, said: str, found: Iterable[Finding], seen: Evidence) -> Checked:
    ran = frozenset((fact.parent.step, fact.step.step) for fact in seen.facts if fact.flow == flow.name)
    tree = replace(flow, edges=tuple(Edge(source=source, target=target) for source, target in sorted(ran)))
    states = [edge.state for edge in flow.edges if edge.origin == "declared"]
    return Checked(
        name=name,
        tests=said,
        provenance=str(edge_status.provenance(flow) or ""),
        errors=_shown(finding for finding in found if finding.flow == flow.name),
        as_tree=_shown(findings(judge(tree, seen))),
        changes=change_arrows(flow, seen),
        arrows=len(states),
        confirmed=states.count("confirmed"),
        ran=ran,
        read=frozenset((call.source, call.target) for call in flow.calls if call.kind == "call"),
    )


def _shown(found: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(f"{each.code} {each.arrow or each.message}" for each in found if each.severity == "error")


def run_tests(app: App, unpacked: Path, evidence: Path, *, some: bool = False, longest: float | None = None) -> str:
    """Run an application's tests, or some of them, under ``--penstock``; return the last line that pytest prints.

    They are ended after ``longest`` seconds.
    """
    folders = [unpacked, OUTSIDE, unpacked.parent / "needs"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    options = ["-q", "--tb", "no", "-W", "ignore", "-p", app.flow, "-p", "no:cacheprovider", "--penstock"]
    try:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                *options,
                "--penstock-evidence",
                str(evidence),
                *(app.some if some and app.some else app.tests),
            ],
            cwd=unpacked,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=longest,
        )
    except subprocess.TimeoutExpired:
        return "no end"
    return done.stdout.strip().rpartition("\n")[2]
