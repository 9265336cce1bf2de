"""The parent half of collecting: starts a Python with a time limit, and reads its results."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock._util import source_paths
from penstock._util.atomic_files import is_file
from penstock._util.subprocesses import run
from penstock._version import __version__
from penstock.collect import import_errors
from penstock.errors import CollectError, ManifestError
from penstock.manifest import lazy
from penstock.manifest.unread_flows import describe_unread, explain_timeout, mark_unread
from penstock.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.collect.plan import CollectPlan
    from penstock.manifest import Manifest

_UNWRITABLE = 73
"""The status with which the child ends where it cannot write its files (``penstock.collect.child.UNWRITABLE``)."""

_READING_GRACE = 5.0
"""Seconds that static analysis may take to finish after its own time limit."""

_GRACE = 3.0
"""Seconds that the child has after its own time limit to report where it hung."""

# Runs before penstock can be imported, on any Python that the user names; so it uses plain, old syntax.
# `python -c` puts the current folder on sys.path, which is unwanted here.
_BOOTSTRAP = """\
import json, sys
if sys.path[:1] == [""]:
    del sys.path[0]
with open(sys.argv[1]) as file:
    request = json.load(file)
sys.path[:] = request["sys_path"] or sys.path
try:
    from penstock.collect.child import main
except Exception as error:
    with open(request["absent"], "w") as file:
        json.dump({"python": sys.version_info[:2], "name": getattr(error, "name", ""), "error": repr(error)}, file)
else:
    main(request)
"""


class Collected(NamedTuple):
    """The result of a child.

    Attributes:
        manifest: Its manifest, without inputs; ``None`` after a failure.
        text: The manifest as JSON text.
        failures: The failed imports.
        files: The files used, absolute.
        folders: The folders searched, with the digests of the names in them.
        site: The folder of its installed packages, or an empty string.
        versions: The versions of the programs involved.
        output: The end of the application's output.
    """

    manifest: Manifest | None = None
    text: str = ""
    failures: tuple[Problem, ...] = ()
    files: tuple[str, ...] = ()
    folders: dict[str, str] = {}  # noqa: RUF012 - never changed
    site: str = ""
    versions: dict[str, str] = {}  # noqa: RUF012 - never changed
    output: str = ""


def collect(plan: CollectPlan) -> Collected:
    """Import the modules in a child and return its results.

    Raises:
        CollectError: The child could not be started, or has no compatible penstock.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder = Path(stack.enter_context(_temporary()))
            request = _request(plan, folder)
            (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
        except OSError as error:
            raise _explain_room(error.strerror or str(error)) from None
        status, output = _run(plan, request, folder / "request.json")
        if Path(request["absent"]).exists():
            raise _absent(plan.python, json.loads(Path(request["absent"]).read_text(encoding="utf-8")))
        if not Path(request["report"]).exists():
            if status == _UNWRITABLE:
                raise _explain_room(output.strip().rpartition("\n")[2])
            if Path(request["declared"]).exists():
                return _unread(plan, request, status)
            return Collected(failures=(_death(plan, request, status, output),), output=output)
        return _result(plan, request, output)


def _explain_room(reason: str) -> CollectError:
    cure = "Free some space there (bytes, inodes, quota), or name a writable folder: TMPDIR=…"
    where = f" in {tempfile.tempdir}" if tempfile.tempdir else ""  # there may be no usable folder at all
    return CollectError(f"there is no room for temporary files{where}: {reason}. {cure}")


def _temporary() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="penstock-", ignore_cleanup_errors=True)


def _request(plan: CollectPlan, folder: Path) -> dict[str, Any]:
    names = ("absent", "declared", "imported", "manifest", "progress", "report", "trace")
    files = {name: str(folder / f"{name}.json") for name in names}
    return {
        **files,
        "sys_path": plan.sys_path,
        "project": str(plan.project),
        "settings_file": plan.settings.file,
        "settings_base": str(plan.settings.base),
        "path": plan.path,
        "modules": plan.modules,
        "setup": plan.setup,
        "mock": plan.mock,
        "service": plan.service,
        "timeout": plan.timeout,
        "reading_timeout": plan.reading_timeout,
        "reading_grace": _READING_GRACE,
        "calls": plan.calls,
    }


def _run(plan: CollectPlan, request: dict[str, Any], file: Path) -> tuple[int | None, str]:
    """Run the child; return its status, or ``None`` if it had to be killed, and the end of its output."""
    # -B: a .pyc made now would hide an edit of the same size within the same second
    command = [plan.python, "-B", "-c", _BOOTSTRAP, str(file)]
    after = 2 * plan.timeout + (plan.reading_timeout + _READING_GRACE if plan.calls else 0)

    def limit() -> float:
        """Return how many seconds the child may take, more once the application is imported."""
        return plan.timeout + _GRACE + (after if Path(request["imported"]).exists() else 0)

    try:
        return run(command, cwd=plan.project, env={**os.environ, **plan.env}, seconds=limit)
    except OSError as error:
        raise CollectError(f"cannot start {plan.python}: {error.strerror}. Check the setting `python`.") from None


