"""Runs the tests of the examples and records what runs: ``python record.py EVIDENCE``.

The pages of both example sites show it as their line of proof. The flows of ``states`` need a past: two of their states come
from code that has changed since. So their tests run with an older text of the module first.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
TESTS = {
    "shop": ["test_shop.py", "online/test_online.py"],
    "parts": ["test_parts.py"],
    "mkdocs_build": ["test_build.py"],
}
"""The tests of each example that is recorded as it stands."""

DELETED_CALL = ("    count_cash()\n", "    count_cash()\n    send_report()\n")
CHANGED_STEP = ('"""Give the money back."""\n', '"""Give the money back."""\n    pay()\n')


def record_tests(example: Path, evidence: Path, *tests: str) -> Path:
    """Run tests in an example's folder and return the evidence of them."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--penstock-evidence", str(evidence)]
    finished = subprocess.run([*command, *tests], cwd=example, capture_output=True, text=True, check=False)
    if finished.returncode:
        sys.exit(f"{finished.stdout}\n{finished.stderr}\nThe tests of {example.name} failed.")
    return evidence


def record_states(folder: Path) -> list[Path]:
    """Return the evidence of the flows that show each state of an edge."""
    example = Path(shutil.copytree(HERE / "states", folder / "states"))
    module = example / "states.py"
    today = module.read_text("utf-8")
    module.write_text(today.replace(*DELETED_CALL).replace(*CHANGED_STEP), "utf-8")
    outdated = record_tests(example, folder / "outdated.json", "test_outdated.py")
    evidence = record_tests(example, folder / "states.json", "test_states.py")
    module.write_text(today, "utf-8")
    return [outdated, record_tests(example, evidence, "test_states.py")]


def main(target: Path) -> None:
    """Write the evidence of all examples into one file."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        parts = [record_tests(HERE / name, folder / f"{name}.json", *tests) for name, tests in TESTS.items()]
        merge = [sys.executable, "-m", "penstock", "evidence", "merge", *map(str, [*parts, *record_states(folder)])]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        subprocess.run([*merge, "-o", str(target)], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
