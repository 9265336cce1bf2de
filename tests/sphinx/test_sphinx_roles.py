"""Roles: what they show, and what is said of those that lead nowhere."""

from __future__ import annotations

import pytest

MORE = '''
two = flow("two")


@two.entrypoint
def only():
    """Only."""
'''


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (":penstock:step:`one.nope`", "there is no step 'one.nope' in these pages. Known: one.begin, one.finish."),
        (":penstock:flow:`xyz`", "there is no flow 'xyz' in these pages. Known: one."),
        (
            ":penstock:step:`two.only`",
            "there is no step 'two.only' in these pages. No page describes it; show it by: .. penstock-flow:: two",
        ),
        (
            ":penstock:flow:`two`",
            "there is no flow 'two' in these pages. No page describes it; show it by: .. penstock-flow:: two",
        ),
    ],
)
def test_dangling(small, role, expected):
    """A role that leads nowhere is reported with what is known, and what to do."""
    small.write("flows.py", small.text("flows.py") + MORE)
    small.edit("index.rst", ".. penstock", f"{role}\n\n.. penstock")
    (warning,) = small.build().warnings
    assert warning.startswith(f"index.rst:4: WARNING: {expected} [penstock.unknown_")


def test_dangling_where_nothing_is_shown(small):
    """Where no page shows a flow, the warning says how to show one."""
    small.write("index.rst", "Index\n=====\n\n:penstock:step:`one.nope`\n")
    (warning,) = small.build().warnings
    assert "in these pages. No page describes any. Show a flow by: .. penstock-flow:: name [" in warning


def test_title_before_a_tilde(small):
    """A tilde before a target that has a title of its own means nothing."""
    small.write("index.rst", f"{small.text('index.rst')}\n:penstock:step:`The end <~one.finish>`\n")
    page = small.build("html", "-n", "-W").page("index.html")
    assert ["#flow-one-finish"] == [link.href for link in page.links if link.text == "The end"]
