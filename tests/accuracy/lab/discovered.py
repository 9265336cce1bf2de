"""Flows that discover proposes of real applications, beside those that people have declared."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lab.apps import APPS, OUTSIDE, App, fetch
from lab.undeclared import copy_undeclared
from penstock.config import load
from penstock.discover.choice.runs import Runs
from penstock.discover.proposal import Choice
from penstock.discover.propose import propose
from penstock.discover.watched_command import WatchOptions, watch_command
from penstock.discover.writing.outside import write_outside
from penstock.model.resources import Vocabulary
from penstock.proof import prove

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from penstock.discover.proposal import ProposedFlow
    from penstock.discover.recording import Recording
    from penstock.model import Flow

HERE = Path(__file__).parent.parent
EXAMPLES = HERE.parent.parent / "docs" / "examples"

COOKIECUTTER = App(
    "cookiecutter",
    "2.6.0",
    "cookiecutter_flow",
    ("tests", "-o", "addopts="),
    needs=("cookiecutter==2.6.0", "pytest-mock", "freezegun"),
)
HELPDESK = App(
    "django-helpdesk",
    "2.6.1",
    "helpdesk_flow",
    ("desk/desk_day.py", "-p", "no:django"),
    needs=("django-helpdesk==2.6.1",),
)
APPLICATIONS = (*APPS, COOKIECUTTER, HELPDESK)

Pairs = set[tuple[str, str]]


@dataclass(frozen=True)
class Project:
    """An application, ready to run.

    Attributes:
        name: Its name.
        folder: Where it is, and where its tests are started.
        path: Where its modules are imported from.
        packages: Its own packages.
        tests: What pytest is told.
        flows: The flows that people have declared.
    """

    name: str
    folder: Path
    path: tuple[Path, ...]
    packages: tuple[str, ...]
    tests: tuple[str, ...]
    flows: tuple[Flow, ...]


@dataclass(frozen=True)
class Comparison:
    """A proposed flow beside the declared one.

    Attributes:
        name: The application, and the entrypoint.
        proposal: The proposed flow.
        declared: The addresses of the declared steps that ran.
        proposed: Those of the proposed ones.
        arrows: The proposed arrows between common steps.
        wrong: Those among them that no declared way has.
        missed: The declared ones that no proposed way has.
        effects: What common steps are declared to write.
        unnamed: What of it is not proposed.
    """

    name: str
    proposal: ProposedFlow
    declared: frozenset[str]
    proposed: frozenset[str]
    arrows: Pairs
    wrong: Pairs
    missed: Pairs
    effects: Pairs
    unnamed: Pairs

    @property
    def common(self) -> frozenset[str]:
        """The steps that both have."""
        return self.declared & self.proposed


def unpack(folder: Path, name: str) -> Project | None:
    """Return an application by its name; ``None`` where it cannot be downloaded."""
    if (EXAMPLES / name).is_dir():
        copy = copy_undeclared(EXAMPLES / name, folder)
        settings = load(EXAMPLES / name, {})
        flows = prove(replace(settings, modules=(f"{name}.*",)), calls=False).manifest.flows
        return Project(name, copy, (copy,), (name,), (f"test_{name}.py",), flows)
    app = next(app for app in APPLICATIONS if app.name == name)
    unpacked = fetch(app, folder)
    if unpacked is None:
        return None
    source = unpacked / "src" if (unpacked / "src").is_dir() else unpacked
    path = tuple(entry for entry in (source, folder / "needs", OUTSIDE) if entry.is_dir())
    env, setup = {}, ""
    if app is HELPDESK:
        shutil.copytree(HERE / "helpdesk", unpacked / "desk")
        path, env, setup = (*path, unpacked / "desk"), {"DJANGO_SETTINGS_MODULE": "desk_settings"}, "django:setup"
    settings = {"modules": [app.flow], "path": [str(each) for each in path], "env": env, "setup": setup or None}
    settings = {key: value for key, value in settings.items() if value}
    flows = prove(load(folder, settings), calls=False).manifest.flows
    package = "helpdesk" if app is HELPDESK else app.name
    return Project(app.name, unpacked, path, (package,), app.tests, flows)


@contextlib.contextmanager
def _in_folder(project: Project) -> Iterator[None]:
    before = dict(os.environ)
    os.environ["PYTHONPATH"] = os.pathsep.join(map(str, project.path))
    try:
        with contextlib.chdir(project.folder):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _pytest(project: Project, *options: str) -> list[str]:
    quiet = ("-q", "--tb", "no", "-W", "ignore", "-p", "no:cacheprovider")
    return [sys.executable, "-m", "pytest", *quiet, *options, *project.tests]


def watch(project: Project) -> Recording:
    """Run an application's tests, and return what was seen."""
    with _in_folder(project):
        roots = tuple(path for path in project.path if path.is_relative_to(project.folder))
        options = WatchOptions(project=project.folder, roots=roots, packages=project.packages)
        command = ["sh", "-c", 'exec "$0" "$@" >/dev/null', *_pytest(project)]
        recording, _ = watch_command(command, options)
    return recording


