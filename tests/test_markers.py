"""The kind of each test."""

from __future__ import annotations

import pytest

from kinds import KINDS, PLACES, find_kind


def test_each_test_has_one_kind(request: pytest.FixtureRequest) -> None:
    """All tests that were collected, of the documentation, too, have exactly one of the four markers."""
    kinds = {
        item.nodeid: [marker.name for marker in item.iter_markers() if marker.name in KINDS]
        for item in request.session.items
    }
    assert {} == {name: names for name, names in kinds.items() if len(names) != 1}


def test_the_kinds_are_registered(pytestconfig: pytest.Config) -> None:
    """``pytest --markers`` explains each kind."""
    registered = {line.partition(":")[0] for line in pytestconfig.getini("markers")}
    assert {*KINDS} <= registered


@pytest.mark.parametrize("place", PLACES)
def test_the_places_exist(place: str, pytestconfig: pytest.Config) -> None:
    """A file that is moved takes its kind along."""
    assert (pytestconfig.rootpath / place).exists()


@pytest.mark.parametrize(
    ("path", "fixtures", "kind"),
    [
        ("tests/test_model.py", (), "unit"),
        ("tests/sphinx/writers/test_pdf.py", (), "build"),
        ("tests/sphinx_like/test_it.py", (), "unit"),
        ("tests/test_model.py", ("redis_url",), "service"),
        ("docs/how-to/celery.md", (), "unit"),
    ],
)
def test_a_fixture_decides_before_the_file(path: str, fixtures: tuple[str, ...], kind: str) -> None:
    """A fixture decides before the file does, and the file before its folder's name."""
    assert kind == find_kind(path, fixtures)
