"""Real applications from the package index, declared from outside and run by their own tests."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lab.redeclared import count_found
from penstock.check.evidence import load as load_evidence
from penstock.check.findings import findings
from penstock.check.verdict import judge
from penstock.config import load
from penstock.model import Edge
from penstock.proof import prove

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable

    from penstock.check.findings import Finding

OUTSIDE = Path(__file__).parent.parent / "outside"


@dataclass(frozen=True)
class App:
    """An application.

    Attributes:
        name: Its name in the package index.
        version: The version that its flow was written for.
        flow: The module in ``outside`` that declares the flow.
        tests: What pytest is told, so that it finds the application's tests.
    """

    name: str
    version: str
    flow: str
    tests: tuple[str, ...]


APPS = (
    App("sqlparse", "0.6.1", "statements_flow", ("tests",)),
    App("mkdocs", "1.6.1", "site_flow", ("mkdocs/tests", "-o", "python_files=*_tests.py")),
)


@dataclass(frozen=True)
class Checked:
    """What the check says of an application.

    Attributes:
        tests: The last line of pytest.
        provenance: What the arrows rest on.
        errors: The findings that fail the check.
        as_tree: The same if the arrows show who calls whom instead, as the runs have it.
        changed: How many changes of its arrows are found, and how many are not, by kind.
        arrows: How many arrows are declared.
        confirmed: How many of them are confirmed.
        ran: The pairs of steps of which one ran inside the other.
        read: The pairs of which the code says that one calls the other.
    """

    tests: str
    provenance: str
    errors: tuple[str, ...]
    as_tree: tuple[str, ...]
    changed: dict[str, Counter[bool]]
    arrows: int
    confirmed: int
    ran: frozenset[tuple[str, str]]
    read: frozenset[tuple[str, str]]


def fetch(app: App, folder: Path) -> Path | None:
    """Download and unpack an application with its tests; ``None`` where there is no package index."""
    wanted = f"{app.name}=={app.version}"
    options = ["--quiet", "--no-binary", ":all:", "--no-deps", "--no-build-isolation", "--dest", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", *options, wanted], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return None
    (archive,) = folder.glob(f"{app.name}-*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / f"{app.name}-{app.version}"


def check(app: App, unpacked: Path) -> Checked:
    """Run an application's tests under ``--penstock``, and return the verdict on its flow."""
    evidence = unpacked.parent / "evidence.json"
    said = _run_tests(app, unpacked, evidence)
    path = [str(OUTSIDE), str(unpacked)]
    config = load(unpacked.parent, {"modules": [app.flow], "path": path, "evidence": str(evidence)})
    proof = prove(config, calls=True)
    (flow,) = proof.manifest.flows
    seen = load_evidence(evidence)
    ran = frozenset((fact.parent.step, fact.step.step) for fact in seen.facts)
    tree = replace(flow, edges=tuple(Edge(source=source, target=target) for source, target in sorted(ran)))
    states = [edge.state for edge in flow.edges if edge.origin == "declared"]
    return Checked(
        tests=said,
        provenance=flow.provenance,
        errors=_shown(proof.findings),
        as_tree=_shown(findings(judge(tree, seen))),
        changed=count_found(flow, seen),
        arrows=len(states),
        confirmed=states.count("confirmed"),
        ran=ran,
        read=frozenset((call.source, call.target) for call in flow.calls if call.kind == "call"),
    )


def _shown(found: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(f"{each.code} {each.arrow or each.message}" for each in found if each.severity == "error")


def _run_tests(app: App, unpacked: Path, evidence: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(unpacked), str(OUTSIDE)])}
    options = ["-q", "-W", "ignore", "-p", app.flow, "-p", "no:cacheprovider", "--penstock"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--penstock-evidence", str(evidence), *app.tests],
        cwd=unpacked,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip().rpartition("\n")[2]
