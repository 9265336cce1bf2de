"""What runs while a test has replaced a step accuses nobody."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from functools import partial, wraps
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from library_app import accused, module, recorded
from penstock import flow, get_flow, observing
from penstock._recording.substitutions import replacements
from penstock.check.evidence.frames import Loose, StepFrame, decode_frames, encode_frames
from penstock.check.verdict.judgement import judge
from penstock.observers.evidence import EvidenceObserver
from penstock.testing import empty_registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from penstock.check.evidence import Evidence


def patched(*args: Any, **kwargs: Any) -> Any:
    """Return a way to replace something, by ``unittest.mock``."""
    return lambda _monkeypatch: mock.patch(*args, **kwargs).start()


def named_like_it() -> Any:
    """Return a stand-in with the name and all attributes of the step."""
    return wraps(sys.modules["app"].charge)(lambda: None)


WAYS: dict[str, tuple[str, Callable[[pytest.MonkeyPatch], object]]] = {
    "patch": ("lend", patched("app.charge")),
    "autospec": ("lend", patched("app.charge", autospec=True)),
    "new": ("lend", patched("app.charge", new=lambda: None)),
    "where it is used": ("lend_here", patched("service.charge")),
    "in its module": ("lend_there", patched("app.charge")),
    "its module": ("lend_there", patched("service.app")),
    "a helper": ("lend", patched("app.pay")),
    "an object": ("lend", lambda _: mock.patch.object(sys.modules["app"], "charge").start()),
    "several": ("lend", lambda _: mock.patch.multiple("app", notify=mock.DEFAULT, charge=mock.DEFAULT).start()),
    "a table": ("lend_by_table", lambda _: mock.patch.dict("app.TABLE", charge=print).start()),
    "another table": ("lend_by_table", patched("app.TABLE", {"charge": print})),
    "a table that is changed later": (
        "lend_by_table",
        lambda _: mock.patch.dict("app.TABLE").start().update(charge=print),
    ),
    "a list": ("lend_in_stages", lambda m: m.setattr("app.STAGES", [print, sys.modules["app"].hand_over])),
    "a method": ("lend_in_shop", patched("service.Shop.count")),
    "a method where it is inherited": ("lend_in_shop", patched("service.Branch.count")),
    "a method of one object": ("lend_in_shop", patched("service.shop.count")),
    "an instance": ("lend_by_office", patched("app.office")),
    "a method of an instance": ("lend_by_office", patched("app.office.charge")),
    "a class": ("lend_by_office", lambda m: m.setattr("app.office", mock.create_autospec(sys.modules["app"].Office)())),
    "setattr": ("lend", lambda m: m.setattr("app.charge", lambda: None)),
    "setattr of a class": ("lend_in_shop", lambda m: m.setattr("service.Shop.count", lambda _: None)),
    "setattr of what is inherited": ("lend_in_shop", lambda m: m.setattr("service.Branch.count", lambda _: None)),
    "setitem": ("lend_by_table", lambda m: m.setitem(sys.modules["app"].TABLE, "charge", lambda: None)),
    "by hand": ("lend", lambda _: setattr(sys.modules["app"], "charge", lambda: None)),
    "by hand, by its name": ("lend", lambda _: setattr(sys.modules["app"], "charge", named_like_it())),
    "by hand where it is used": ("lend_here", lambda _: setattr(sys.modules["service"], "charge", lambda: None)),
    "by hand in a class": ("lend_in_shop", lambda _: setattr(sys.modules["service"].Shop, "count", lambda _: None)),
}


@pytest.fixture
def stopped() -> Iterator[None]:
    """Nothing stays replaced."""
    yield
    mock.patch.stopall()


@pytest.mark.parametrize("way", WAYS)
def test_a_step_that_a_test_replaces(way: str, app: Any, stopped: None) -> None:
    """However it is replaced, what runs without it is no arrow. Were it not known, the same would be one."""
    begin, swap = WAYS[way]
    call = getattr(app, begin, None) or getattr(app.service, begin)
    with pytest.MonkeyPatch.context() as monkeypatch:
        swap(monkeypatch)
        evidence = recorded(call)
        mock.patch.stopall()
    assert {} == accused(evidence)
    assert "undeclared" in accused(replace(evidence, replaced={})).values()


def test_the_same_once_without_replacing_anything(app: Any) -> None:
    """What was seen once as the program does it accuses, whatever else was seen, in whatever order."""
    with mock.patch("app.charge"):
        masked = recorded(app.lend)
    app.charge = lambda: None
    replacements.learn()
    clean = recorded(app.lend)
    expected = {"lend -> hand_over": "undeclared"}
    assert expected == accused(masked, clean) == accused(clean, masked)
    with observing(EvidenceObserver()) as observer:
        assert isinstance(observer, EvidenceObserver)
        for once in (mock.patch("app.charge"), nullcontext(), mock.patch("app.charge")):
            with once:
                app.lend()
        assert expected == accused(observer.evidence())


def test_confirmations_count_while_something_is_replaced(app: Any) -> None:
    """What is declared and runs is confirmed, and what nothing could show says why."""
    with mock.patch("app.charge"):
        flow = judge(get_flow("library"), recorded(app.lend)).flow
    edges = {f"{edge.source}>{edge.target}": (edge.state, edge.note) for edge in flow.edges}
    assert "confirmed" == edges["hand_over>notify"][0]
    assert ("unexercised", "hand_over ran only while a test had replaced charge.") == edges["check>hand_over"]
    assert ("unexercised", "charge did not run in the flow, because a test had replaced it.") == edges["lend>charge"]


def test_what_only_comes_later_is_no_excuse(app: Any) -> None:
    """A test that replaces the last step, as many do, still accuses what is wrong before it."""
    app.charge = lambda: None
    replacements.learn()
    with mock.patch("app.notify"):
        assert {"lend -> hand_over": "undeclared"} == accused(recorded(app.lend))


def test_a_task_that_goes_on_behind_its_run(app: Any) -> None:
    """What was replaced by hand when it ran counts, not what is when the next run ends."""

    async def main() -> None:
        await app.lend_behind()

    def run() -> None:
        charge, app.charge = app.charge, lambda: None
        asyncio.run(main())
        app.charge = charge
        app.lend()

    assert {} == accused(recorded(run))


@pytest.mark.parametrize("how", ["wraps", "side_effect"])
def test_a_spy_replaces_nothing(how: str, app: Any) -> None:
    """Where the step runs nevertheless, what is seen is what the program does."""
    with mock.patch("app.charge", **{how: app.charge}):
        evidence = recorded(app.lend)
    assert {"lend>charge", "charge>check", "lend>hand_over"} <= {
        f"{fact.parent.step}>{fact.step.step}" for fact in evidence.facts if fact not in evidence.replaced
    }


@pytest.mark.parametrize("kind", ["mock", "function", "step"])
def test_what_a_stand_in_calls_shows_nothing(kind: str, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that only the test's stand-in calls confirms no arrow, neither as its head nor as its tail."""
    check = app.check
    stand_ins = {"mock": mock.Mock(side_effect=check), "function": lambda: [check()], "step": check}
    monkeypatch.setattr(app, "charge", stand_ins[kind])
    evidence = recorded(app.lend)
    assert {("lend", "hand_over", ())} == {
        (fact.parent.step, fact.step.step, tuple(each.step for each in fact.done))
        for fact in evidence.facts
        if fact.parent.step == "lend"
    }


