"""Evidence: counted, merged, stored, and read with suspicion."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.check.evidence import (
    DurationSketch,
    Evidence,
    Fact,
    Orphan,
    Period,
    RunTrigger,
    Seen,
    StepTouch,
    Timing,
    Visit,
    dumps,
    load,
    loads,
    merge,
    save,
)
from penstock.check.evidence.checksum import compute_checksum
from penstock.check.evidence.circumstances import Circumstances
from penstock.check.evidence.history import WITNESSES, FileRun, History, LastSeen
from penstock.check.evidence.records import SOURCES
from penstock.check.evidence.touches import VERBS
from penstock.cli.main import main
from penstock.errors import EvidenceError

if TYPE_CHECKING:
    from pathlib import Path

names = st.text(max_size=4)
seen = st.builds(Seen, names, names)
groups = st.frozensets(seen, max_size=3)
counts = st.integers(1, 5)
orphans = st.builds(Orphan, names, seen, st.booleans()) | st.builds(Orphan, names, seen, st.just(value=True), groups)
several = st.frozensets(names, max_size=2)
circumstances = st.builds(Circumstances, several, several, several, st.booleans(), st.booleans())
sketches = st.builds(DurationSketch.of, st.lists(st.integers(0, 2**60), min_size=1, max_size=4))
timings = st.builds(Timing, st.integers(0, 1), sketches)
rows = orphans | st.builds(Fact, names, seen, seen, groups, groups, groups) | st.tuples(names, seen)
tables_of_timings = st.dictionaries(rows, timings, min_size=1, max_size=3)
whole = st.builds(
    Evidence,
    st.dictionaries(st.builds(Fact, names, seen, seen, groups, groups, groups, circumstances), counts, max_size=3),
    st.dictionaries(orphans, counts, max_size=3),
    st.dictionaries(st.tuples(names, seen), counts, max_size=3),
    st.dictionaries(names, st.dates().map(str), max_size=3),
    history=st.builds(
        History,
        st.dictionaries(names, st.builds(FileRun, counts, counts), max_size=2),
        st.dictionaries(names, st.frozensets(names, max_size=2), max_size=2),
        st.dictionaries(
            st.tuples(names, names, names),
            st.builds(LastSeen, names, names, st.sampled_from(WITNESSES), st.frozensets(names, max_size=2)),
            max_size=2,
        ),
        st.dictionaries(names, st.builds(FileRun, counts, counts), max_size=2),
    ),
    meanwhile=st.dictionaries(st.tuples(names, names), several, max_size=3),
    exact=st.booleans(),
    visits=st.dictionaries(
        st.builds(Visit, names, seen, st.none() | seen, groups, groups, groups, several), several, max_size=3
    ),
    touches=st.dictionaries(st.builds(StepTouch, names, seen, st.sampled_from(VERBS), names), counts, max_size=3),
    triggers=st.dictionaries(st.builds(RunTrigger, names, seen, names), counts, max_size=3),
    watched=st.dictionaries(st.tuples(names, seen), several, max_size=3),
    measurements=st.dictionaries(st.sampled_from(SOURCES), tables_of_timings, max_size=2),
    periods=st.dictionaries(st.sampled_from(SOURCES), st.builds(Period, names, names), max_size=2),
)


@st.composite
def with_replaced(draw: st.DrawFn) -> Evidence:
    """Return evidence of which a part was seen only while steps were replaced."""
    found = draw(whole)
    rows = [*found.facts, *found.runs]
    chosen = draw(st.sets(st.sampled_from(rows))) if rows else set()
    return replace(found, replaced={row: draw(st.frozensets(names, min_size=1, max_size=3)) for row in chosen})


evidence = with_replaced()


@given(evidence)
def test_what_is_written_is_read(one: Evidence) -> None:
    """JSON keeps everything, whatever the names are."""
    assert one == loads(dumps(one))


@given(evidence)
def test_equal_evidence_is_equal_text(one: Evidence) -> None:
    """The text is sorted, so version control shows only what changed."""
    parts = (one.facts, one.orphans, one.runs, one.commits, one.replaced, one.meanwhile)
    past = one.history
    turned_history = History(
        *(dict(reversed(each.items())) for each in (past.tests, past.replaced, past.last_seen, past.tests_before))
    )
    more = (one.visits, one.touches, one.triggers, one.watched, one.measurements, one.periods)
    turned = Evidence(
        *(dict(reversed(each.items())) for each in parts),
        one.exact,
        turned_history,
        *(dict(reversed(each.items())) for each in more),
    )
    assert dumps(one) == dumps(turned)


@settings(max_examples=40)
@given(evidence, evidence)
def test_merging_commutes(one: Evidence, other: Evidence) -> None:
    """The order of files does not matter."""
    assert merge([one, other]) == merge([other, one])


@settings(max_examples=40)
@given(evidence, evidence, evidence)
def test_merging_associates(one: Evidence, other: Evidence, third: Evidence) -> None:
    """It does not matter what was merged before."""
    assert merge([merge([one, other]), third]) == merge([one, merge([other, third])])


@given(evidence)
def test_nothing_changes_nothing(one: Evidence) -> None:
    """Empty evidence is the neutral one."""
    assert one == merge([one, Evidence()])


def test_counts_add_up_and_the_last_day_stays() -> None:
    """Equal facts are one, seen as often as both; a commit has the day of its last recording."""
    fact = Fact("f", Seen("b", "1"), Seen("a"))
    first = Evidence({fact: 2}, runs={("f", Seen("a")): 1}, commits={"c": "2026-01-02"})
    second = Evidence({fact: 3}, runs={("f", Seen("a")): 4}, commits={"c": "2026-01-01"})
    expected = Evidence({fact: 5}, runs={("f", Seen("a")): 5}, commits={"c": "2026-01-02"})
    assert expected == merge([first, second])


def content_of(evidence: Evidence) -> dict[str, Any]:
    """Return what a file of a version without a checksum holds."""
    content: dict[str, Any] = {**json.loads(dumps(evidence)), "version": "1.3"}
    del content["checksum"]
    return content


def test_a_file_begins_with_what_it_is(tmp_path: Path) -> None:
    """Format and version come first, then the commits with their days, then one row a line."""
    found = Evidence({Fact("f", Seen("b", "1"), Seen("a")): 2}, commits={"3f2a1c": "2026-11-20"})
    save(found, tmp_path / "new" / "evidence.json")
    assert [
        "{",
        '"format": "penstock-evidence",',
        '"version": "2.0",',
        '"commits": {"3f2a1c": "2026-11-20"},',
        '"exact": false,',
        '"steps": [',
        '  ["f", "a", ""],',
        '  ["f", "b", "1"]',
        "],",
        '"facts": [',
        '  ["f", 1, 0, [], [], [], 2]',
        "],",
        '"replaced": [],',
        '"circumstances": [],',
        '"orphans": [],',
        '"tops": [],',
        '"meanwhile": [],',
        '"runs": [],',
        '"replaced_runs": [],',
        '"tests": [],',
        '"replaced_steps": [],',
        '"last_seen": [],',
        '"tests_before": [],',
        '"test_ids": [],',
        '"visits": [],',
        '"touches": [],',
        '"triggers": [],',
        '"watched": [],',
        '"measurements": [],',
        '"periods": [],',
        f'"checksum": "{compute_checksum(json.loads(dumps(found)))}"',
        "}",
    ] == (tmp_path / "new" / "evidence.json").read_text().splitlines()


def test_later_minor_versions_are_read() -> None:
    """What a later penstock adds is passed over."""
    content = {**json.loads(dumps(Evidence())), "version": "2.9", "more": [1]}
    content["checksum"] = compute_checksum(content)
    assert Evidence() == loads(json.dumps(content))


def test_what_an_earlier_minor_version_reads() -> None:
    """It finds every step that began alone where it looks for them; a file of its own is read today."""
    top, lost = Orphan("f", Seen("b"), True, frozenset({Seen("a")})), Orphan("f", Seen("b"), True)
    content = content_of(Evidence({}, {top: 2, replace(top, done=frozenset()): 1, lost: 4}))
    assert [["f", 1, True, 7]] == content["orphans"]
    del content["tops"]
    assert {lost: 7} == loads(json.dumps({**content, "version": "1.0"})).orphans


def test_files_of_before_have_no_history() -> None:
    """A file of an earlier minor version is read as ever."""
    content = content_of(Evidence({Fact("f", Seen("b"), Seen("a")): 2}))
    for key in (
        "tests",
        "replaced_steps",
        "last_seen",
        "tests_before",
        "test_ids",
        "visits",
        "touches",
        "triggers",
        "watched",
        "measurements",
        "periods",
    ):
        del content[key]
    evidence = loads(json.dumps({**content, "version": "1.2"}))
    assert (History(), {}, {}) == (evidence.history, evidence.visits, evidence.watched)
    assert ({}, {}) == (evidence.measurements, evidence.periods)


@pytest.mark.parametrize(
    "rows",
    [
        {"tests": [["t.py", -1, 0]]},
        {"tests": [["t.py", 1]]},
        {"last_seen": [["f", "a", "b", "guess", "", "", []]]},
        {"last_seen": [["f", "a"]]},
        {"replaced_steps": [["f", [3]]]},
        {"tests_before": 3},
    ],
)
def test_a_damaged_history_is_told(rows: dict[str, object]) -> None:
    """Rows that cannot be are an error, as everywhere in the file."""
    with pytest.raises(EvidenceError, match="the evidence is damaged"):
        loads(json.dumps({**content_of(Evidence()), **rows}))


def test_what_was_replaced_once_and_once_not() -> None:
    """To have been seen as it is outweighs; else all names count, for none of the runs was without any of them."""
    fact, run = Fact("f", Seen("b", "1"), Seen("a")), ("f", Seen("a"))
    one, other = ({fact: frozenset(name), run: frozenset(name)} for name in "xy")
    first, second, clean = (Evidence({fact: 1}, {}, {run: 1}, {}, replaced) for replaced in (one, other, {}))
    both = Evidence({fact: 2}, {}, {run: 2}, {}, {fact: frozenset("xy"), run: frozenset("xy")})
    assert both == merge([first, second])
    assert Evidence({fact: 3}, {}, {run: 3}) == merge([first, clean, second])


def test_what_was_replaced_accuses_nobody_in_older_versions() -> None:
    """They pass over a fact that they would misunderstand, and count the run."""
    fact, run = Fact("f", Seen("b"), Seen("a")), ("f", Seen("a"))
    content = json.loads(dumps(Evidence({fact: 2}, {}, {run: 1}, {}, dict.fromkeys((fact, run), frozenset("cd")))))
    assert ([], [["f", 0, 1]]) == (content["facts"], content["runs"])
    assert [["f", 1, 0, [], [], [], ["c", "d"], 2]] == content["replaced"]
    assert [["f", 0, ["c", "d"]]] == content["replaced_runs"]


def test_older_evidence_makes_all_that_it_is_merged_with_older() -> None:
    """What one part does not tell is not known of the whole; a part that tells nothing at all changes nothing."""
    fact = Fact("f", Seen("b"), Seen("a"))
    older, newer = Evidence({fact: 1}), Evidence({fact: 1}, exact=True)
    assert [False, True, True] == [
        merge(parts).exact for parts in ([older, newer], [newer, newer], [newer, Evidence()])
    ]
    content = {key: value for key, value in content_of(newer).items() if key != "exact"}
    assert older == loads(json.dumps({**content, "version": "1.2"}))


def test_circumstances_are_kept_from_older_versions() -> None:
    """They would take such a fact for one that accuses."""
    fact = Fact("f", Seen("b"), Seen("a"), circumstances=Circumstances(lost=frozenset("x"), alone=True))
    content = json.loads(dumps(Evidence({fact: 2}, replaced={fact: frozenset("y")}, exact=True)))
    assert ([], []) == (content["facts"], content["replaced"])
    assert [["f", 1, 0, [], [], [], ["x"], [], [], False, True, ["y"], 2]] == content["circumstances"]


def test_a_newer_major_version_is_a_clear_error() -> None:
    """A reader says what it reads, and what to do."""
    text = json.dumps({**json.loads(dumps(Evidence())), "version": "3.0"})
    with pytest.raises(EvidenceError, match=r"version 3\.0, this penstock reads up to 2\.x\. Upgrade penstock\."):
        loads(text)


def test_a_byte_order_mark_is_no_harm(tmp_path: Path) -> None:
    """Shells of Windows write one."""
    file = tmp_path / "evidence.json"
    file.write_text(dumps(Evidence()), encoding="utf-8-sig")
    assert Evidence() == load(file)


WHOLE = {"format": "penstock-evidence", "version": "1.0", "commits": {}, "steps": [["f", "a", ""]]}
WHOLE |= {"facts": [], "orphans": [], "runs": []}

HOSTILE = {
    "nothing": "",
    "no JSON": "{",
    "a list": "[]",
    "deep": "[" * 100_000,
    "other": '{"format": "other"}',
    "long number": '{"format": ' + "9" * 10_000 + "}",
}
HOSTILE |= {
    f"{key}: {json.dumps(value)[:40]}": json.dumps({**WHOLE, key: value})
    for key, value in [
        ("version", "2.0"),
        ("version", 1.0),
        ("version", "9" * 5000 + ".0"),
        ("version", "one"),
        ("commits", []),
        ("commits", {"c": 3}),
        ("steps", 3),
        ("steps", [["f", "a"]]),
        ("steps", [["f", ["a"], ""]]),
        ("facts", None),
        ("facts", [["f", 0, 0, [], [], []]]),
        ("facts", [["f", 0, -1, [], [], [], 1]]),
        ("facts", [["f", 0, 1, [], [], [], 1]]),
        ("facts", [["f", 0, 0, [0.5], [], [], 1]]),
        ("facts", [["f", 0, 0, [], [], [], -1]]),
        ("facts", [["f", 0, 0, [], [], [], True]]),
        ("facts", [["f", 0, 0, [], [], [], 1e400]]),
        ("facts", [[{}, 0, 0, [], [], [], 1]]),
        ("orphans", [["f", 0, 1]]),
        ("tops", [["f", 0, [], 1]]),
        ("tops", [["f", 0, 3, 0]]),
        ("runs", [["f", 0, "many"]]),
        ("replaced", [["f", 0, 0, [], [], [], 1]]),
        ("replaced", [["f", 0, 0, [], [], [], "ab", 1]]),
        ("replaced", [["f", 0, 0, [], [], [], [], 1]]),
        ("replaced_runs", [["f", 0, [1]]]),
        ("circumstances", [["f", 0, 0, [], [], [], 1]]),
        ("circumstances", [["f", 0, 0, [], [], [], ["a"], [], [], False, False, 1]]),
        ("circumstances", [["f", 0, 0, [], [], [], ["a"], [], 3, False, False, [], 1]]),
        ("circumstances", [["f", 0, 0, [], [], [], ["a"], [], [], False, False, "b", 1]]),
        ("meanwhile", [["f", "a"]]),
        ("meanwhile", [["f", "a", "b"]]),
        ("test_ids", ["t.py::test"]),
        ("touches", [["f", 0, "reads", "t"]]),
        ("touches", [["f", 0, "eats", "t", 1]]),
        ("touches", [["f", 7, "reads", "t", 1]]),
        ("touches", [["f", 0, "reads", 5, 1]]),
        ("triggers", [["f", 0, "t", -1]]),
        ("watched", [["f", 0, "http"]]),
        ("visits", [["f", 0, [], [], [], [], [0]]]),
        ("visits", [["f", 0, [], [], [], [], [], [0]]]),
        ("visits", [["f", 0, 0, [], [], [], [], []]]),
        ("visits", [["f", 0, [], [], [], [], "ab", []]]),
    ]
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files(text: str, tmp_path: Path) -> None:
    """What is no evidence, or a damaged one, is one error that names the file."""
    file = tmp_path / "evidence.json"
    file.write_text(text)
    with pytest.raises(EvidenceError) as caught:
        load(file)
    assert (file, True) == (caught.value.path, len(str(caught.value)) < 300 + len(str(file)))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None], ids=["no text", "missing"])
def test_files_that_cannot_be_read(content: bytes | None, tmp_path: Path) -> None:
    """The error says why, without a traceback of ours."""
    file = tmp_path / "evidence.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(EvidenceError, match="cannot read the evidence"):
        load(file)


ARROW = Evidence({Fact("f", Seen("b"), Seen("a")): 1}, {}, {("f", Seen("a")): 1}, {"3f2a1c9": "2026-11-20"})
RUN_ONLY = Evidence({}, {Orphan("f", Seen("b"), False): 1}, {("f", Seen("a")): 1})


def merge_files(folder: Path, output: Evidence | None, *parts: Evidence) -> int:
    """Merge files, over one that may be there; return the exit code."""
    files = [folder / f"{number}.json" for number in range(len(parts))]
    for file, part in zip(files, parts, strict=True):
        save(part, file)
    if output is not None:
        save(output, folder / "out.json")
    return main(["evidence", "merge", *map(str, files), "-o", str(folder / "out.json")])


def test_merging_nothing_erases_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What shows no arrow does not take the place of evidence that does; where there is none, it is written."""
    assert 2 == merge_files(tmp_path, ARROW, Evidence(), Evidence({}, RUN_ONLY.orphans))
    assert "the new evidence shows no edge, so " in capsys.readouterr().err
    assert ARROW == load(tmp_path / "out.json")
    assert 0 == merge_files(tmp_path, Evidence(), Evidence())


