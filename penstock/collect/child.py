"""The child half of collecting: imports the application and writes its declarations to files.

Only :mod:`penstock.collect.parent` runs this, in a separate Python. Results are written to files as they become known,
so the parent can read them whatever the application does.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import importlib.util
import json
import os
import signal
import sys
import sysconfig
from functools import partial, reduce
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from penstock import manifest
from penstock._resolve import resolution
from penstock._util import source_paths
from penstock._util.atomic_files import is_file, is_folder, write_atomically
from penstock.collect import import_errors, inputs, mock_imports
from penstock.collect.module_names import attributes, import_all, search_path
from penstock.collect.pristine import StandardLibrary
from penstock.errors import OutputError
from penstock.manifest import lazy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from penstock.config.sources import SettingsSource
    from penstock.model import Flow

_LARGEST_DATA = 10 * 2**20
"""Bytes; larger files hold data that no declaration depends on, and hashing them would take long."""

_RARELY = 100_000
"""Objects allocated between two garbage collections: imported objects stay, and the process is short-lived.

With 500 flows, an import takes 2.0 s of processor time so, and 2.5 s otherwise.
"""

_leave = os._exit  # the application's calls are caught, ours are not
_write, _get_pid = os.write, os.getpid  # an application may replace them

UNWRITABLE = 73
"""The exit status where the files for the parent cannot be written; the last line of the output says why."""


class Session:
    """One collection, from the request to the report.

    Attributes:
        request: What to import and how, as :mod:`penstock.collect.parent` wrote it.
        roots: The folders (or files) of the user's own code.
        failures: The failures so far.
        folders: The folders searched for modules, with the digests of the names in them.
        opened: The files opened for reading meanwhile, relative paths made absolute.
    """

    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        self.roots: list[str] = [*request["path"], request["project"]]
        self.failures: list[dict[str, Any]] = []
        self.folders: dict[str, str] = {}
        self.opened: set[str] = set()
        self._pid = _get_pid()
        self._module = ""
        self._library = StandardLibrary()
        self._progress = os.open(request["progress"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def run(self) -> NoReturn:
        """Import everything, write the report and the manifest, and end the process."""
        self._prepare()
        setup = self.request["setup"]
        if not setup or self._attempt(setup, partial(_call, setup)):
            for name in self.request["modules"]:
                self._import(name)
        with self._library.put_library_back():
            self._write_all()
        self._end(0)

    def _write_all(self) -> None:
        Path(self.request["imported"]).touch()
        try:
            if not self.failures:
                self._write_manifest()
        except OutputError:
            raise
        except Exception as error:
            self._fail("", import_errors.internal(import_errors.cause(error)))
        self.report()

    def _prepare(self) -> None:
        gc.set_threshold(_RARELY)
        sys.argv[1:] = []
        sys.addaudithook(self._note_opened)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):  # a print must not fail because its output is not read
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")
        sys.path[:0] = [folder for folder in self.request["path"] if folder not in sys.path]
        mock_imports.install(self.request["mock"])
        for name in ("_exit", "abort"):
            setattr(os, name, self._reporting_exit(f"os.{name}", getattr(os, name)))
        trace = Path(self.request["trace"]).open("w", encoding="utf-8")  # noqa: SIM115 - open until the end
        faulthandler.enable(trace)
        self._limit = partial(faulthandler.dump_traceback_later, exit=True, file=trace)
        self._limit(self.request["timeout"])
        for name in ("SIGTERM", "SIGHUP", "SIGQUIT", "SIGALRM", "SIGXCPU"):
            if hasattr(faulthandler, "register") and hasattr(signal, name):
                faulthandler.register(getattr(signal, name), file=trace, chain=True)

    def _note_opened(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Remember data files: declarations may depend on data that the application reads during its import."""
        if event == "open" and isinstance(arguments[0], str) and arguments[1] in ("r", "rb"):
            self.opened.add(source_paths.absolute(arguments[0]))

    def _reporting_exit(self, name: str, leave: Callable[..., NoReturn]) -> Callable[..., NoReturn]:
        """Return an exit function that reports its caller to the parent first."""

        def report_and_leave(*args: object) -> NoReturn:
            """Report who ended the process, unless a fork ends, then leave it."""
            if _get_pid() == self._pid:  # a fork of the application may end as it likes
                frame = sys._getframe(1)
                with self._library.put_library_back():
                    self._fail(self._module, import_errors.describe_exit(name, frame, self.roots))
                    self.report()
                    _flush()
            leave(*args)

        return report_and_leave

    def _import(self, name: str) -> None:
        self._add_roots(name.partition(".")[0])
        import_all(name, lambda full: self._attempt(full, partial(importlib.import_module, full)), self._note_folder)

    def _note_folder(self, folder: str) -> None:
        self.folders[source_paths.absolute(folder)] = inputs.listing(folder)

    def _add_roots(self, top: str) -> None:
        with contextlib.suppress(Exception):  # a third-party finder may raise anything
            spec = importlib.util.find_spec(top)
            if spec is not None:
                self.roots += list(spec.submodule_search_locations or filter(None, [spec.origin]))

    def _attempt(self, subject: str, action: Callable[[], object]) -> bool:
        """Return whether the action succeeded; any other outcome is recorded as a failure."""
        self._module = subject.partition(":")[0]
        with self._library.put_library_back():
            line = json.dumps({"module": self._module, "setup": ":" in subject, "roots": self.roots})
            _write(self._progress, f"{line}\n".encode())
        ended_well = False
        try:
            action()
            ended_well = True
        except BaseException as error:
            with self._library.put_library_back():
                failure = import_errors.describe_exception(
                    error, self._module, self.roots, Path(self.request["project"]), self._settings()
                )
                self._fail(self._module, failure)
        if _get_pid() != self._pid:  # a fork of the application has come back here
            _leave(0)
        return ended_well

    def _settings(self) -> SettingsSource:
        from penstock.config.sources import SettingsSource  # noqa: PLC0415 - only failures need it

        return SettingsSource({}, Path(self.request["settings_base"]), self.request["settings_file"])

    def _fail(self, module: str, failure: import_errors.ImportFailure) -> None:
        self.failures.append({"module": module, **failure._asdict()})

    def _write_manifest(self) -> None:
        request = self.request
        self._limit(request["timeout"])
        flows, problems = resolution.flows(), resolution.problems()
        gc.freeze()  # they stay until the process ends, which is soon
        gc.disable()  # and so does most of what the analysis makes: it takes a fifth less time, and 2 % more memory
        if request["calls"]:
            Path(request["declared"]).touch()
            self._limit(request["reading_timeout"] + request["reading_grace"])
            from penstock.collect.static_calls import with_calls  # noqa: PLC0415 - most builds have no static analysis

            flows, unread = with_calls(flows, self.roots, request["reading_timeout"])
            problems += unread
            self._limit(request["timeout"])
            Path(request["declared"]).unlink()
            flows = self._mark_unknown_triggers(flows)
        project, service = Path(request["project"]), request["service"]
        application_manifest = manifest.build(flows, problems, project=project, service=service)
        write_atomically(Path(request["manifest"]), lazy.dumps(application_manifest).encode())

    def _mark_unknown_triggers(self, flows: tuple[Flow, ...]) -> tuple[Flow, ...]:
        from penstock.collect.routes import mark_unknown_triggers  # noqa: PLC0415 - as above

        return mark_unknown_triggers(flows, lambda file: source_paths.is_own(source_paths.absolute(file), self.roots))

    def report(self) -> None:
        """Write the outcome to the report file."""
        content = {
            "failures": self.failures,
            "files": sorted({*_module_files(self.roots), *_step_files(), *_data_files(self.opened, self.roots)}),
            "folders": {**_package_folders(self.roots), **self.folders},
            "site": sysconfig.get_path("purelib"),
            "versions": manifest.versions(),
        }
        target = Path(self.request["report"])
        draft = target.with_suffix(".draft")
        draft.write_text(json.dumps(content), encoding="utf-8")
        draft.replace(target)

    def _end(self, status: int) -> NoReturn:
        # Not sys.exit: threads left running by the application would keep the process alive, and its exit
        # handlers would run in a process that they were not written for.
        _flush()
        _leave(status)


