"""The functions that may be entrypoints."""

from __future__ import annotations

from dataclasses import replace

from call_texts import record
from penstock.discover.candidates import list_candidates
from penstock.discover.choice.runs import Runs


def test_candidates_are_the_outermost_functions() -> None:
    """Each says what started it, how often it ran, how much lies below and what was written there."""
    triggers, writes = {"place": "POST /orders"}, {"save": "postgres:orders", "mail": "mail"}
    recording = record("place(check save)", "place(check)", "ship(mail)", triggers=triggers, writes=writes)
    assert [
        ("place", ("POST /orders",), 2, 2, ("postgres:orders",)),
        ("ship", (), 1, 1, ("mail",)),
    ] == [
        (each.function.name, each.triggers, each.runs, each.below, each.writes) for each in list_candidates(recording)
    ]


def test_what_is_started_from_outside_comes_first() -> None:
    """A small function with a trigger comes before a greater one without."""
    recording = record("main(a b c)", "view(a)", triggers={"view": "GET /"})
    assert ["view", "main"] == [candidate.function.name for candidate in list_candidates(recording)]


def test_wrappers_stand_for_what_they_call() -> None:
    """No decorator reaches a function inside another; the functions that it calls are the candidates."""
    recording = record("wrapper(view(a))", triggers={"wrapper": "GET /"})
    functions = tuple(
        function._replace(qualname=function.qualname.replace("wrapper", "log.<locals>.wrapper"))
        for function in recording.functions
    )
    candidates = list_candidates(replace(recording, functions=functions))
    assert [("view", ("GET /",))] == [(candidate.function.name, candidate.triggers) for candidate in candidates]


def test_a_request_inside_other_code_is_one_run() -> None:
    """A view below the project's own middleware is counted once, as a candidate and as the entrypoint of a flow."""
    recording = record("inner(view(a))", "view(a)", triggers={"view": "GET /"})
    functions = tuple(
        function._replace(qualname=function.qualname.replace("inner", "log.<locals>.inner"))
        for function in recording.functions
    )
    roots = {root._replace(is_inside=bool(root.trigger)): times for root, times in recording.roots.items()}
    recording = replace(recording, functions=functions, roots=roots)
    (candidate,) = list_candidates(recording)
    view = recording.functions.index(candidate.function)
    assert ("view", 1, 1) == (candidate.function.name, candidate.runs, Runs(recording, frozenset({view})).number)
