"""From a configuration to flows with their proof: what every front end shows, and what it reports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from penstock._commit import commit_of
from penstock._files import stamp_of
from penstock._garbage import collector_paused
from penstock.check.age import is_of_today
from penstock.check.baseline import read, without_ignored, without_known
from penstock.check.causes import with_causes
from penstock.check.contracts import broken
from penstock.check.evidence import Evidence, load
from penstock.check.findings import findings, of_problem
from penstock.check.joining import joined
from penstock.check.unread import is_unread
from penstock.check.verdict import judge
from penstock.collect import collect, input_files, last_good
from penstock.config import evidence_file
from penstock.errors import EvidenceError
from penstock.render.marks import without_proof

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from penstock.check.findings import Finding
    from penstock.config import Config
    from penstock.manifest import Manifest


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Flows, and what is known of their arrows.

    Attributes:
        manifest: The flows; where any witness was asked, with the state of each arrow.
        findings: What does not agree, without what the project accepts.
        known: What the baseline accepts.
        ignored: What is accepted for a reason.
        fault: Why the evidence was left out, or an empty string.
    """

    manifest: Manifest
    findings: tuple[Finding, ...] = ()
    known: tuple[Finding, ...] = ()
    ignored: tuple[Finding, ...] = ()
    fault: str = ""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that fail a check."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def disagreements(self) -> tuple[Finding, ...]:
        """The errors, one a mistake, without the problems of declarations, which every build reports anyway."""
        problems = set(_problems(self.manifest))
        return tuple(joined([finding for finding in self.errors if replace(finding, cause="") not in problems]))


Stamp = tuple[int, int, int] | None
_last: list[tuple[Manifest, tuple[Config, bool, Stamp, Stamp], Proof]] = []
_bare: list[tuple[Manifest, Manifest]] = []


def prove(config: Config, *, calls: bool | None = None, accepted: bool = True) -> Proof:
    """Return the flows that a configuration leads to, held against the witnesses that there are.

    Flows that come from manifests keep the states which they were exported with. As long as nothing changes, the
    answer is the same object.

    Args:
        config: The settings.
        calls: Whether to read the code, too; by default, where there is evidence or the setting `check` wants it.
        accepted: Whether to leave out what the baseline has. Only who reports findings needs one.

    Raises:
        CollectError: Modules could not be imported.
        ConfigError: The baseline cannot be read.
        EvidenceError: The evidence cannot be read.
        ManifestError: A manifest cannot be read, or two contradict each other.
    """
    asked = _asks(config) if calls is None else calls
    made = collect(config, calls=asked)
    known = _stamp(Path(config.baseline)) if config.baseline and accepted else None
    state = config, accepted, _stamp(evidence_file(config)), known
    if _last and _last[0][0] is made and _last[0][1] == state:
        return _last[0][2]
    found = _proof(config, made, _evidence(config), judged=asked, accepted=accepted)
    _last[:] = [(made, state, found)]
    return found


def shown(config: Config) -> Proof:
    """Return what documentation shows: as :func:`prove`, but without proof where that is not wanted or not there.

    Raises:
        CollectError: Modules could not be imported.
        ConfigError: The setting `check` wants a report, and the baseline cannot be read.
        ManifestError: A manifest cannot be read, or two contradict each other.
    """
    try:
        found = prove(config, accepted=config.check != "off")
    except EvidenceError as error:
        found = Proof(manifest=collect(config, calls=True), fault=str(error))
    return found if config.proof else replace(found, manifest=_hidden(found.manifest))


def last_shown(config: Config) -> Manifest | None:
    """Return what documentation showed of the flows when they last could be collected, or ``None``."""
    asked = _asks(config)
    last = last_good(config, calls=asked)
    if last is None:
        return last_good(config, calls=not asked)
    try:
        evidence = _evidence(config)
    except EvidenceError:
        return last
    found = _proof(config, last, evidence, judged=asked, accepted=False)
    return found.manifest if config.proof else _hidden(found.manifest)


def _asks(config: Config) -> bool:
    """Tell whether the witnesses are asked: both or none, so that all front ends say the same of an arrow."""
    return config.check != "off" or _stamp(evidence_file(config)) is not None


def _evidence(config: Config) -> Evidence:
    file = evidence_file(config)
    return load(file) if _stamp(file) else Evidence()


def _hidden(made: Manifest) -> Manifest:
    """Return a manifest without what the witnesses say; the same object for the same one."""
    if not (_bare and _bare[0][0] is made):
        _bare[:] = [(made, replace(made, flows=tuple(map(without_proof, made.flows))))]
    return _bare[0][1]


def _proof(config: Config, made: Manifest, evidence: Evidence, *, judged: bool, accepted: bool) -> Proof:
    if config.manifests or not judged:
        everything = [*_problems(made), *broken(config.contracts, made.flows)]
        return _sorted_out(config, made, everything, evidence, accepted=accepted)
    with collector_paused():  # all of it stays
        judgements = [None if is_unread(flow) else judge(flow, evidence) for flow in made.flows]
    flows = (judgement.flow if judgement else flow for flow, judgement in zip(made.flows, judgements, strict=True))
    proven = replace(made, flows=tuple(flows))
    known = [judgement for judgement in judgements if judgement]
    old = any(judgement.tally.unknown for judgement in known) and _is_old(config, made, evidence)
    everything = [
        *_problems(made),
        *(finding for judgement in known for finding in findings(judgement, old=old)),
        *broken(config.contracts, proven.flows),
    ]
    return _sorted_out(config, proven, everything, evidence, accepted=accepted)


def _is_old(config: Config, made: Manifest, evidence: Evidence) -> bool:
    sources = (file for file in input_files(made, config.project) if file.name != "pyproject.toml")
    return not is_of_today(evidence, evidence_file(config), sources, commit_of(config.project))


def _problems(made: Manifest) -> Iterator[Finding]:
    yield from map(of_problem, made.problems)
    yield from (of_problem(problem, flow.full_name) for flow in made.flows for problem in flow.problems)


def _sorted_out(
    config: Config, manifest: Manifest, found: list[Finding], evidence: Evidence, *, accepted: bool
) -> Proof:
    """Part what is to be reported from what the project accepts."""
    found = with_causes(found, manifest.flows)
    left = tuple(without_ignored(found, config.ignore, config.project / "pyproject.toml"))
    ignored = _without(found, left)
    if not (evidence.facts or evidence.runs):  # what an ignore is for may show as soon as something runs
        left = tuple(finding for finding in left if finding.code != "unmatched-ignore")
    new = tuple(without_known(left, read(Path(config.baseline)))) if accepted and config.baseline else left
    return Proof(manifest=manifest, findings=new, known=_without(left, new), ignored=ignored)


def _without(found: Iterable[Finding], others: Iterable[Finding]) -> tuple[Finding, ...]:
    left_out = set(others)
    return tuple(finding for finding in found if finding not in left_out)


def _stamp(file: Path) -> Stamp:
    try:
        status = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:  # whoever reads it says why; that there is none would be no reason to fail
        return 0, 0, 0
    return stamp_of(status)
