"""Manifests as a collection leaves them: flows that are read when somebody looks at them."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, replace

import pytest

from penstock.errors import ManifestError
from penstock.manifest import Manifest, lazy
from penstock.model import Blind, Call, Edge, Flow, Problem, Step

FLOW = Flow(
    name="orders\t\n\ud800",
    title="T",
    tags=("a", "b"),
    steps=(Step(name="a", docstring="One.\n\tTwo.", effects=("db",), entrypoint=True), Step(name="b")),
    edges=(Edge(source="a", target="b", label="if"),),
    problems=(Problem(code="cycle", message="m", file="f.py", line=3),),
)
CODE = replace(
    FLOW, name="read", calls=(Call(source="a", target="b", kind="call"),), blind=(Blind(step="a", reason="exec"),)
)
MADE = Manifest(flows=(FLOW, CODE), problems=(Problem(code="import", message="x"),), service="shop")


def read_again(made: Manifest = MADE) -> Manifest:
    """Return a manifest that was written and read."""
    return lazy.loads(lazy.dumps(made))


def test_nothing_is_lost() -> None:
    """What is read is what was written, whether a flow is compared, copied, pickled, changed or shown first."""
    assert read_again() == MADE
    first = (lambda flow: flow, copy.copy, copy.deepcopy, lambda flow: pickle.loads(pickle.dumps(flow)), replace)
    for change in first:
        assert [FLOW, CODE] == [change(flow) for flow in read_again().flows]
    assert hash(CODE) == hash(read_again().flows[1])
    assert FLOW != read_again().flows[1]


def test_only_what_is_asked_for_is_read() -> None:
    """Names and problems are there at once; steps are read with the first question for one of them."""
    flow = read_again().flows[0]
    assert ("T", FLOW.problems, ()) == (flow.title, flow.problems, flow.calls)
    assert "steps" not in vars(flow)
    assert "a" == flow.step("a").name
    assert "steps" in vars(flow)
    assert not hasattr(flow, "stepps")


def test_a_stored_flow_is_frozen() -> None:
    """A stored flow can no more be changed than any other, before its steps are read and after."""
    flow = read_again().flows[0]
    for _ in range(2):
        with pytest.raises(FrozenInstanceError):
            flow.steps = ()  # type: ignore[misc]
        with pytest.raises(FrozenInstanceError):
            flow.title = ""  # type: ignore[misc]
        assert flow == FLOW


def test_a_changed_copy_has_its_own_digest() -> None:
    """A copy of a stored flow with other values has the digest of these."""
    flow = replace(read_again().flows[0], edges=())
    assert lazy.digest(replace(FLOW, edges=())) == lazy.digest(flow)


def test_threads_ask_at_once() -> None:
    """Whoever asks first, all get the steps."""
    with ThreadPoolExecutor(8) as pool:
        for _ in range(50):
            flow = read_again().flows[0]
            assert [FLOW.steps] * 8 == [*pool.map(lambda asked: asked.steps, [flow] * 8)]


def test_a_digest_is_the_same_before_and_after_reading() -> None:
    """A digest is the same for a flow that was kept and one that was not, and moves with all but what the code says."""
    assert [lazy.digest(FLOW), lazy.digest(CODE)] == [lazy.digest(flow) for flow in read_again().flows]
    assert lazy.digest(CODE) == lazy.digest(replace(CODE, calls=(), blind=()))
    others = [replace(FLOW, title="U"), replace(FLOW, edges=()), replace(FLOW, steps=FLOW.steps[:1], edges=())]
    assert 4 == len({lazy.digest(flow) for flow in [FLOW, *others]})


@pytest.mark.parametrize("broken", ["orders", '{"name": "x"}\t{}\t', '{"name": 3, "problems": []}\t{}\t', "\t\t"])
def test_a_damaged_line_is_an_error_of_the_manifest(broken: str) -> None:
    """A line that is no flow is an error of the manifest, and a damaged part of a flow is one when all is read."""
    head = lazy.dumps(Manifest())
    with pytest.raises(ManifestError, match="the manifest is damaged"):
        lazy.loads(f"{head}{broken}\n")
    with pytest.raises(ManifestError, match="the manifest is damaged"):
        lazy.loads(f'{head}{{"name": "x", "problems": []}}\t{{"steps": [3], "edges": []}}\t\n', at_once=True)


def test_something_else() -> None:
    """Any other text is no manifest."""
    with pytest.raises(ManifestError, match="this is not"):
        lazy.loads("nonsense")
