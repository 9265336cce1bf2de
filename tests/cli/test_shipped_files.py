"""What ships with the wheel: examples, pages of the reference, and the scripts of shells."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_wheel_has_the_examples_and_the_reference(tmp_path: Path) -> None:
    """From a fresh environment, `penstock example` copies an application that runs, and `penstock explain` explains."""
    environment, app = tmp_path / "venv", tmp_path / "app"
    build = ["-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path]
    subprocess.run([sys.executable, *build], cwd=ROOT, capture_output=True, check=True, timeout=300)
    [wheel] = tmp_path.glob("penstock-*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True, timeout=300)
    python = environment / "bin" / "python"
    install = ["-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel]
    subprocess.run([sys.executable, *install], check=True, timeout=300)

    def run(*arguments: object) -> str:
        """Return what a command prints in the copied example."""
        words = [python, "-m", *map(str, arguments)]
        cwd = app if app.exists() else tmp_path
        done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=True, timeout=300)
        return done.stdout + done.stderr

    assert "cd app" in run("penstock", "example", "shop", "app")
    assert "order_processing\nshipping\n" == run("penstock", "list", "-f", "names")
    assert "confirmed" in run("shop")
    assert "`@flow`" in run("penstock", "explain", "unmarked")
    assert "complete -F _penstock penstock" in run("penstock", "completion", "bash")