def test_merging_remembers_what_was_there(tmp_path: Path) -> None:
    """The arrows of the file that is replaced are kept, and those that the parts remember, until one shows them."""
    seen = {("f", "a", "b"): LastSeen("2026-11-20", "3f2a1c9", "call")}
    assert 0 == merge_files(tmp_path, ARROW, RUN_ONLY, RUN_ONLY)
    assert seen == load(tmp_path / "out.json").history.last_seen
    assert 0 == merge_files(tmp_path, Evidence(), replace(RUN_ONLY, history=History(last_seen=seen)), RUN_ONLY)
    assert seen == load(tmp_path / "out.json").history.last_seen
    assert 0 == merge_files(tmp_path, load(tmp_path / "out.json"), ARROW, RUN_ONLY)
    assert {} == load(tmp_path / "out.json").history.last_seen


def test_merging_with_what_is_there(tmp_path: Path) -> None:
    """A file that is merged into itself is one of the parts, and nothing in it has vanished."""
    save(ARROW, tmp_path / "out.json")
    save(RUN_ONLY, tmp_path / "more.json")
    both = [str(tmp_path / name) for name in ("out.json", "more.json")]
    assert 0 == main(["evidence", "merge", *both, "-o", both[0]])
    assert merge([ARROW, RUN_ONLY]) == load(tmp_path / "out.json")


@pytest.mark.parametrize(("gone", "expected"), [("u.py", {"t.py"}), ("t.py u.py", {"t.py", "u.py"})])
def test_merging_where_the_tests_are(
    gone: str, expected: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test file that was deleted is waited for no longer; in a folder without any tests, nothing tells which was."""
    monkeypatch.chdir(tmp_path)
    for name in {"t.py", "u.py"} - {*gone.split()}:
        (tmp_path / name).touch()
    tests = History({"t.py": FileRun(1), "u.py": FileRun(1)})
    assert 0 == merge_files(tmp_path, replace(ARROW, history=tests), RUN_ONLY)
    assert expected == {*load(tmp_path / "out.json").history.tests_before}