def _absent(python: str, report: dict[str, Any]) -> CollectError:
    version = ".".join(map(str, report["python"]))
    if report["python"] < [3, 11]:
        return CollectError(f"{python} is Python {version}, and penstock needs 3.11 or newer. Set `python` to another.")
    if report["name"] == "penstock":
        return CollectError(f"{python} has no penstock. Install it there: {python} -m pip install penstock")
    cure = f"Install this version there: {python} -m pip install penstock=={__version__}"
    return CollectError(f"{python} cannot run its penstock ({report['error']}). {cure}")


def _result(plan: CollectPlan, request: dict[str, Any], output: str) -> Collected:
    report = json.loads(Path(request["report"]).read_text(encoding="utf-8"))
    failures = tuple(
        _problem(
            plan.project,
            failure["module"],
            import_errors.ImportFailure(failure["message"], failure["file"], failure["line"]),
        )
        for failure in report["failures"]
    )
    text = "" if failures else Path(request["manifest"]).read_text(encoding="utf-8")
    return Collected(
        _load_manifest(plan.python, text, report["versions"]["penstock"]) if text else None,
        text,
        failures,
        tuple(report["files"]),
        report["folders"],
        report["site"],
        report["versions"],
        output,
    )


def _load_manifest(python: str, text: str, version: str) -> Manifest:
    try:
        return lazy.loads(text, at_once=version != __version__)
    except ManifestError as error:
        cure = f"Install the same version in both: {python} -m pip install penstock=={__version__}"
        raise CollectError(f"{python} has penstock {version}, this is {__version__}: {error} {cure}") from None


def _problem(project: Path, module: str, failure: import_errors.ImportFailure) -> Problem:
    file = failure.file
    if source_paths.is_own(file, [str(project)]):
        file = source_paths.relative(file, project)
    message = f"cannot import {module}: {failure.message}" if module else failure.message
    return Problem(code="import", message=message, file=file, line=failure.line)


def _death(plan: CollectPlan, request: dict[str, Any], status: int | None, output: str) -> Problem:
    """Return a problem for a child that ended without a report."""
    progress = _read(request["progress"]).splitlines()
    trace = _read(request["trace"])
    if not progress:
        last = " ".join(output.split("\n")[-6:]).strip()
        message = f"{plan.python} ended with status {status} before it could import anything: {last}"
        return _problem(plan.project, "", import_errors.ImportFailure(message))
    last = json.loads(progress[-1])
    place = import_errors.place(_frames(trace if "File " in trace else output), last["roots"])
    is_late = status is None or trace.startswith("Timeout")
    if Path(request["imported"]).exists():
        message = f"it takes longer than {plan.timeout:g} s; increase `timeout`" if is_late else _end(status)
        return _problem(plan.project, "", import_errors.internal(message)._replace(file=place[0], line=place[1]))
    if is_late:
        message = f"it took longer than {plan.timeout:g} s. {import_errors.TOO_LONG}"
    else:
        message = f"{_end(status)} {import_errors.CRASH}"
    return _problem(plan.project, last["module"], import_errors.ImportFailure(message, *place))


def _end(status: int | None) -> str:
    """Return a sentence on how a process ended by itself."""
    if status is not None and status < 0:
        return f"Python was killed by {_signal(-status)}."
    return f"Python ended with status {status} without a message."


def _unread(plan: CollectPlan, request: dict[str, Any], status: int | None) -> Collected:
    """Collect once more without static analysis, because the child ended during it."""
    is_late = status is None or _read(request["trace"]).startswith("Timeout")
    why = explain_timeout(plan.reading_timeout) if is_late else f"{_end(status)} Their edges are not checked."
    result = collect(replace(plan, calls=False))
    if result.manifest is None:
        return result
    flows = tuple(map(mark_unread, result.manifest.flows))
    problems = (*result.manifest.problems, *describe_unread(flows, why))
    return result._replace(manifest=replace(result.manifest, flows=flows, problems=problems))


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _frames(trace: str) -> Iterator[tuple[str, int]]:
    """Yield file and line of the frames written by faulthandler, the innermost first.

    After a crash, the frames of the crashed thread; else those of the main thread, which is listed last.
    """
    threads = re.split(r"^(?=Current thread 0x|Thread 0x)", trace, flags=re.MULTILINE)
    current = [thread for thread in threads if thread.startswith("Current thread")]
    for file, line in re.findall(r'^  File "(.+)", line (\d+)', (current or threads)[-1], flags=re.MULTILINE):
        # faulthandler writes ASCII only, with other letters escaped
        yield file if is_file(file) else file.encode().decode("unicode_escape", errors="replace"), int(line)


def _signal(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
    return f"{name} ({signal.strsignal(number)})"
