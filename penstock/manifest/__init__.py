"""The manifest: flows as versioned JSON, the input of every documentation engine.

The same flows give the same bytes. ``manifest.schema.json`` beside this module is its JSON Schema.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock._util.atomic_files import read_text, write_atomically
from penstock._util.versioned_json import VersionedFormat
from penstock._version import __version__
from penstock.errors import ManifestError, UnknownFlowError
from penstock.manifest.encoding import encode_json, flow_of, problems_of, require_type
from penstock.manifest.portable_paths import place, place_flow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from penstock.model import Flow, Problem

VERSION = (1, 4)
"""Major and minor version of the format; readers support all minor versions of their major one."""
FORMAT = VersionedFormat(
    name="penstock-manifest",
    version=VERSION,
    subject="manifest",
    cure="write one with: penstock export -o FILE",
    error=ManifestError,
    merge="Write it again: penstock export -o FILE",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The inputs of a manifest, to detect whether it is up to date.

    Attributes:
        files (tuple[tuple[str, str], ...]): Each file that was imported, relative to the project, with the SHA-256 of
            its content.
        folders (tuple[tuple[str, str], ...]): Each folder that was searched for modules, with the SHA-256 of the
            names in it.
        config (str): The SHA-256 of the configuration.
        versions (tuple[tuple[str, str], ...]): Names and versions of the programs involved: python, penstock.
    """

    files: tuple[tuple[str, str], ...] = ()
    folders: tuple[tuple[str, str], ...] = ()
    config: str = ""
    versions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The flows of one service, or of several merged.

    Attributes:
        flows (tuple[Flow, ...]): The flows, by service and name.
        problems (tuple[Problem, ...]): The problems outside every flow.
        service (str): The service's name, or an empty string.
        inputs (Inputs): The inputs of the manifest.
        generator (str): The program that wrote it.
        origins (Mapping[str, str]): The file of each flow of an untrusted manifest, by the flow's full name. It is set
            when manifests are read, and never stored in one: a file could claim to be trusted.
    """

    flows: tuple[Flow, ...] = ()
    problems: tuple[Problem, ...] = ()
    service: str = ""
    inputs: Inputs = Inputs()
    generator: str = f"penstock {__version__}"
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)

    def flow(self, name: str) -> Flow:
        """Return a flow.

        Args:
            name: The flow's name, or ``service/name`` if two services have a flow of that name.

        Raises:
            UnknownFlowError: There is no such flow; the error lists near names and all known ones.
            ManifestError: Several services have a flow of that name.
        """
        candidates = self._by_name.get(name, [])
        exact = [flow for flow in candidates if flow.full_name == name]
        if len(exact or candidates) > 1:
            names = " or ".join(sorted(flow.full_name for flow in candidates))
            raise ManifestError(f"several services have a flow {name!r}; name the service: {names}")
        if not candidates:
            flows = [flow.full_name for flow in self.flows if name in flow.positions]
            hint = f"{name!r} is a step of {' and '.join(map(repr, flows))}." if flows else ""
            raise UnknownFlowError(name, self.names, hint)
        return (exact or candidates)[0]

    @cached_property
    def _by_name(self) -> dict[str, list[Flow]]:
        flows_by_name: dict[str, list[Flow]] = {}
        for flow in self.flows:
            for name in {flow.name, flow.full_name}:
                flows_by_name.setdefault(name, []).append(flow)
        return flows_by_name

    @property
    def names(self) -> tuple[str, ...]:
        """The shortest name of each flow that is not ambiguous, sorted."""
        count = Counter(flow.name for flow in self.flows)
        return tuple(sorted(flow.name if count[flow.name] == 1 else flow.full_name for flow in self.flows))


def build(
    flows: Iterable[Flow],
    problems: Iterable[Problem] = (),
    *,
    project: Path,
    service: str = "",
    inputs: Inputs | None = None,
) -> Manifest:
    """Return the manifest of some flows, with every file relative to the project or to its import folder."""
    root = os.path.realpath(project)
    portable_flows = [place_flow(flow, root, service) for flow in flows]
    return Manifest(
        flows=tuple(sorted(portable_flows, key=lambda flow: (flow.service, flow.name))),
        problems=tuple(sorted((place(problem, root) for problem in problems), key=_problem_order)),
        service=service,
        inputs=inputs or Inputs(),
    )


def merge(manifests: Sequence[Manifest]) -> Manifest:
    """Return one manifest with the flows of several.

    Args:
        manifests: The manifests; equal flows in several of them are one.

    Raises:
        ManifestError: Two manifests of one service (or of none) have different flows of one name.
    """
    if len(manifests) == 1:
        return manifests[0]
    flows: dict[str, Flow] = {}
    for manifest in manifests:
        for flow in manifest.flows:
            stored_flow = flows.setdefault(flow.full_name, flow)
            if stored_flow != flow:
                cure = "Give each manifest its own `service` when you export it."
                raise ManifestError(f"two manifests have different flows named {flow.full_name!r}. {cure}")
    return Manifest(
        flows=tuple(sorted(flows.values(), key=lambda flow: (flow.service, flow.name))),
        problems=tuple(sorted({p for manifest in manifests for p in manifest.problems}, key=_problem_order)),
        service="",
        generator=max((manifest.generator for manifest in manifests), default=""),
    )


def dumps(manifest: Manifest, *, indent: int | None = 2) -> str:
    """Return the manifest as JSON text: keys sorted, a newline at the end.

    Args:
        manifest: The manifest.
        indent: Spaces for each level; ``None`` puts all on one line, which is three times as fast to write.
    """
    content = {
        "format": FORMAT.name,
        "version": ".".join(map(str, VERSION)),
        "generator": manifest.generator,
        "service": manifest.service,
        "flows": manifest.flows,
        "problems": manifest.problems,
        "inputs": input_values(manifest.inputs),
    }
    return f"{encode_json(content, indent)}\n"


def loads(text: str, path: Path | None = None) -> Manifest:
    """Return the manifest in a JSON text.

    Raises:
        ManifestError: The text is not a manifest, is damaged, or has a newer major version.
    """
    content = FORMAT.content(text, path)
    try:
        return _manifest(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ManifestError(f"the manifest is damaged ({error!r}); export it again", path=path) from None


def load(path: Path) -> Manifest:
    """Return the manifest in a file.

    Args:
        path: A file that ``penstock export`` or :func:`save` has written.

    Raises:
        ManifestError: The file cannot be read or is not a manifest.
    """
    try:
        text = read_text(path)
    except OSError as error:
        raise ManifestError(f"cannot read the manifest: {error.strerror}", path=path) from None
    return loads(text, path)


def save(manifest: Manifest, path: Path, *, indent: int | None = 2) -> None:
    """Write a manifest to a file, whole or not at all.

    Args:
        manifest: The manifest.
        path: The file.
        indent: Spaces for each level; ``None`` puts all on one line, which is three times as fast to write.

    Raises:
        OutputError: The file cannot be written.
    """
    write_atomically(path, dumps(manifest, indent=indent).encode())


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the format (draft 2020-12)."""
    text = Path(__file__).with_name("manifest.schema.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def _mapping(value: str | tuple[tuple[str, str], ...]) -> str | dict[str, str]:
    return value if isinstance(value, str) else dict(value)


def versions() -> dict[str, str]:
    """Return the versions in this process, for :class:`Inputs`."""
    return {"penstock": __version__, "python": sys.version.partition(" ")[0]}


def input_values(inputs: Inputs) -> dict[str, str | dict[str, str]]:
    """Return inputs as JSON values."""
    return {input_field.name: _mapping(getattr(inputs, input_field.name)) for input_field in fields(Inputs)}


def inputs_of(content: Mapping[str, Any]) -> Inputs:
    """Decode the inputs encoded by :func:`input_values`.

    Raises:
        KeyError: A value is missing.
        TypeError: A value has the wrong type.
    """
    pairs = {name: tuple(sorted(_texts(content[name], name).items())) for name in ("files", "folders", "versions")}
    return Inputs(config=require_type(content["config"], str, "config"), **pairs)


def _texts(content: Mapping[str, Any], name: str) -> dict[str, str]:
    return {key: require_type(value, str, name) for key, value in content.items()}


def _manifest(content: Mapping[str, Any]) -> Manifest:
    return Manifest(
        flows=tuple(flow_of(flow) for flow in content["flows"]),
        problems=problems_of(content),
        service=require_type(content["service"], str, "service"),
        inputs=inputs_of(content["inputs"]),
        generator=require_type(content["generator"], str, "generator"),
    )


def _problem_order(problem: Problem) -> tuple[str, int, str, str]:
    return problem.file, problem.line, problem.code, problem.message
