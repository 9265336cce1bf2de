"""Runs all checks of a project's flows, and sets aside what the project accepts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from penstock._util.git import commit_of
from penstock.check.counted_manifest import CountedManifest
from penstock.check.coverage.tested_edges import note_tests
from penstock.check.evidence.freshness import is_of_today
from penstock.check.findings.baseline import read, without_ignored, without_known
from penstock.check.findings.contracts import find_broken
from penstock.check.findings.finding import findings, of_problem
from penstock.check.findings.grouping import group_by_cause
from penstock.check.findings.resources import find_unknown_routes, find_wrong_uses
from penstock.check.findings.shared_causes import with_causes
from penstock.check.findings.topics import find_unmatched_topics
from penstock.check.gc_pause import collector_paused
from penstock.check.questions.application import Application
from penstock.check.verdict.judgement import judge
from penstock.check.verdict.resource_verdicts import ResourceVerdicts, SeenKinds
from penstock.check.verdict.unknown_triggers import add_unknown_triggers, find_unknown_triggers
from penstock.collect import input_files
from penstock.config import evidence_file
from penstock.manifest.unread_flows import is_unread
from penstock.model.resources import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Self

    from penstock.check.evidence import Evidence
    from penstock.check.findings.finding import Finding
    from penstock.check.verdict.judgement import Judgement
    from penstock.config import Config
    from penstock.config.accepted import Contract, Ignore
    from penstock.manifest import Manifest
    from penstock.model import Flow
    from penstock.model.resource_uses import ResourceUse


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Flows, and the results of their checks.

    Attributes:
        manifest: The flows; with the state of each edge if they were checked.
        findings: The findings that the project does not accept.
        baselined: The findings accepted by the baseline.
        ignored: The findings accepted for a stated reason.
        evidence_error: The reason that the evidence was left out, or an empty string.
    """

    manifest: Manifest
    findings: tuple[Finding, ...] = ()
    baselined: tuple[Finding, ...] = ()
    ignored: tuple[Finding, ...] = ()
    evidence_error: str = ""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that fail a check."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def disagreements(self) -> tuple[Finding, ...]:
        """The errors, one a mistake, without the problems of declarations, which every build reports anyway."""
        problems = set(_problems(self.manifest))
        return tuple(group_by_cause([finding for finding in self.errors if replace(finding, cause="") not in problems]))


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRules:
    """What a check needs to know of a project.

    Attributes:
        project: The project's folder.
        evidence: The file with the evidence, whether it exists or not.
        baseline: The file with the accepted findings, if these are applied.
        contracts: What the project has decided about its flows.
        ignores: The findings accepted for a reason.
        judged: Whether edges are checked here; those of foreign manifests were checked where they were exported.
        numbers_from: The runs that the numbers of steps and edges count.
        words: What the project's own words for effects and triggers stand for.
        is_strict: Whether wrong effects and triggers are errors, where nothing is left in doubt.
    """

    project: Path
    evidence: Path
    baseline: Path | None
    contracts: tuple[Contract, ...]
    ignores: tuple[Ignore, ...]
    judged: bool
    numbers_from: str
    words: tuple[tuple[str, tuple[str, ...]], ...]
    is_strict: bool = False

    @property
    def vocabulary(self) -> Vocabulary:
        """The words for resources."""
        return Vocabulary(dict(self.words))

    @classmethod
    def of(cls, config: Config, *, judged: bool, accepted: bool) -> Self:
        """Return the rules that the settings describe.

        Args:
            config: The settings.
            judged: Whether the code was analysed, so that edges can be checked.
            accepted: Whether to apply the baseline.
        """
        return cls(
            project=config.project,
            evidence=evidence_file(config),
            baseline=Path(config.baseline) if config.baseline and accepted else None,
            contracts=config.contracts,
            ignores=config.ignore,
            judged=judged and not config.manifests,
            numbers_from=config.numbers_from,
            words=tuple(config.effects.items()),
            is_strict=config.effects_check == "error",
        )