def compare(project: Project, recording: Recording) -> list[Comparison]:
    """Return the proposals for the declared flows, each at the entrypoint below which most of its steps ran."""
    return [
        _compare(project, recording, flow, start)
        for flow in project.flows
        if (start := _find_start(recording, flow)) is not None
    ]


def _find_start(recording: Recording, flow: Flow) -> str | None:
    numbers = {function.address: number for number, function in enumerate(recording.functions)}
    addresses = {f"{step.module}:{step.qualname}" for step in flow.steps}
    sizes = {
        address: len(addresses & _list_below(recording, numbers[address]))
        for step in flow.entrypoints
        if (address := f"{step.module}:{step.qualname}") in numbers
    }
    return max(sizes, key=lambda address: sizes[address], default=None)


def _list_below(recording: Recording, number: int) -> set[str]:
    """Return the functions that ran in the runs of one."""
    return {recording.functions[inner].address for inner in Runs(recording, frozenset({number})).functions}


def _compare(project: Project, recording: Recording, flow: Flow, start: str) -> Comparison:
    proposal = propose(recording, start, Choice(), project.folder)
    number = next(number for number, function in enumerate(recording.functions) if function.address == start)
    address = {step.name: f"{step.module}:{step.qualname}" for step in flow.steps}
    declared = (frozenset(address.values()) & _list_below(recording, number)) - {start}
    names = {step.name: step.function.address for step in proposal.steps}
    proposed = frozenset(names.values()) - {start}
    before: dict[str, set[str]] = {step: set() for step in address.values()}
    for edge in flow.edges:
        before[address[edge.target]].add(address[edge.source])
    after = {step.function.address: {names[name] for name in step.after} for step in proposal.steps}
    common = (declared & proposed) | {start}
    arrows = {pair for pair in _contract(after, common) if pair[1] != start}
    wanted = {pair for pair in _contract(before, common) if pair[1] != start}
    declared_effects = {(address[step.name], effect) for step in flow.steps for effect in step.effects}
    effects = {pair for pair in declared_effects if pair[0] in common}
    seen = {(step.function.address, effect) for step in proposal.steps for effect in step.effects}
    return Comparison(
        name=f"{project.name}, {start.partition(':')[2]}",
        proposal=proposal,
        declared=declared,
        proposed=proposed,
        arrows=arrows,
        wrong={pair for pair in arrows if not _leads(before, *pair)},
        missed={pair for pair in wanted if not _leads(after, *pair)},
        effects=effects,
        unnamed={pair for pair in effects if not any(_means(pair, other) for other in seen)},
    )


def _means(declared: tuple[str, str], seen: tuple[str, str]) -> bool:
    """Return whether a proposed effect means the same as a declared one."""
    return declared[0] == seen[0] and Vocabulary().agree(declared[1], seen[1])


def _contract(before: Mapping[str, Collection[str]], kept: Collection[str]) -> Pairs:
    """Return the arrows between some steps, also those past others."""
    pairs: Pairs = set()
    for target in kept:
        waiting, known = list(before.get(target, ())), set[str]()
        while waiting:
            source = waiting.pop()
            if source in known:
                continue
            known.add(source)
            if source in kept:
                pairs.add((source, target))
            else:
                waiting += before.get(source, ())
    return pairs


def _leads(before: Mapping[str, Iterable[str]], source: str, target: str) -> bool:
    waiting, known = [target], set[str]()
    while waiting:
        for name in before.get(waiting.pop(), ()):
            if name == source:
                return True
            if name not in known:
                known.add(name)
                waiting.append(name)
    return False


def check_written(project: Project, comparisons: Iterable[Comparison]) -> list[str]:
    """Write the proposals beside the code, run the tests once more, and return what ``penstock check`` finds then."""
    module, evidence = project.folder.parent / "discovered_flows.py", project.folder.parent / "discovered.json"
    for number, comparison in enumerate(comparisons):
        flow = replace(comparison.proposal, name=f"flow_{number}")
        module.write_bytes(write_outside(flow, module, module.name).new)
    path = (*project.path, module.parent)
    with _in_folder(replace(project, path=path)):
        options = ("-p", "discovered_flows", "--penstock", "--penstock-evidence", str(evidence))
        subprocess.run(_pytest(project, *options), capture_output=True, check=False)
    if not evidence.is_file():
        return ["its tests recorded nothing"]
    settings: dict[str, object] = {"modules": ["discovered_flows"], "path": [str(each) for each in path]}
    settings["reading_timeout"] = 600
    if project.name == HELPDESK.name:
        settings |= {"env": {"DJANGO_SETTINGS_MODULE": "desk_settings"}, "setup": "django:setup"}
    with contextlib.redirect_stdout(io.StringIO()):
        proof = prove(load(module.parent, {**settings, "evidence": str(evidence)}), calls=True)
    return [f"{finding.code} {finding.flow} {finding.arrow or finding.message}" for finding in proof.errors]
