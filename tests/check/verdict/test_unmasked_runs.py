"""What runs show in which nothing is replaced counts, whatever is replaced in others."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from penstock import observing
from penstock._recording import mock_hooks
from penstock._recording.substitutions import replacements
from penstock.observers.evidence import EvidenceObserver
from verdicts import failures, reported, states

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from penstock.check.evidence import Evidence

BAKERY = """
from penstock import flow

f = flow("f")

@f.entrypoint
def main(verbose=False):
    if verbose:
        banner()
    generate()

@f.step(after="main")
def banner(): ...

@f.step(after=["main", "banner"])
def generate():
    make_dir()
    write()
    hook()

@f.step(after="generate")
def make_dir(): ...

@f.step(after="make_dir")
def hook(): ...

@f.step(after=["make_dir", "hook"])
def write(): ...
"""


@pytest.fixture
def bakery() -> Iterator[Any]:
    """The application, while replacements are watched."""
    made: Any = ModuleType("bakery")
    sys.modules["bakery"] = made
    exec(compile(BAKERY, "bakery.py", "exec"), made.__dict__)
    mock_hooks.watch()
    replacements.learn()
    yield made
    mock_hooks.unwatch()
    mock.patch.stopall()
    del sys.modules["bakery"]


def recorded(*calls: Callable[[], object]) -> Evidence:
    """Return what is recorded of calls."""
    with observing(EvidenceObserver()) as observer:
        assert isinstance(observer, EvidenceObserver)
        for call in calls:
            call()
        return observer.evidence()


def real(bakery: Any) -> Evidence:
    """Return what runs show in which nothing is replaced."""
    return recorded(*[bakery.main] * 20)


STEPS = ("banner", "generate", "make_dir", "hook", "write")
WAYS: dict[str, Callable[[Any, str, pytest.MonkeyPatch], object]] = {
    "patch": lambda _bakery, name, _patch: mock.patch(f"bakery.{name}").start(),
    "patch.object": lambda bakery, name, _patch: mock.patch.object(bakery, name).start(),
    "patch.multiple": lambda _bakery, name, _patch: mock.patch.multiple("bakery", **{name: mock.DEFAULT}).start(),
    "monkeypatch": lambda bakery, name, patch: patch.setattr(bakery, name, lambda: None),
    "by hand": lambda bakery, name, _patch: setattr(bakery, name, lambda: None),
}


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("way", WAYS)
def test_one_mock_silences_nothing(
    way: str, name: str, verbose: bool, bakery: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever step a test replaces, and however, the arrow that no other run shows is refuted by them."""
    shown = real(bakery)
    WAYS[way](bakery, name, monkeypatch)
    masked = recorded(lambda: bakery.main(verbose=verbose))
    expected = {"hook>write": "never-seen"}
    assert expected == failures("f", shown) == failures("f", masked, shown) == failures("f", shown, masked)


@pytest.mark.parametrize("name", STEPS)
def test_in_one_recording(name: str, bakery: Any) -> None:
    """It does not matter whether the runs are recorded in one process, and in what order."""

    def masked() -> None:
        with mock.patch(f"bakery.{name}"):
            bakery.main(verbose=True)

    assert {"hook>write": "never-seen"} == failures("f", recorded(masked, bakery.main, masked, bakery.main))


@pytest.mark.parametrize("name", STEPS)
def test_advice_asks_for_nothing_that_was_done(name: str, bakery: Any) -> None:
    """Where a replaced step has run as it is, the advice is to run what has not."""
    shown = real(bakery)
    with mock.patch(f"bakery.{name}"):
        masked = recorded(lambda: bakery.main(verbose=True))
    ran = {step.step.step for step in shown.facts}
    for finding in reported("f", shown, masked):
        assert not any(f"run {step} itself" in finding.cure for step in ran)


def test_advice_where_both_ends_ran_and_never_together(bakery: Any) -> None:
    """It names what is to run, and what is not to be replaced meanwhile."""
    with mock.patch("bakery.generate"):
        masked = recorded(lambda: bakery.main(verbose=True))
    cures = {finding.arrow: finding.cure for finding in reported("f", real(bakery), masked)}
    assert (
        "Let one test run banner, then generate, while generate is not replaced: pytest --penstock"
        == (cures["banner -> generate"])
    )


def test_an_arrow_that_only_the_replaced_step_could_show(bakery: Any) -> None:
    """Where a step never ran but replaced, what it might do is not known."""
    with mock.patch("bakery.generate"):
        assert {} == failures("f", recorded(bakery.main))
    assert {"main>generate", "banner>generate"} <= states("f", recorded(bakery.main)).keys()