def check_flows(manifest: Manifest, evidence: Evidence, rules: CheckRules) -> Proof:
    """Return flows with the state of each edge, and the findings on them.

    Raises:
        ConfigError: The baseline cannot be read.
    """
    if not rules.judged:
        return _accept(manifest, [*_problems(manifest), *_compare_flows(manifest, rules)], evidence, rules)
    with collector_paused():  # 500 flows take 0.13 s so, and 0.15 s otherwise
        judgements = [None if is_unread(flow) else judge(flow, evidence) for flow in manifest.flows]
    flows = (
        note_tests(judgement.flow, evidence) if judgement else flow
        for flow, judgement in zip(manifest.flows, judgements, strict=True)
    )
    known_judgements = [judgement for judgement in judgements if judgement]
    old = any(judgement.tally.unknown for judgement in known_judgements) and _is_old(manifest, evidence, rules)
    judged_uses = _judge_uses(known_judgements, evidence, rules)
    uses_by_flow = {verdicts.flow.full_name: uses for verdicts, uses in judged_uses}
    proven = replace(manifest, flows=tuple(replace(flow, uses=uses_by_flow.get(flow.full_name, ())) for flow in flows))
    everything = [
        *_problems(manifest),
        *(finding for judgement in known_judgements for finding in findings(judgement, old=old)),
        *(
            finding
            for verdicts, uses in judged_uses
            for finding in find_wrong_uses(verdicts, uses, failing=rules.is_strict)
        ),
        *(
            finding
            for flow in manifest.flows
            for finding in find_unknown_routes(flow, _find_unknown(flow, uses_by_flow, rules), failing=rules.is_strict)
        ),
        *_compare_flows(proven, rules),
    ]
    proof = _accept(proven, everything, evidence, rules)
    return replace(proof, manifest=CountedManifest.of(proven, evidence, rules.numbers_from))


def _judge_uses(
    judgements: Sequence[Judgement], evidence: Evidence, rules: CheckRules
) -> list[tuple[ResourceVerdicts, tuple[ResourceUse, ...]]]:
    """Return the verdicts on effects and triggers; none if the evidence is of a time when they were not recorded."""
    if not (evidence.touches or evidence.triggers):
        return []
    kinds = SeenKinds.of(evidence, (judgement.flow for judgement in judgements))
    all_verdicts = [ResourceVerdicts(judgement.flow, evidence, rules.vocabulary, kinds) for judgement in judgements]
    return [
        (verdicts, add_unknown_triggers(verdicts.flow, verdicts.judge(), rules.vocabulary)) for verdicts in all_verdicts
    ]


def _find_unknown(
    flow: Flow, uses_by_flow: Mapping[str, tuple[ResourceUse, ...]], rules: CheckRules
) -> tuple[ResourceUse, ...]:
    return find_unknown_triggers(flow, uses_by_flow.get(flow.full_name, ()), rules.vocabulary)


def _compare_flows(manifest: Manifest, rules: CheckRules) -> Iterator[Finding]:
    """Yield the findings that need all flows at once."""
    yield from find_broken(rules.contracts, manifest.flows, rules.vocabulary)
    yield from find_unmatched_topics(Application(manifest.flows, rules.vocabulary))


def _is_old(manifest: Manifest, evidence: Evidence, rules: CheckRules) -> bool:
    sources = (file for file in input_files(manifest, rules.project) if file.name != "pyproject.toml")
    return not is_of_today(evidence, rules.evidence, sources, commit_of(rules.project))


def _problems(manifest: Manifest) -> Iterator[Finding]:
    yield from map(of_problem, manifest.problems)
    yield from (of_problem(problem, flow) for flow in manifest.flows for problem in flow.problems)


def _accept(manifest: Manifest, all_findings: list[Finding], evidence: Evidence, rules: CheckRules) -> Proof:
    """Separate the findings to report from those that the project accepts."""
    all_findings = with_causes(all_findings, manifest.flows)
    rest = tuple(without_ignored(all_findings, rules.ignores, rules.project / "pyproject.toml"))
    ignored_findings = _without(all_findings, rest)
    if not (evidence.facts or evidence.runs):  # an ignored finding may appear as soon as there is evidence
        rest = tuple(finding for finding in rest if finding.code != "unmatched-ignore")
    new = tuple(without_known(rest, read(rules.baseline))) if rules.baseline else rest
    return Proof(manifest=manifest, findings=new, baselined=_without(rest, new), ignored=ignored_findings)


def _without(all_findings: Iterable[Finding], others: Iterable[Finding]) -> tuple[Finding, ...]:
    left_out = set(others)
    return tuple(finding for finding in all_findings if finding not in left_out)
