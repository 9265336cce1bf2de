"""Collects the flows of a git revision: in a temporary worktree, with the revision's own configuration."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from penstock.config import load
from penstock.config.sources import COMMAND_LINE
from penstock.errors import CollectError, ConfigError, PenstockError, did_you_mean, near_names
from penstock.proof import prove

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.config import Config
    from penstock.manifest import Manifest

PREFIX = "penstock-diff-"
_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR")
"""Variables that git sets for its hooks; they would direct the worktree to the wrong place."""


class RevisionRequest(NamedTuple):
    """The location and the options of a collection.

    Attributes:
        folder: The folder in or above which ``pyproject.toml`` is searched.
        base: The base folder of relative paths.
        modules: The modules of the command line, if it names any.
        path: The folders of the command line, if it names any.
        python: The current interpreter, which imports the revision.
    """

    folder: Path
    base: Path
    modules: list[str] | None = None
    path: list[str] | None = None
    python: str | None = None


def flows_at(revision: str, asked: RevisionRequest, *, calls: bool | None = None) -> Manifest:
    """Return the flows of a git revision, checked against the revision's evidence.

    Args:
        revision: The name of the revision.
        asked: The location and the options of the collection.
        calls: Whether to analyse the code, too; by default, as for :func:`penstock.proof.prove`.

    Raises:
        ConfigError: There is no git, no repository or no such revision, or its configuration is wrong.
        CollectError: A module of the revision could not be imported.
    """
    repository = _Repository.around(asked.folder, revision)
    commit = repository.commit(revision)
    with repository.worktree(commit) as tree:
        try:
            config = _config(asked, repository.root, tree)
            manifest = prove(config, calls=calls, accepted=False).manifest
        except PenstockError as error:
            message = str(error).replace(f"{tree}{os.sep}", "")
            raise type_of(error)(f"{revision} ({commit[:10]}): {message}") from None
        _check_own(manifest, config.project, repository.root, revision)
        return manifest


def type_of(error: PenstockError) -> type[CollectError | ConfigError]:
    """Return the error type to raise for an error in a revision."""
    return CollectError if isinstance(error, CollectError) else ConfigError


def _config(request: RevisionRequest, root: Path, tree: Path) -> Config:
    """Return the revision's own configuration, with the current interpreter."""
    folder = _map_to_worktree(request.folder, root, tree)
    if not folder.is_dir():
        raise ConfigError(f"there is no folder {folder.relative_to(tree).as_posix()!r} in it")
    overrides = {
        "modules": request.modules,
        "path": [str(_map_to_worktree(request.base / part, root, tree)) for part in request.path]
        if request.path
        else None,
        "python": request.python or sys.executable,
    }
    config = load(folder, overrides, where=COMMAND_LINE, base=_map_to_worktree(request.base, root, tree))
    if not config.project.is_relative_to(tree) or not (config.modules or config.manifests):
        raise ConfigError("it configures no modules. Add [tool.penstock] to its pyproject.toml, or name them here: -m")
    # an editable installation of this checkout is imported from the revision instead
    own = [_map_to_worktree(Path(entry), root, tree) for entry in sys.path if _is_source(Path(entry or "."), root)]
    path = dict.fromkeys((*config.path, *(entry for entry in own if entry.is_dir())))
    return replace(config, path=tuple(path), python=request.python)


def _is_source(entry: Path, root: Path) -> bool:
    """Return whether an entry of ``sys.path`` is code of this checkout, outside environments."""
    path = Path(os.path.abspath(entry))  # noqa: PTH100 - a link stays a link
    return path.is_relative_to(root) and not path.is_relative_to(sys.prefix)


def _map_to_worktree(path: Path, root: Path, tree: Path) -> Path:
    """Return the same path in the worktree, if it is in the repository."""
    real = Path(os.path.realpath(path))
    return tree / real.relative_to(root) if real.is_relative_to(root) else path


