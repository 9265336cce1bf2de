"""Runs the tests of the Sphinx extension with each version of Sphinx that it supports: ``make versions``.

Each has an environment of its own below ``.venv-versions``. Sphinx 9.0 is missing here, because ``make test`` has it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tools.pythons import find_python

ROOT = Path(__file__).parent.parent
VERSIONS = (("7.4", "3.11"), ("8.2", "3.11"), ("9.1", "3.12"), ("9.2", "3.13"))
"""Versions of Sphinx, each with the Python that runs it."""


def prepare_environment(sphinx: str, python: str) -> Path:
    """Return the Python of a version's environment, made if it is missing or older than what it needs."""
    folder = ROOT / ".venv-versions" / sphinx
    own, ready, needs = folder / "bin" / "python", folder / ".ready", ROOT / "pyproject.toml"
    if not ready.exists() or ready.stat().st_mtime < needs.stat().st_mtime:
        pip = [own, "-m", "pip", "install", "--quiet"]
        subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([*pip, "--upgrade", "pip>=25.1"], check=True)
        wanted = ["--editable", ".[sphinx,pdf]", "--group", "versions", f"sphinx=={sphinx}.*"]
        subprocess.run([*pip, *wanted], check=True, cwd=ROOT)
        ready.touch()
    return own


def run_suite(sphinx: str, version: str, options: list[str]) -> str:
    """Run the tests with one version; return what is wrong, or nothing."""
    python = find_python(version)
    if not python:
        return f"Python {version} is missing: put python{version} on PATH"
    print(f"Sphinx {sphinx} on Python {version}", flush=True)
    try:
        own = prepare_environment(sphinx, python)
    except subprocess.CalledProcessError as error:
        return f"its environment cannot be made: exit code {error.returncode}"
    command = [own, "-m", "pytest", "-q", "--dist", "loadfile", "tests/sphinx", *options]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    return f"its tests failed: exit code {code}" if code else ""


def main() -> None:
    """Run all, tell what is wrong with each, and fail if anything is."""
    wrong = [
        f"Sphinx {sphinx}: {fault}" for sphinx, python in VERSIONS if (fault := run_suite(sphinx, python, sys.argv[1:]))
    ]
    sys.exit("\n".join(wrong) or 0)


if __name__ == "__main__":
    main()
