"""Whose ID is believed, and what the response tells."""

from __future__ import annotations

import logging
from functools import partial

import pytest

from penstock._runtime.runs import Run
from penstock.contrib._http_policy import Policy

TOLD = {"X-Correlation-ID": "order-17"}


async def asynchronous(request):
    """Answer later."""
    return False


class Asynchronous:
    """An object that answers later."""

    async def __call__(self, request):
        return False


@pytest.mark.parametrize(
    ("trust", "peer", "believed"),
    [
        (False, "127.0.0.1", False),
        (True, None, True),
        (["10.0.0.0/8"], "10.1.2.3", True),
        (["10.0.0.1/8"], "11.1.2.3", False),
        (["127.0.0.1"], "::ffff:127.0.0.1", True),
        (["fe80::/10"], "fe80::1%eth0", True),
        (["10.0.0.0/8"], None, False),
        (["10.0.0.0/8"], "testclient", False),
        (["0.0.0.0/0"], "::1", False),
        ([], "127.0.0.1", False),
        (lambda request: request == "request", "127.0.0.1", True),
        (lambda request: None, "127.0.0.1", False),
    ],
)
def test_only_trusted_peers_choose_the_id(trust, peer, believed):
    """An ID from outside is taken only from those who are trusted."""
    run = Policy(trust=trust).run(TOLD, peer, "request")

    assert believed == (run.id == "order-17")


def test_a_failing_function_trusts_nobody(caplog):
    """A function that fails is reported once, and its requests go on with IDs of their own."""
    policy = Policy(trust=lambda request: request.no_such_thing)

    assert "order-17" not in {policy.run(TOLD, None, object()).id for _ in range(3)}
    assert [("penstock", logging.ERROR)] == [(name, level) for name, level, _ in caplog.record_tuples]
    assert "order-17" not in caplog.text


@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning")
def test_an_answer_that_would_have_to_be_awaited_trusts_nobody(caplog):
    """A coroutine is no answer, though it counts as true."""
    assert "order-17" != Policy(trust=lambda request: asynchronous("later")).run(TOLD, None, object()).id
    assert "answer at once" in caplog.text


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"trust": asynchronous}, TypeError, "answers at once"),
        ({"trust": partial(asynchronous)}, TypeError, "answers at once"),
        ({"trust": Asynchronous()}, TypeError, "answers at once"),
        ({"trust": ["10.0.0.300"]}, ValueError, "'10.0.0.300'"),
        ({"trust": "10.0.0.0/8"}, TypeError, "list of networks"),
        ({"header": "X Flow\n"}, ValueError, "cannot be the name of a header"),
        ({"header": "Traceparent"}, ValueError, "needs another name: 'X-Correlation-ID'"),
    ],
)
def test_wrong_options_are_named(options, error, message):
    """A wrong option is an error at the start, which says what is wrong."""
    with pytest.raises(error, match=message):
        Policy(**options)


@pytest.mark.parametrize(
    ("given", "completed"),
    [
        ([], [("X-Correlation-ID", "a"), ("Access-Control-Expose-Headers", "X-Correlation-ID")]),
        (
            [("x-correlation-id", "own"), ("access-control-expose-headers", "ETag")],
            [("x-correlation-id", "own"), ("Access-Control-Expose-Headers", "ETag, X-Correlation-ID")],
        ),
        (
            [("Access-Control-Expose-Headers", "x-correlation-id")],
            [("Access-Control-Expose-Headers", "x-correlation-id"), ("X-Correlation-ID", "a")],
        ),
        (
            [("Access-Control-Expose-Headers", "*")],
            [("Access-Control-Expose-Headers", "*"), ("X-Correlation-ID", "a")],
        ),
    ],
)
def test_a_response_gets_the_id_once(given, completed):
    """A response gets the ID once, and exposes it beside what it exposed before."""
    run = Run(None)
    run.identify("a")

    assert completed == Policy().complete(given, run)
    assert "Access-Control-Expose-Headers" not in dict(Policy(expose=False).complete([], run))