def main(request: dict[str, Any]) -> NoReturn:
    """Carry out the request."""
    try:
        Session(request).run()
    except OSError as error:  # of our own files: whatever the application raises is a failure in the report
        _write(2, f"\n{error if isinstance(error, OutputError) else error.strerror}\n".encode(errors="replace"))
        _leave(UNWRITABLE)


def _call(name: str) -> object:
    module, _, function = name.partition(":")
    return reduce(getattr, function.split("."), importlib.import_module(module))()  # type: ignore[operator]


def _module_files(roots: Sequence[str]) -> Iterable[str]:
    for module in list(sys.modules.values()):
        file = None
        with contextlib.suppress(AttributeError):
            file = attributes(module).get("__file__")
        if isinstance(file, str):
            path = source_paths.absolute(file)
            if source_paths.is_own(path, roots):
                yield path


def _data_files(opened: Iterable[str], roots: Sequence[str]) -> Iterable[str]:
    for file in list(opened):
        if file.endswith(".pyc") or not source_paths.is_own(file, roots):
            continue
        with contextlib.suppress(OSError, ValueError):
            path = Path(file)
            if is_file(path) and path.stat().st_size <= _LARGEST_DATA:
                yield file


def _package_folders(roots: Sequence[str]) -> dict[str, str]:
    """Return the folders of the user's own packages: a package may import any of its own modules."""
    folders = (folder for name in list(sys.modules) for folder in search_path(name))
    own = {
        source_paths.absolute(folder) for folder in folders if source_paths.is_own(source_paths.absolute(folder), roots)
    }
    return {folder: inputs.listing(folder) for folder in sorted(own) if is_folder(folder)}


def _step_files() -> Iterable[str]:
    try:
        flows = resolution.flows()
    except Exception:
        return
    for flow in flows:
        for step in flow.steps:
            if Path(step.file).is_absolute():
                yield step.file


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
