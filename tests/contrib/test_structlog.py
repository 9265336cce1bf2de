"""Correlation IDs in structlog."""

from __future__ import annotations

import io
import logging
import sys
from logging.handlers import QueueHandler, QueueListener
from queue import Queue

import pytest

from penstock import entrypoint, flow, flow_context, step

structlog = pytest.importorskip("structlog")

from structlog.testing import LogCapture  # noqa: E402

from penstock.contrib.logging import FlowFilter  # noqa: E402
from penstock.contrib.structlog import FlowProcessor, flow_processor  # noqa: E402


@pytest.fixture
def entries():
    """What structlog is given after the processors of a test."""
    capture = LogCapture()
    yield capture
    structlog.reset_defaults()


def test_entries_have_the_id_of_their_run(entries):
    """Entries of a run have its ID, those outside none, and the application's own is kept."""
    structlog.configure(processors=[flow_processor, entries])
    log = structlog.get_logger()
    log.info("outside")
    with flow_context("order-17", flow="orders"):
        log.info("inside")
        log.info("own", flow_id="mine")

    assert [None, "order-17", "mine"] == [entry.get("flow_id") for entry in entries.entries]
    assert all("flow" not in entry for entry in entries.entries)


def test_structlog_behind_a_queue():
    """Records of the standard library that pass a queue keep the ID that the filter before it has put in."""
    written = io.StringIO()
    writing, filling = logging.StreamHandler(written), QueueHandler(Queue())
    chain = [structlog.stdlib.ExtraAdder(["flow_id"])]
    last = structlog.processors.JSONRenderer(sort_keys=True)
    writing.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=chain, processor=last))
    filling.addFilter(FlowFilter())
    listener = QueueListener(filling.queue, writing)
    listener.start()
    with flow_context("order-17"):
        filling.handle(logging.makeLogRecord({"msg": "paid"}))
    listener.stop()

    assert '{"event": "paid", "flow_id": "order-17"}\n' == written.getvalue()


def test_structlog_with_names(entries):
    """The names of flow and step are there on request."""
    structlog.configure(processors=[FlowProcessor(flow=True, step=True), entries])

    @flow("orders")
    @entrypoint
    def handle():
        charge()

    @flow("orders")
    @step(after="handle")
    def charge():
        structlog.get_logger().info("charged")

    handle()
    structlog.get_logger().info("outside")

    assert [("orders", "charge"), (None, None)] == [(each.get("flow"), each.get("step")) for each in entries.entries]


def test_structlog_after_the_run(entries):
    """An entry with an exception that is logged after the run has the ID of the run that the exception left."""
    structlog.configure(processors=[FlowProcessor(flow=True, step=True), entries])

    def fail():
        with flow_context("order-17", flow="orders"):
            raise ValueError

    try:
        fail()
    except ValueError as error:
        structlog.get_logger().exception("failed")
        structlog.get_logger().error("failed", exc_info=error)
        structlog.get_logger().error("failed", exc_info=(ValueError, error, error.__traceback__))
        structlog.get_logger().error("failed", exc_info=False)

    assert [("order-17", "orders")] * 3 + [(None, None)] == [
        (each.get("flow_id"), each.get("flow")) for each in entries.entries
    ]


def test_structlog_for_records_of_the_standard_library():
    """A record of the standard library that a server logs after the run has the ID, too."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    last = structlog.processors.KeyValueRenderer(key_order=["flow_id"], drop_missing=True)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=[flow_processor], processors=[remove_details, last])
    )

    def fail():
        with flow_context("order-17"):
            raise ValueError

    try:
        fail()
    except ValueError:
        handler.handle(logging.makeLogRecord({"msg": "failed", "exc_info": sys.exc_info()}))

    assert written.getvalue().startswith("flow_id='order-17' event='failed'")


def remove_details(_, __, event_dict):
    """Keep what is compared."""
    return {name: event_dict[name] for name in ("event", "flow_id") if name in event_dict}
