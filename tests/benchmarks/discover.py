"""What `penstock discover` costs the command that it watches: processor time of tests with it and without, side by side.

Prints a table in Markdown. Exits with 1 if a limit is passed. Needs Python 3.12 or newer beside this one, or as this one,
and downloads sqlparse, the worst case: a parser, which does nothing but call its own functions.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tarfile
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT / "tests" / "tools")]

from penstock.discover.watched_command import WatchOptions, watch_command  # noqa: E402 - the same
from pythons import find_python  # noqa: E402 - the folder of the tools is put on the path above

ROUNDS = 5
SQLPARSE = "sqlparse==0.6.1"
LIMITS = {"sqlparse": 2.0, "orders": 1.3}

ORDERS = """
import flask, sqlalchemy as sql

metadata = sql.MetaData()
orders = sql.Table("orders", metadata, sql.Column("id", sql.Integer, primary_key=True), sql.Column("part", sql.String))

def make_app(url):
    engine = sql.create_engine(url)
    metadata.create_all(engine)
    app = flask.Flask(__name__)

    @app.post("/orders/<part>")
    def place_order(part):
        check(part)
        with engine.begin() as connection:
            store(connection, part)
        return {"orders": count(engine)}

    return app

def check(part):
    if not part:
        flask.abort(400)

def store(connection, part):
    connection.execute(orders.insert().values(part=part))

def count(engine):
    with engine.connect() as connection:
        return connection.execute(sql.select(sql.func.count()).select_from(orders)).scalar()
"""
TEST = """
import pytest, orders

@pytest.mark.parametrize("number", range(100))
def test_order(tmp_path, number):
    client = orders.make_app(f"sqlite:///{tmp_path}/orders.db").test_client()
    for count in range(1, 6):
        assert {"orders": count} == client.post("/orders/bolt").json
"""


def prepare(folder: Path) -> str:
    """Make an environment and the projects in a folder; return the environment's Python."""
    python = sys.executable if sys.version_info >= (3, 12) else find_python("3.13") or find_python("3.12")
    if not python:
        sys.exit("Python 3.12 or newer is missing: put python3.13 on PATH")
    subprocess.run([python, "-m", "venv", folder / "env"], check=True)
    own = str(folder / "env" / "bin" / "python")
    pip = [own, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "pytest", "flask", "sqlalchemy", "hatchling"], check=True)
    download = ["download", "--no-deps", "--no-build-isolation", "--no-binary", ":all:", "--dest", folder, SQLPARSE]
    subprocess.run([*pip, *download], check=True)
    (archive,) = folder.glob("sqlparse-*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    (folder / archive.name.removesuffix(".tar.gz")).rename(folder / "sqlparse")
    (folder / "orders").mkdir()
    (folder / "orders" / "orders.py").write_text(ORDERS)
    (folder / "orders" / "test_orders.py").write_text(TEST)
    return own


def measure(python: str, project: Path, *, watched: bool) -> float:
    """Return the processor time in seconds of a project's tests."""
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(project)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    os.chdir(project)
    if watched:
        watch_command([*command, "--no-header"], WatchOptions(project=project))
    else:
        subprocess.run(command, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    """Measure both projects; return the exit code."""
    rows, code = [], 0
    with TemporaryDirectory() as name:
        python = prepare(Path(name))
        output = os.dup(1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what the tests print
        for project, limit in LIMITS.items():
            pairs = [
                [measure(python, Path(name, project), watched=watched) for watched in (False, True)]
                for _ in range(ROUNDS)
            ]
            plain, watched = (median(times) for times in zip(*pairs, strict=True))
            rows.append(f"| {project} | {plain:.2f} s | {watched:.2f} s | {watched / plain:.2f} | {limit} |")
            code |= watched / plain > limit
        os.dup2(output, 1)
        os.chdir(ROOT)
    print("| tests of | alone | watched | factor | limit |\n| --- | --: | --: | --: | --: |", *rows, sep="\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
