"""Reports: files, a program and a table of what was sent."""

import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from penstock import flow

reports, audits = flow("reports"), flow("audits")
database = sqlite3.connect(":memory:")
database.executescript("CREATE TABLE sent (name); CREATE TABLE audits (name); CREATE TABLE findings (name)")
folder = Path(tempfile.mkdtemp())


@reports.entrypoint
def make_report(name):
    write_table(name)
    convert(name)
    note(name)


@reports.step(after="make_report", effects=["files:*.csv"])
def write_table(name):
    (folder / "report.csv").write_text(name)


@reports.step(after="write_table", effects=["process:python*"])
def convert(name):
    subprocess.run([sys.executable, "-c", ""], check=True)


@reports.step(after="convert", effects=["sqlite:sent"])
def note(name):
    database.execute("INSERT INTO sent VALUES (?)", (name,))


@audits.entrypoint
def audit(name):
    open_audit(name)
    close_audit(name)


@audits.step(after="audit", effects=["sqlite:audits"])
def open_audit(name):
    database.execute("INSERT INTO audits VALUES (?)", (name,))


@audits.step(after="open_audit", effects=["sqlite:findings", "sqlite:audits"])
def close_audit(name):
    database.executemany("INSERT INTO findings VALUES (?)", [(name,)])
    database.execute("UPDATE audits SET name = ?", (name,))


def run():
    make_report("sales")
    audit("sales")
