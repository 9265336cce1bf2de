"""The hooks that projects take from this repository, as pre-commit runs them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOOKS = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"

FLOWS = '''
from penstock import flow

orders = flow("orders")


@orders.entrypoint
def place_order(item):
    """Take an order."""
    ship(item)


@orders.step(after="place_order")
def ship(item):
    """Send the parcel."""
'''


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, as nobody in particular."""
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=600).stdout.strip()


def commit_all(folder: Path) -> str:
    """Commit all that a folder holds, and return the commit."""
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "all")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository that takes both hooks from a copy of this one, with a README that is not fresh yet."""
    hooks, project = tmp_path / "penstock", tmp_path / "project"
    hooks.mkdir()
    project.mkdir()
    shutil.copy(HOOKS, hooks)
    commit = commit_all(hooks)
    (project / ".pre-commit-config.yaml").write_text(
        f"repos:\n  - repo: {hooks}\n    rev: {commit}\n    hooks:\n      - id: penstock-inject\n      - id: penstock-check\n"
    )
    (project / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["flows"]\npath = ["."]\n')
    (project / ".gitignore").write_text(".penstock\n__pycache__\n")
    (project / "flows.py").write_text(FLOWS)
    (project / "README.md").write_text("# Orders\n\n<!-- penstock: orders -->\n<!-- /penstock -->\n")
    commit_all(project)
    return project


def run_hooks(project: Path) -> tuple[int, str]:
    """Stage all, and let pre-commit run what a commit would."""
    git(project, "add", "--all")
    scripts = str(Path(sys.executable).parent)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PYTHON"))}
    environment |= {
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(project.parent / "home"),
    }
    command = [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color", "never"]
    result = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    return result.returncode, result.stdout + result.stderr


def test_the_hooks_write_the_readme_and_check_the_arrows(repository: Path) -> None:
    """A commit stops once, because the README was written, and then goes through until something is wrong."""
    code, said = run_hooks(repository)
    assert (1, True) == (code, "files were modified by this hook" in said)
    assert "    place_order --> ship\n" in (repository / "README.md").read_text()
    code, said = run_hooks(repository)
    assert (0, ["Passed", "Passed"]) == (code, [line.rpartition(".")[2] for line in said.splitlines() if "..." in line])
    (repository / "flows.py").write_text(FLOWS.replace('after="place_order"', 'after="plac_order"'))
    code, said = run_hooks(repository)
    assert 1 == code
    assert "flows.py:" in said