def _check_own(manifest: Manifest, project: Path, root: Path, revision: str) -> None:
    """Refuse flows from the current checkout: they would never differ."""
    for name, _ in manifest.inputs.files:
        file = Path(os.path.realpath(project / name))
        ours = file.is_relative_to(sys.prefix) or file.is_relative_to(Path(__file__).parent.parent)
        if file.is_relative_to(root) and not ours:
            cure = 'Name the folder of the sources, so that it comes first: [tool.penstock] path = ["src"]'
            raise ConfigError(f"{revision}: {file} was imported from the checkout of today. {cure}")


class _Repository(NamedTuple):
    root: Path

    @classmethod
    def around(cls, folder: Path, revision: str) -> _Repository:
        """Return the repository of a folder."""
        if shutil.which("git") is None:
            raise ConfigError(f"{revision!r} is not a file, and git is not installed to look it up as a revision")
        done = _git(folder, "rev-parse", "--show-toplevel")
        if done.returncode:
            error_lines = done.stderr.strip().splitlines()[:1]
            reason = f"{folder} is in no git repository" if "not a git" in done.stderr else " ".join(error_lines)
            cure = "Name two manifests instead: penstock export -o old.json"
            raise ConfigError(f"{revision!r} is no file, and {reason}. {cure}")
        return cls(Path(os.path.realpath(done.stdout.rstrip("\n"))))

    def commit(self, revision: str) -> str:
        """Return the commit of a revision."""
        done = _git(self.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if done.returncode == 0:
            return done.stdout.strip()
        if ".." in revision:
            first, _, second = revision.partition("..")
            hint = f" A range is two revisions: penstock diff {first} {second.lstrip('.')}".rstrip()
        else:
            hint = did_you_mean(near_names(revision, self._names())) or self._depth()
        raise ConfigError(f"there is neither a file nor a git revision {revision!r}.{hint}")

    def _names(self) -> list[str]:
        return _git(self.root, "for-each-ref", "--format=%(refname:short)").stdout.split("\n")

    def _depth(self) -> str:
        shallow = _git(self.root, "rev-parse", "--is-shallow-repository").stdout.strip() == "true"
        return " This clone is shallow; fetch the revision first: git fetch --unshallow" if shallow else ""

    @contextlib.contextmanager
    def worktree(self, commit: str) -> Iterator[Path]:
        """Check a commit out in a temporary folder, which is removed in any case."""
        self._sweep()
        with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-") as name:
            tree = Path(os.path.realpath(name)) / "tree"
            try:
                done = _git(
                    self.root,
                    "-c",
                    f"core.hooksPath={os.devnull}",
                    "worktree",
                    "add",
                    "--detach",
                    "--quiet",
                    str(tree),
                    commit,
                )
                if done.returncode:
                    raise ConfigError(f"git cannot check {commit[:10]} out: {done.stderr.strip()}")
                yield tree
            finally:
                self._remove(tree)

    def _remove(self, tree: Path) -> None:
        shutil.rmtree(tree, ignore_errors=True)
        _git(self.root, "worktree", "prune", "--expire=now")

    def _sweep(self) -> None:
        """Remove worktrees left behind by killed processes."""
        listing = _git(self.root, "worktree", "list", "--porcelain").stdout
        for line in listing.splitlines():
            folder = Path(line.removeprefix("worktree ")).parent
            process = folder.name.removeprefix(PREFIX).partition("-")[0]
            if folder.name.startswith(PREFIX) and process.isdecimal() and not _is_alive(int(process)):
                shutil.rmtree(folder, ignore_errors=True)
                _git(self.root, "worktree", "prune", "--expire=now")


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in _HOOKS}
    return subprocess.run(
        ["git", "-C", str(folder), *arguments],  # noqa: S607 - whichever git the user has
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env={**environment, "LC_ALL": "C"},
        check=False,
    )


def _is_alive(process: int) -> bool:
    if os.name == "nt":  # signal 0 does not test for existence there
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
