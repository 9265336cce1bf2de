"""Correlation IDs in log lines."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import re
import sys
from logging.handlers import MemoryHandler, QueueHandler, QueueListener
from queue import Queue
from typing import TYPE_CHECKING, NamedTuple

import pytest

from penstock import entrypoint, flow, flow_context
from penstock.contrib.logging import FlowFilter, flow_extra

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def log() -> Iterator[Log]:
    """A logger whose parent writes to a handler."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(flow_id)s %(message)s"))
    parent = logging.getLogger("penstock_test")
    parent.addHandler(handler)
    parent.propagate = False
    yield Log(logging.getLogger("penstock_test.child"), handler, stream)
    parent.removeHandler(handler)


class Log(NamedTuple):
    """An application's log."""

    logger: logging.Logger
    handler: logging.Handler
    stream: io.StringIO

    @property
    def lines(self) -> list[str]:
        """What was written."""
        return self.stream.getvalue().splitlines()


def test_each_line_of_a_run_has_its_id(log: Log) -> None:
    """Lines of one run share an ID, in child loggers too; lines outside have the default."""
    log.handler.addFilter(FlowFilter())

    @entrypoint
    def start() -> None:
        log.logger.warning("one")
        log.logger.warning("two")

    log.logger.warning("before")
    start()
    start()
    log.logger.warning("after")
    before, *inside, after = log.lines
    assert ("- before", "- after") == (before, after)
    ids = [re.fullmatch(r"([0-9a-f]{32}) (?:one|two)", line)[1] for line in inside]  # type: ignore[index]
    assert ids[0] == ids[1] != ids[2] == ids[3]


def test_the_default_can_be_chosen(log: Log) -> None:
    """What stands there outside runs is the application's choice."""
    log.handler.addFilter(FlowFilter(default="no run"))
    log.logger.warning("x")
    assert ["no run x"] == log.lines


def test_an_id_that_is_set_already_stays(log: Log) -> None:
    """A record that brings its own flow_id, as one from another process does, keeps it."""
    log.handler.addFilter(FlowFilter())
    log.logger.warning("x", extra={"flow_id": "theirs"})
    assert ["theirs x"] == log.lines


def test_before_a_queue(log: Log) -> None:
    """On a QueueHandler, the filter gives a record the ID of the run that logs it, for the thread that writes it."""
    entering = QueueHandler(Queue())
    entering.addFilter(FlowFilter())
    log.logger.addHandler(entering)
    log.logger.propagate = False
    listener = QueueListener(entering.queue, log.handler)
    listener.start()
    try:
        with flow_context("order-17"):
            log.logger.warning("x")
        log.logger.warning("y")
    finally:
        listener.stop()
        log.logger.removeHandler(entering)
        log.logger.propagate = True

    assert ["order-17 x", "- y"] == log.lines


def test_before_a_buffer(log: Log) -> None:
    """On a MemoryHandler, the filter gives a record the ID of the run that logs it, not of the one that it is flushed in."""
    entering = MemoryHandler(10, target=log.handler)
    entering.addFilter(FlowFilter())
    log.logger.addHandler(entering)
    log.logger.propagate = False
    try:
        with flow_context("order-17"):
            log.logger.warning("x")
        with flow_context("order-18"):
            entering.flush()
    finally:
        log.logger.removeHandler(entering)
        log.logger.propagate = True
        entering.close()

    assert ["order-17 x"] == log.lines


if sys.version_info >= (3, 12):  # before, dictConfig makes no listener

    def test_before_a_queue_of_dict_config() -> None:
        """In a configuration, the filter stands at the handler that fills the queue."""
        stream = io.StringIO()
        configuration = {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"flow": {"()": "penstock.contrib.logging.FlowFilter"}},
            "formatters": {"short": {"format": "%(flow_id)s %(message)s"}},
            "handlers": {
                "writing": {"class": "logging.StreamHandler", "formatter": "short", "stream": stream},
                "filling": {"class": "logging.handlers.QueueHandler", "handlers": ["writing"], "filters": ["flow"]},
            },
            "loggers": {"penstock_test.queued": {"handlers": ["filling"]}},
        }
        logging.config.dictConfig(configuration)
        (handler,) = logging.getLogger("penstock_test.queued").handlers
        listener = handler.listener  # type: ignore[attr-defined]
        listener.start()
        with flow_context("order-17"):
            logging.getLogger("penstock_test.queued").warning("x")
        listener.stop()
        logging.getLogger("penstock_test.queued").removeHandler(handler)

        assert "order-17 x\n" == stream.getvalue()


def test_names_of_flow_and_step() -> None:
    """On request a record has the names of flow and step, and those of the application are kept."""
    shown = FlowFilter(flow=True, step=True)

    def filtered(**own: str) -> tuple[object, ...]:
        record = logging.makeLogRecord(own)
        assert shown.filter(record)
        return vars(record)["flow"], vars(record)["step"]

    @flow("orders")
    @entrypoint
    def handle() -> list[tuple[object, ...]]:
        return [filtered(), filtered(step="mine")]

    assert [("orders", "handle"), ("orders", "mine")] == handle()
    assert ("-", "-") == filtered()


def test_extra_is_json() -> None:
    """The extra of a log call has what is known, and can be written as JSON."""
    assert {"rows": 3} == flow_extra(rows=3)
    with flow_context("import-17", flow="nightly"):
        extra = flow_extra(rows=3)
        record = logging.getLogger("test").makeRecord("test", logging.INFO, "file", 1, "done", (), None, extra=extra)

    assert {"flow_id": "import-17", "flow": "nightly", "rows": 3} == json.loads(json.dumps(extra))
    assert ("import-17", 3) == (vars(record)["flow_id"], vars(record)["rows"])
