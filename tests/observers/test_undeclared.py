"""Ways that no arrow declares, counted while they happen."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from penstock import flow, get_flow, observing
from penstock.observers.undeclared import OTHER_WAYS, UndeclaredObserver, UndeclaredWay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Shop:
    """A flow whose steps call what they are given."""

    def __init__(self) -> None:
        orders = flow("orders")
        self.go = orders.entrypoint(name="go")(self.call)
        self.check = orders.step(after="go", name="check")(self.call)
        self.charge = orders.step(after="check", name="charge")(self.call)
        self.rows = orders.step(after="go", name="rows")(self.iterate)
        self.store = orders.step(after="rows", name="store")(self.call)
        self.spy = orders.step(after="go", name="<b>\n\x1b")(self.call)

    def call(self, *calls: Callable[[], object]) -> None:
        """Call functions, one after the other."""
        for function in calls:
            function()

    def iterate(self) -> Iterator[int]:
        """Yield a row."""
        yield 1


@pytest.fixture
def shop() -> Shop:
    """A flow, declared anew."""
    return Shop()


def observed(shop: Shop, *calls: Callable[[], object]) -> UndeclaredObserver:
    """Return an observer after a run."""
    observer = UndeclaredObserver([get_flow("orders")])
    with observing(observer):
        shop.go(*calls)
    return observer


def test_declared_ways_are_not_counted(shop: Shop) -> None:
    """A step in, or after, one of those that it names is as declared."""
    assert {} == observed(shop, shop.check, shop.charge, lambda: shop.check(shop.charge)).counts


def test_an_undeclared_way_is_counted_each_time_and_logged_once(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """A step that no declared one went before is counted; the log names it once."""
    with caplog.at_level(logging.WARNING, "penstock.undeclared"):
        observer = observed(shop, shop.charge, shop.spy, shop.charge)
    assert {UndeclaredWay("orders", "charge", "go"): 2} == observer.counts
    assert ["flow 'orders': 'charge' ran in 'go', and no arrow declares that; see penstock check"] == caplog.messages


def test_hostile_names_do_not_reach_a_terminal(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """A name is logged as Python would write it."""
    with caplog.at_level(logging.WARNING, "penstock.undeclared"):
        observed(shop, shop.check, lambda: shop.check(lambda: shop.check(shop.spy)), lambda: shop.spy(shop.charge))
    assert all(message.isprintable() for message in caplog.messages)
    assert "<b>\\n\\x1b" in "".join(caplog.messages)


def test_what_is_uncertain_is_not_counted(shop: Shop) -> None:
    """A step that may have been given a generator is not counted, nor one outside a run, nor an entrypoint."""
    observer = observed(shop, shop.store, lambda: shop.check(shop.go))
    with observing(observer):
        shop.check(shop.charge, shop.spy)
    assert {} == observer.counts


def test_other_flows_are_not_judged(shop: Shop) -> None:
    """Flows that the release does not have are another service's business."""
    other = flow("other")
    step = other.step(after="never", name="step")(shop.call)
    assert {} == observed(shop, lambda: other.entrypoint(name="begin")(shop.call)(step)).counts


def test_an_unknown_step_is_undeclared(shop: Shop) -> None:
    """A step that the release's flow does not have has no arrow."""
    observer = UndeclaredObserver([get_flow("orders")])
    late = flow("orders").step(after="go", name="late")(shop.call)
    with observing(observer):
        shop.go(late)
    assert {UndeclaredWay("orders", "late", "go"): 1} == observer.counts


def test_memory_is_bounded(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a number of ways, all others are counted as one."""
    monkeypatch.setattr("penstock.observers.undeclared.MAX_WAYS", 2)
    names = [flow("orders").step(after="never", name=f"late{number}")(shop.call) for number in range(5)]
    observer = UndeclaredObserver([get_flow("orders")])
    monkeypatch.setattr(observer, "_sources", {"orders": {}})
    with observing(observer):
        shop.go(*names)
    assert (3, 3) == (len(observer.counts), observer.counts[OTHER_WAYS])


def test_the_counter_of_opentelemetry(shop: Shop) -> None:
    """With OpenTelemetry, a metric counts the ways by flow, step and the step around."""
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    observer: Any = UndeclaredObserver([get_flow("orders")], meter_provider=provider)
    with observing(observer):
        shop.go(shop.charge)
    [point] = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics[0].data.data_points
    expected = {"penstock.flow": "orders", "penstock.step": "charge", "penstock.inside": "go"}
    assert (1, expected) == (point.value, dict(point.attributes))
    provider.shutdown()
