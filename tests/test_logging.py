"""Correlation IDs in log lines."""

from __future__ import annotations

import io
import logging
import re

import pytest

from penstock import entrypoint
from penstock.contrib.logging import FlowFilter


@pytest.fixture
def stream() -> io.StringIO:
    """Where the application's log goes, each line with the flow's ID."""
    return io.StringIO()


def logger_for(stream: io.StringIO, filter: FlowFilter) -> logging.Logger:
    """Return a logger whose parent's handler has the filter."""
    handler = logging.StreamHandler(stream)
    handler.addFilter(filter)
    handler.setFormatter(logging.Formatter("%(flow_id)s %(message)s"))
    parent = logging.Logger("penstock_test")
    parent.addHandler(handler)
    child = logging.Logger("penstock_test.child")
    child.parent = parent
    return child


def test_each_line_of_a_run_has_its_id(stream: io.StringIO) -> None:
    """Lines of one run share an ID, in child loggers too; lines outside have the default."""
    logger = logger_for(stream, FlowFilter())

    @entrypoint
    def start() -> None:
        logger.warning("one")
        logger.warning("two")

    logger.warning("before")
    start()
    start()
    logger.warning("after")
    before, *inside, after = stream.getvalue().splitlines()
    assert ("- before", "- after") == (before, after)
    ids = [re.fullmatch(r"([0-9a-f]{32}) (?:one|two)", line)[1] for line in inside]  # type: ignore[index]
    assert ids[0] == ids[1] != ids[2] == ids[3]


def test_the_default_can_be_chosen(stream: io.StringIO) -> None:
    """What stands there outside runs is the application's choice."""
    logger_for(stream, FlowFilter(default="no run")).warning("x")
    assert "no run x\n" == stream.getvalue()


def test_an_id_that_is_set_already_stays(stream: io.StringIO) -> None:
    """A record that brings its own flow_id, as one from another process does, keeps it."""
    logger_for(stream, FlowFilter()).warning("x", extra={"flow_id": "theirs"})
    assert "theirs x\n" == stream.getvalue()
