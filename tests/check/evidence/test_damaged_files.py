"""Evidence files that something has changed since they were written."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from penstock.check.evidence import Evidence, Fact, Seen, dumps, load, loads, save
from penstock.errors import EvidenceError

if TYPE_CHECKING:
    from pathlib import Path

A, B, C = (Seen(name, f"{number}f" * 8) for number, name in enumerate("abc"))
EVIDENCE = Evidence(
    {Fact("f", B, A): 2, Fact("f", C, B, frozenset({A})): 1}, {}, {("f", A): 2}, {"3f2a1c": "2026-11-20"}
)


def flip(content: bytes, bit: int) -> bytes:
    """Return bytes with one bit changed."""
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_no_flipped_bit_changes_a_fact_unseen() -> None:
    """Whichever bit of a file is flipped, there is an error, or the same evidence."""
    content = dumps(EVIDENCE).encode()
    unseen = []
    for bit in range(0, len(content) * 8, 7):  # one of nearly each byte, and each of the eight in turn
        with contextlib.suppress(EvidenceError):
            if loads(flip(content, bit).decode("utf-8", "replace")) != EVIDENCE:
                unseen.append(bit)
    assert [] == unseen


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(json.loads(dumps(EVIDENCE)), indent=4),
        json.dumps(json.loads(dumps(EVIDENCE)), sort_keys=True),
        dumps(EVIDENCE).replace("\n", "\r\n"),
        f"\n{dumps(EVIDENCE)}\n\n",
    ],
    ids=["indented", "sorted", "line ends of Windows", "blank lines"],
)
def test_a_formatter_is_no_harm(text: str) -> None:
    """What tools and git do to JSON without changing its meaning is read as before."""
    assert EVIDENCE == loads(text)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('["f", 1, 0, [], [], [], 2]', '["f", 1, 0, [], [], [], 3]'),
        ('"exact": false', '"exact": true'),
        ('["f", "b", "', '["f", "d", "'),
        ("2026-11-20", "2026-11-21"),
        ('"2.0"', '"1.3"'),
        ('"checksum"', '"checksun"'),
    ],
    ids=["count", "exact", "name", "day", "version", "key of the checksum"],
)
def test_an_edited_file_says_what_to_do(before: str, after: str, tmp_path: Path) -> None:
    """An edit by hand is an error with the file, and a way to get right evidence."""
    file = tmp_path / "evidence.json"
    file.write_text(dumps(EVIDENCE).replace(before, after), encoding="utf-8")
    with pytest.raises(EvidenceError, match=r"evidence\.json: the evidence was edited, merged or damaged: .*Record it"):
        load(file)


@pytest.mark.skipif(not shutil.which("git"), reason="there is no git here")
def test_a_merge_conflict_of_git_is_named(tmp_path: Path) -> None:
    """Where git could not merge two files, the error says so and names the command that takes one of them."""
    for name, count in (("base", 1), ("ours", 2), ("theirs", 3)):
        save(Evidence({Fact("f", B, A): count}), tmp_path / name)
    subprocess.run(["git", "merge-file", "ours", "base", "theirs"], cwd=tmp_path, check=False)
    with pytest.raises(EvidenceError, match=r"merge conflict markers.*git checkout --theirs -- FILE, or --ours"):
        load(tmp_path / "ours")


@pytest.mark.skipif(not shutil.which("git"), reason="there is no git here")
def test_a_merge_of_lines_is_not_believed(tmp_path: Path) -> None:
    """Git merges lines that it understands nothing of: a file in which both sides have a part is an error."""
    facts = {Fact("f", Seen(str(number)), A): 1 for number in range(10)}
    for name, more in (("base", {}), ("ours", {Fact("f", Seen("0"), A): 7}), ("theirs", {Fact("f", Seen("9"), A): 7})):
        save(Evidence({**facts, **more}), tmp_path / name)
    text = dumps(Evidence({**facts, Fact("f", Seen("0"), A): 7}))
    subprocess.run(["git", "merge-file", "--ours", "ours", "base", "theirs"], cwd=tmp_path, check=True)
    assert text != (tmp_path / "ours").read_text()
    with pytest.raises(EvidenceError, match="its checksum does not match"):
        load(tmp_path / "ours")


def test_an_older_file_needs_no_checksum() -> None:
    """A file that penstock wrote before there were checksums is read."""
    content = {**json.loads(dumps(EVIDENCE)), "version": "1.3"}
    del content["checksum"]
    assert EVIDENCE == loads(json.dumps(content))
