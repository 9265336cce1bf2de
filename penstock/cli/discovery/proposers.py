"""Finds what proposals are made from: a command to watch, the last recording, recordings of others, or the code."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from penstock._introspection.docstring_summary import title as summarize
from penstock.cli.common_options import fault
from penstock.cli.terminal import tell
from penstock.discover.candidates import list_candidates
from penstock.discover.moved_functions import find_moved_functions
from penstock.discover.others.appmap import read_appmap
from penstock.discover.others.otlp import read_otlp
from penstock.discover.propose import propose
from penstock.discover.recording_file import find_recording_file, load, save
from penstock.discover.static import propose_statically
from penstock.discover.watched_command import WatchOptions, watch_command
from penstock.errors import ConfigError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from penstock.config import Config
    from penstock.discover.proposal import Candidate, Choice, ProposedFlow
    from penstock.discover.recording import Recording

_APPMAP = ".appmap.json"


class Proposer(Protocol):
    """Lists candidates for entrypoints, and proposes the flows that begin there."""

    @property
    def candidates(self) -> Sequence[Candidate]:
        """The functions at which a flow may begin, the likeliest first."""

    def propose(self, start: str, choice: Choice) -> ProposedFlow:
        """Return the flow that begins at a function, by its address or its name.

        Raises:
            PenstockError: There is no such function, or more than one.
        """


@dataclass(frozen=True)
class RecordingProposer:
    """Proposes from what ran.

    Attributes:
        recording: What ran.
        project: The folder that its files count from.
    """

    recording: Recording
    project: Path

    @cached_property
    def candidates(self) -> Sequence[Candidate]:
        """The functions at which a flow may begin, the likeliest first."""
        return list_candidates(self.recording)

    def propose(self, start: str, choice: Choice) -> ProposedFlow:
        """Return the flow that begins at a function."""
        flow = propose(self.recording, start, choice, self.project)
        return replace(flow, title=summarize(flow.title))


@dataclass(frozen=True)
class StaticProposer:
    """Proposes from the code alone.

    Attributes:
        config: The settings, with the modules to read.
    """

    config: Config
    candidates: Sequence[Candidate] = ()

    def propose(self, start: str, choice: Choice) -> ProposedFlow:
        """Return the flow that begins at a function."""
        return propose_statically(self.config, start, choice)


def find_proposer(parsed: argparse.Namespace, config: Config) -> Proposer:
    """Return what makes proposals, as the command line says; a command is watched first.

    Raises:
        ConfigError: The command line contradicts itself, or nothing was seen.
        EvidenceError: A recording cannot be read.
    """
    _refuse_contradictions(parsed)
    if parsed.static:
        return StaticProposer(config)
    recording = _find_recording(parsed, config)
    if not recording.roots:
        raise ConfigError(_explain_nothing(recording, config.project))
    return RecordingProposer(recording, config.project)


def _refuse_contradictions(parsed: argparse.Namespace) -> None:
    if parsed.static and not parsed.start:
        raise ConfigError("name the function at which the flow begins: --from shop.views:place", where="--static")
    if parsed.static and (parsed.watched or parsed.files):
        raise ConfigError("it reads the code only; leave it out to use what ran", where="--static")
    if parsed.watched and parsed.files:
        raise ConfigError("read recordings, or watch a command: not both", where="penstock discover")
    for file in parsed.files:
        if why := fault(file):
            hint = f" To watch a command: penstock discover -- {shlex.join(map(str, parsed.files))}"
            raise ConfigError(f"there is no file {str(file)!r} ({why}).{hint}")


def _find_recording(parsed: argparse.Namespace, config: Config) -> Recording:
    file = find_recording_file(config.project)
    if parsed.watched:
        return _watch(parsed, config, file)
    if parsed.files:
        return _keep(_read_files(parsed.files, config.project), file)
    if not file.exists():
        raise ConfigError("nothing was watched yet. Watch your tests: penstock discover -- pytest")
    return find_moved_functions(load(file), config.project, file.stat().st_mtime)


def _read_files(files: Sequence[Path], project: Path) -> Recording:
    """Return what other tools have recorded.

    Raises:
        ConfigError: The files are of several tools.
        EvidenceError: A file cannot be read.
    """
    maps = [path for path in files if path.name.endswith(_APPMAP)]
    if maps and len(maps) < len(files):
        raise ConfigError("give recordings of AppMap, or of OpenTelemetry: not both", where="penstock discover")
    recording = read_appmap(maps, project) if maps else read_otlp(files)
    for note in recording.notes:
        tell("note", note)
    return recording


def _keep(recording: Recording, file: Path) -> Recording:
    """Save a recording for the next command, unless there is nothing in it."""
    if recording.roots:
        save(recording, file)
    return recording


def _watch(parsed: argparse.Namespace, config: Config, file: Path) -> Recording:
    options = WatchOptions(project=config.project, roots=config.path, packages=tuple(parsed.packages or ()))
    recording, code = watch_command(parsed.watched, options)
    if code:
        tell("note", f"{shlex.join(parsed.watched)} ended with exit code {code}.")
    for note in recording.notes:
        tell("note", note)
    print()
    return _keep(recording, file)


def _explain_nothing(recording: Recording, project: Path) -> str:
    command = shlex.join(recording.command) or "COMMAND"
    return (
        f"no function of the code in {project} ran. Is the code elsewhere? Name its package: "
        f"penstock discover -m PACKAGE -- {command}"
    )