def test_a_table_of_overrides(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frameworks have tables of what to call in the place of a function, which is the key."""
    overrides: dict[object, object] = {}
    with mock.patch.dict(overrides, {app.charge: print}):
        assert {"library": {"charge"}} == replacements.now
    monkeypatch.setitem(overrides, app.charge, print)
    assert {"library": {"charge"}} == replacements.now
    monkeypatch.undo()
    assert ({}, {}) == (replacements.now, overrides)


def test_decorators_and_nested_patches(app: Any) -> None:
    """What is replaced twice is replaced until the last one has put it back."""

    @mock.patch("app.charge")
    def decorated(_charge: object) -> Evidence:
        return recorded(app.lend)

    @mock.patch("app.charge")
    class Tests:
        def test_it(self, charge: mock.Mock) -> Evidence:
            found = recorded(app.lend)
            charge.assert_called()
            return found

    assert [{}, {}] == [accused(decorated()), accused(Tests().test_it())]
    with mock.patch("app.charge"):
        with mock.patch("app.charge"), mock.patch("app.notify"):
            assert {"library": {"charge", "notify"}} == replacements.now
        assert {"library": {"charge"}} == replacements.now
        assert {} == accused(recorded(app.lend))
    assert {} == replacements.now


def test_a_coroutine_has_its_step_replaced_in_all_tasks(app: Any) -> None:
    """A test that is a coroutine has its step replaced in all its tasks."""

    @mock.patch("app.charge_later")
    async def decorated(_charge: object) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(app.lend_later())

    assert {} == accused(recorded(lambda: asyncio.run(decorated())))
    assert {} == accused(recorded(lambda: asyncio.run(app.lend_later())))


def test_a_process_that_a_message_reaches(app: Any) -> None:
    """Another process, in which nothing is replaced, hears of it with the steps around."""
    frame = StepFrame("library", "lend", None)
    frame.replaced = frozenset({"charge"})
    rows = json.loads(json.dumps(encode_frames(StepFrame("library", "hand_over", frame))))
    around = decode_frames("library", rows)
    assert around is not None
    assert ("lend", {"charge"}) == (around.parent and around.parent.step, around.replaced)
    frame.replaced = frozenset()
    assert [["lend", []]] == encode_frames(frame)


def test_what_a_message_tells_of_forgotten_frames() -> None:
    """Where those between are forgotten, the process that gets the message knows their names all the same."""
    frame = StepFrame("library", "hand_over", None)
    for step in ("lend", "search", "charge"):
        frame = StepFrame("library", step, frame)
    StepFrame("library", "send", frame).finish()
    cut = StepFrame("library", "note", Loose(frame))
    StepFrame("library", "stamp", cut.parent).finish()
    known, done = frame.collect_finished(), frame.done
    frame = StepFrame("library", "other", None)

    rows = json.loads(json.dumps(encode_frames(cut)))
    around = decode_frames("library", rows)

    assert around is not None
    assert ["note", "charge", "lend", "search", "hand_over"] == [step for step, _ in rows]
    assert (cut.ancestors, {"send", "stamp"}) == (around.ancestors, done)
    assert around.parent is not None
    assert known == around.parent.collect_finished()


def test_frames_that_are_not_forgotten_yet() -> None:
    """While those between are alive, they hear of all that finishes, and of generators that are consumed."""
    outer = StepFrame("library", "hand_over", None)
    between = StepFrame("library", "lend", outer)
    items = StepFrame("library", "items", Loose(StepFrame("library", "search", between)))
    items.pull()
    items.finish()

    assert [{"items"}] * 4 == [between.pulled, between.done, outer.pulled, outer.done]


def test_a_forked_process(app: Any) -> None:
    """A child has what its parent had replaced."""
    with mock.patch("app.charge"):
        reader, writer = os.pipe()
        if not (child := os.fork()):
            replacements.reset_after_fork()
            evidence = recorded(app.lend)
            os.write(writer, json.dumps([accused(evidence), len(evidence.replaced), sorted(replacements.now)]).encode())
            os._exit(0)
        os.waitpid(child, 0)
        assert [{}, 3, ["library"]] == json.loads(os.read(reader, 1000))
    os.close(reader)
    os.close(writer)


def programs(seed: int) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return which steps each step calls, in what order, and what each comes after: every call is explained."""
    chance = random.Random(seed)
    order = ["go", "start", *"abcdefgh"[: chance.randint(3, 8)]]
    calls = {name: chance.choices(order[max(place, 1) + 1 :] or ["a"], k=4) for place, name in enumerate(order[:-2])}
    calls = {name: each[: chance.randint(name in ("go", "start"), 4)] for name, each in calls.items()}
    after: dict[str, list[str]] = {name: [] for name in order[2:]}
    ran: dict[str, set[str]] = {}
    for name in reversed(order):
        ran[name] = {name}.union(*(ran[each] for each in calls.get(name, ())))
    for name, called in calls.items():
        done: set[str] = set()
        for each in called:
            possible = sorted({name, *done} - {each})
            if not set(after[each]) & set(possible):
                after[each].append(chance.choice(possible))
            done |= ran[each]
    return calls, after


@pytest.mark.parametrize("seed", range(0, 200, 10))
def test_right_declarations_are_never_accused(seed: int, app: Any) -> None:
    """Whatever tests replace in a program whose arrows are all right, nothing is wrong that is not without them."""
    for number in range(seed, seed + 10):
        with empty_registry():
            replacing, full = replace_at_random(number)
            assert accused(*replacing).items() <= accused(*full).items()


def replace_at_random(seed: int) -> tuple[list[Evidence], list[Evidence]]:
    """Return what some runs of a program show with steps replaced, and what the same runs show without."""
    calls, after = programs(seed)
    made = module("program", "")
    for name in ("go", "start", *after):
        mark = flow("library").step(after=after[name] or "go", name=name) if name in after else entry(name)
        setattr(made, name, mark(partial(run_all, made, calls.get(name, []))))
    chance, replacing, full = random.Random(seed), [], []
    for _ in range(chance.randint(1, 3)):
        begin = getattr(made, chance.choice(["go", "start"]))
        with ExitStack() as patches:
            for name in chance.sample(sorted(after), chance.randint(0, 3)):
                patches.enter_context(mock.patch(f"program.{name}"))
            replacing.append(recorded(begin))
        full.append(recorded(begin))
    return replacing, full


def run_all(made: Any, names: list[str]) -> None:
    """Call steps of a module by their names."""
    for name in names:
        getattr(made, name)()


def entry(name: str) -> Any:
    """Return what declares an entrypoint."""
    return flow("library").entrypoint(name=name)
