"""Flows proposed from recordings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from call_texts import record
from penstock.discover.proposal import Choice
from penstock.discover.propose import propose
from penstock.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.discover.recording import Recording

SOURCE = '''
def place(order, paid, gift):
    """Place an order. It is checked first."""
    check(order)
    if paid:
        ship(order)
    else:
        remind(order)
    if gift and order.weight > 3 and order.country in ("de", "fr"):
        wrap(order)


def check(order):
    """Check it."""
    order.a = 1
    order.b = 2


def ship(order):
    """Ship it."""
    order.a = 1
    order.b = 2


def remind(order):
    """Send a mail."""
    order.a = 1
    order.b = 2


def wrap(order):
    """Wrap it up."""
    order.a = 1
    order.b = 2
'''


def arrows(recording: Recording, folder: Path, choice: Choice | None = None, start: str = "m") -> dict[str, list[str]]:
    """Return the steps before each step of the proposed flow."""
    flow = propose(recording, start, choice or Choice(), folder)
    return {step.name: [*step.after] for step in flow.steps}


def test_steps_in_a_row_follow_each_other(tmp_path: Path) -> None:
    """A step comes after the one that ended last before it, in the same step."""
    assert {"m": [], "a": ["m"], "b": ["a"], "c": ["b"]} == arrows(record("m(a b c)"), tmp_path)


def test_a_step_inside_another_comes_after_it(tmp_path: Path) -> None:
    """The nearest step around it is the one before it."""
    assert {"m": [], "a": ["m"], "b": ["a"], "c": ["a"]} == arrows(record("m(a(b) c)"), tmp_path)


def test_branches_have_the_same_step_before_them(tmp_path: Path) -> None:
    """Steps that exclude each other do not follow each other."""
    expected = {"m": [], "a": ["m"], "b": ["a"], "c": ["a"]}
    assert expected == arrows(record("m(a b)", "m(a c)"), tmp_path)


def test_what_overlaps_is_joined(tmp_path: Path) -> None:
    """Steps that run at once have the same step before them, and the next one comes after both."""
    expected = {"m": [], "a": ["m"], "b": ["a"], "c": ["a"], "d": ["b", "c"]}
    assert expected == arrows(record("m(a b|c d)"), tmp_path)


def test_a_step_that_is_left_out_at_times_is_one_way_of_two(tmp_path: Path) -> None:
    """Where a step is missing in some runs, the next one also comes after the step before it."""
    assert {"m": [], "a": ["m"], "b": ["m", "a"]} == arrows(record("m(a b)", "m(b)"), tmp_path)


@pytest.mark.parametrize("call", ["m(a b a b)", "m(a(b(a)))", "m(a a(b))"])
def test_loops_and_recursion_close_no_circle(call: str, tmp_path: Path) -> None:
    """A step that comes around again has arrows from its first time only."""
    assert {"m": [], "a": ["m"], "b": ["a"]} == arrows(record(call), tmp_path)


def test_a_step_that_consumes_a_generator_comes_after_it(tmp_path: Path) -> None:
    """What yields the items stands before what takes them, and after what ran before both."""
    assert {"m": [], "a": ["m"], "read": ["a"], "store": ["read"]} == arrows(record("m(a store(@read))"), tmp_path)


def test_a_helper_that_runs_again_does_not_come_between(tmp_path: Path) -> None:
    """A step comes after the last one that is new, not after one that ran long before, and once more."""
    assert {"m": [], "a": ["m"], "b": ["a"], "c": ["b"]} == arrows(record("m(a b a c)"), tmp_path)


def test_a_generator_comes_before_what_consumes_it(tmp_path: Path) -> None:
    """A generator runs inside its consumer, and stands where it was first asked for an item."""
    assert {"m": [], "pack": ["m"], "send": ["pack"]} == arrows(record("m(@pack send)"), tmp_path)


def test_functions_between_steps_count_as_part_of_the_outer_one(tmp_path: Path) -> None:
    """The arrows go past functions that are no steps."""
    recording, choice = record("m(helper(a) b)"), Choice(dropped=frozenset({"app:helper"}))
    assert {"m": [], "a": ["m"], "b": ["a"]} == arrows(recording, tmp_path, choice)


def test_what_a_step_writes_belongs_to_the_nearest_step(tmp_path: Path) -> None:
    """Effects of functions that are no steps are those of the step around them."""
    recording = record("m(a(store) b)", writes={"store": "sqlite:orders", "b": "mail"})
    flow = propose(recording, "m", Choice(dropped=frozenset({"app:store"})), tmp_path)
    assert [(), ("sqlite:orders",), ("mail",)] == [step.effects for step in flow.steps]


def test_a_task_follows_what_sent_it(tmp_path: Path) -> None:
    """The run of a task, in whatever process, is part of the flow that sends it; one that sends itself is there once."""
    sent = {"send": "celery:app.pack", "pack": "celery:app.pack"}
    recording = record("m(send b)", "pack(count)", writes=sent, triggers={"pack": "celery:app.pack"})
    assert {"m": [], "send": ["m"], "pack": ["send"], "count": ["pack"], "b": ["send"]} == arrows(recording, tmp_path)


@pytest.mark.parametrize(("missing", "sources"), [("a", ["a"]), ("m", ["m", "a"])])
def test_a_run_in_which_a_step_may_be_missing_does_not_show_its_absence(
    missing: str, sources: list[str], tmp_path: Path
) -> None:
    """A run without the step before shows nothing if that step was not watched then; else it does, whatever is missing."""
    recording = record("m(a b)", "m(b)")
    *shapes, last = recording.shapes
    (number,) = [place for place, function in enumerate(recording.functions) if function.name == missing]
    incomplete = replace(recording, shapes=(*shapes, last._replace(missing=(number,))))
    assert {"m": [], "a": ["m"], "b": sources} == arrows(incomplete, tmp_path)


def test_conditions_become_labels(tmp_path: Path) -> None:
    """An arrow has the condition right above the call as its label, if that is short."""
    source = tmp_path / "app.py"
    source.write_text(SOURCE)
    recording = record("place(check ship wrap)", "place(check remind)", source=source)
    flow = propose(recording, "place", Choice(), tmp_path)
    labels = {step.name: dict(step.after) for step in flow.steps}
    expected = {
        "check": {"place": ""},
        "ship": {"check": "if paid"},
        "remind": {"check": "if not paid"},
        "wrap": {"ship": ""},
    }
    assert {"place": {}, **expected} == labels


def test_the_condition_of_a_function_between_steps_counts(tmp_path: Path) -> None:
    """A step that a helper calls has the condition under which the step around it calls the helper."""
    source = tmp_path / "app.py"
    source.write_text(SOURCE)
    recording = record("place(check ship(wrap))", "place(check)", source=source)
    flow = propose(recording, "place", Choice(dropped=frozenset({"app:ship"}), added=frozenset({"app:wrap"})), tmp_path)
    assert {"check": "if paid"} == dict(flow.steps[-1].after)


def test_the_title_is_the_first_sentence_of_the_docstring(tmp_path: Path) -> None:
    """A flow is called as its entrypoint describes itself."""
    source = tmp_path / "app.py"
    source.write_text(SOURCE)
    flow = propose(record("place(check)", source=source), "place", Choice(), tmp_path)
    assert ("place", "Place an order") == (flow.name, flow.title)


def test_the_outermost_call_gives_the_trigger(tmp_path: Path) -> None:
    """What starts the call around an entrypoint starts the flow."""
    recording = record("view(m(a))", triggers={"view": "POST /orders"})
    assert "POST /orders" == propose(recording, "m", Choice(), tmp_path).steps[0].trigger


def test_the_reader_adds_drops_and_renames_steps(tmp_path: Path) -> None:
    """The wishes of the reader go before all scores."""
    wishes = Choice(most=1, added=frozenset({"app:b"}), dropped=frozenset({"app:a"}), names={"app:b": "second"})
    assert {"m": [], "second": ["m"]} == arrows(record("m(a b c)"), tmp_path, wishes)


def test_the_reader_names_the_flow(tmp_path: Path) -> None:
    """The name of the flow is the reader's, also in its evidence."""
    flow = propose(record("m(a)"), "m", Choice(flow="orders"), tmp_path)
    assert ("orders", {"orders"}) == (flow.name, {name for name, _ in flow.evidence.runs} if flow.evidence else set())


def test_steps_with_one_name_have_their_classes_in_front(tmp_path: Path) -> None:
    """No two steps have the same name."""
    steps = arrows(record("m(Mail.send Push.send close)"), tmp_path)
    assert ["m", "Mail.send", "Push.send", "close"] == [*steps]


def test_an_entrypoint_may_be_called_anywhere(tmp_path: Path) -> None:
    """Calls inside other functions are runs, and what is around them does not count."""
    assert {"m": [], "a": ["m"]} == arrows(record("outer(b m(a) c)"), tmp_path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("plase", "--from: no function 'plase' ran. Did you mean 'place'?"),
        ("send", "--from: several functions are called 'send'; name one of app:Mail.send, app:Push.send"),
    ],
)
def test_a_wrong_name_is_explained(name: str, message: str, tmp_path: Path) -> None:
    """The message has the near names, or those to choose from."""
    with pytest.raises(ConfigError) as caught:
        propose(record("place(Mail.send Push.send)"), name, Choice(), tmp_path)
    assert message == str(caught.value)
