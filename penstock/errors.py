"""All errors that penstock raises on purpose: one tree, with the facts as attributes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


def near_names(name: str, known: Iterable[str], limit: int = 3) -> tuple[str, ...]:
    """Return up to ``limit`` of the ``known`` names that resemble ``name``, the nearest first."""
    import difflib  # noqa: PLC0415 - only errors need it, and importing penstock must stay cheap

    names_by_casefold = {candidate.casefold(): candidate for candidate in known}
    matches = difflib.get_close_matches(str(name).casefold(), list(names_by_casefold), n=limit, cutoff=0.6)
    return tuple(names_by_casefold[match] for match in matches)


def did_you_mean(near: Sequence[str]) -> str:
    """Return `` Did you mean 'a' or 'b'?``, or nothing when there is no near name."""
    if not near:
        return ""
    return f" Did you mean {' or '.join(repr(name) for name in near)}?"


class PenstockError(Exception):
    """The root of every error that penstock raises on purpose."""


class DeclarationError(PenstockError, TypeError):
    """A mistake in the call of a decorator, such as ``@flow`` without a name, or a keyword that does not exist."""


class FlowIdError(PenstockError, ValueError):
    """An invalid correlation ID; the message does not repeat it."""


class DuplicateStepError(PenstockError):
    """Two different functions claim one step name in one flow.

    Attributes:
        flow (str): The flow's name.
        step (str): The name that both functions claim.
        first (str): The location of the first function, as ``file:line``.
        second (str): The location of the second function, as ``file:line``.
    """

    def __init__(self, flow: str, step: str, first: str, second: str) -> None:
        self.flow = flow
        self.step = step
        self.first = first
        self.second = second
        super().__init__(flow, step, first, second)

    def __str__(self) -> str:
        return (
            f"flow {self.flow!r} has two steps named {self.step!r}: {self.first} and {self.second}. "
            f"Give one of them another name: @step(name=…)."
        )


class UnknownNameError(PenstockError, LookupError):
    """An unknown name.

    Attributes:
        name (str): The unknown name.
        known (tuple[str, ...]): All known names, sorted.
        near (tuple[str, ...]): The known names that resemble ``name``, the nearest first.
    """

    what = "name"
    whats = "names"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.known = tuple(sorted(known))
        self.near = near_names(name, self.known)
        super().__init__(name, self.known)

    def __str__(self) -> str:
        known_text = f"Known {self.whats}: {', '.join(self.known)}." if self.known else f"There are no {self.whats}."
        return f"there is no {self.what} {self.name!r}.{did_you_mean(self.near)} {known_text}"


class UnknownFlowError(UnknownNameError):
    """An undeclared flow, or something else than its name.

    Attributes:
        hint (str): What the name is instead, in a sentence, or an empty string.
    """

    what = "flow"
    whats = "flows"

    def __init__(self, name: str, known: Iterable[str], hint: str = "") -> None:
        super().__init__(name, known)
        self.hint = hint

    def __str__(self) -> str:
        if not isinstance(self.name, str):
            return self.hint
        if self.known:
            return f"{super().__str__()} {self.hint}".rstrip()
        cure = 'Import the modules that declare them, or name them: [tool.penstock] modules = ["shop.flows"].'
        return f"there is no flow {self.name!r}, and no flow is declared. {cure}"


class UnknownStepError(UnknownNameError):
    """An unknown step of a flow."""

    what = "step"
    whats = "steps"


class UnknownResourceError(UnknownNameError):
    """A resource that no step uses."""

    what = "resource"
    whats = "resources"


class UnknownFormatError(UnknownNameError):
    """An output format that no renderer writes."""

    what = "format"
    whats = "formats"


class ConfigError(PenstockError):
    """A setting that does not exist or has a value of the wrong type.

    Attributes:
        message (str): The mistake and its remedy.
        where (str): The file (and table) of the setting, or an empty string.
        key (str): The setting's name.
    """

    def __init__(self, message: str, *, where: str = "", key: str = "") -> None:
        self.message = message
        self.where = where
        self.key = key
        super().__init__(message)

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class ManifestError(PenstockError):
    """A manifest that cannot be read, or manifests of several services that contradict each other.

    Attributes:
        path (Path | None): The manifest's file, or ``None`` without one.
    """

    def __init__(self, message: str, *, path: Path | None = None) -> None:
        self.path = path
        super().__init__(f"{path}: {message}" if path else message)


class EvidenceError(PenstockError):
    """Evidence that cannot be read.

    Attributes:
        path (Path | None): Its file, or ``None`` without one.
    """

    def __init__(self, message: str, *, path: Path | None = None) -> None:
        self.path = path
        super().__init__(f"{path}: {message}" if path else message)


class UnknownRunError(PenstockError, LookupError):
    """A correlation ID that stands in none of some files.

    Attributes:
        run_id (str): The ID.
        files (tuple[tuple[str, int], ...]): The files, each with the number of lines that were read.
        damage (str): What could not be read, or an empty string.
    """

    def __init__(self, run_id: str, files: Sequence[tuple[str, int]], damage: str = "") -> None:
        self.run_id = run_id
        self.files = tuple(files)
        self.damage = damage
        super().__init__(run_id, self.files, damage)

    def __str__(self) -> str:
        counts = ", ".join(f"{name} ({lines:,} line{'' if lines == 1 else 's'})" for name, lines in self.files)
        cure = "Is it the whole ID, and are these the files of that day? Log lines have it by penstock.contrib.logging."
        return " ".join(filter(None, (f"no run {self.run_id!r} in {counts}.", self.damage and f"{self.damage}.", cure)))


class MarkerError(PenstockError):
    """An invalid marker in a document of ``penstock inject``.

    Attributes:
        message (str): The mistake and its remedy.
        path (Path): The document's file.
        line (int): The marker's line, counted from 1; 0 for the whole file.
    """

    def __init__(self, message: str, path: Path, line: int = 0) -> None:
        self.message = message
        self.path = path
        self.line = line
        super().__init__(message, path, line)

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


class CollectError(PenstockError):
    """The application could not be imported, so there is no manifest.

    Attributes:
        failures (tuple[Problem, ...]): One :class:`~penstock.model.Problem` for each module that failed.
        output (str): The end of the application's output before the failure.
    """

    def __init__(self, message: str, *, failures: Sequence[object] = (), output: str = "") -> None:
        self.failures = tuple(failures)
        self.output = output
        super().__init__(message)


class RenderError(PenstockError):
    """A diagram that could not be drawn."""


class RenderWarning(UserWarning):
    """An incomplete picture: a PNG with boxes, because its font lacks letters."""


class LayoutWarning(RenderWarning):
    """A drawing of a flow that is too large: in plain layers, scaled down, or as a text that Mermaid refuses."""


class MissingExtraError(RenderError, ImportError):
    """A missing optional package that the request needs.

    Attributes:
        what (str): The missing part, in words.
        extra (str): The name of the extra that installs it.
    """

    def __init__(self, what: str, extra: str) -> None:
        self.what = what
        self.extra = extra
        super().__init__(what, extra)

    def __str__(self) -> str:
        return f"{self.what}. Install what is missing: pip install 'penstock[{self.extra}]'"


class LayoutError(RenderError):
    """The layout engine failed or returned an invalid answer; a mere timeout results in a plain drawing instead."""


class OutputError(RenderError, OSError):
    """A file that could not be written; its former content is unchanged."""
