"""The names that users may rely on."""

from __future__ import annotations

import inspect
import pickle
from importlib import metadata
from textwrap import dedent
from typing import get_type_hints

import pytest

import penstock
from penstock import errors
from penstock._decorators import decorators

NAMES = [
    "CarryingExecutor",
    "CurrentFlow",
    "Diagram",
    "Edge",
    "Flow",
    "PenstockError",
    "Problem",
    "Step",
    "__version__",
    "add_observer",
    "carry",
    "current_flow",
    "current_flow_id",
    "entrypoint",
    "extract",
    "flow",
    "flow_context",
    "flows",
    "generate_dag",
    "get_flow",
    "get_value",
    "inject",
    "observing",
    "remove_observer",
    "set_value",
    "step",
]


def test_the_list_of_public_names() -> None:
    """A public name comes or goes only together with this list."""
    assert NAMES == penstock.__all__


@pytest.mark.parametrize("name", NAMES)
def test_each_public_name_is_there(name: str) -> None:
    """Every public name can be had, is listed by dir() and, unless it is a text, says what it is."""
    value = getattr(penstock, name)
    assert name in dir(penstock)
    assert isinstance(value, str) or inspect.getdoc(value)


def test_a_star_import_brings_the_public_names() -> None:
    """`from penstock import *` works although the names are lazy."""
    space: dict[str, object] = {}
    exec("from penstock import *", space)
    assert set(NAMES) <= set(space)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A misspelt name fails as on any module."""
    with pytest.raises(AttributeError, match="module 'penstock' has no attribute 'flwo'"):
        _ = penstock.flwo  # type: ignore[attr-defined]


def test_the_version_is_that_of_the_distribution() -> None:
    """The version in the code is the installed one."""
    assert metadata.version("penstock") == penstock.__version__


@pytest.mark.parametrize("name", ["flow", "entrypoint", "step"])
def test_types_of_decorators_can_be_evaluated(name: str) -> None:
    """Whoever runs what is there for type checkers only, as sphinx-autodoc-typehints does, gets all types in signatures."""
    guarded = inspect.getsource(decorators).partition("if TYPE_CHECKING:\n")[2].partition("\nelse:\n")[0]
    names = dict(vars(decorators))
    exec(dedent(guarded), names)
    assert "return" in get_type_hints(getattr(penstock, name), names)


ERRORS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_all_errors_form_one_tree(kind: type[Exception]) -> None:
    """Whoever catches PenstockError catches everything that penstock raises on purpose; warnings are Python's own."""
    assert issubclass(kind, (penstock.PenstockError, UserWarning))


def test_a_missing_part_can_be_pickled() -> None:
    """An error that says what to install comes out of another process as it was."""
    error = errors.MissingExtraError("a PDF needs svglib", "pdf")
    twin = pickle.loads(pickle.dumps(error))
    assert ("pdf", str(error)) == (twin.extra, str(twin))


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        (errors.UnknownFlowError, LookupError),
        (errors.UnknownStepError, LookupError),
        (errors.DeclarationError, TypeError),
        (errors.MissingExtraError, ImportError),
        (errors.OutputError, OSError),
    ],
)
def test_errors_are_also_what_python_calls_them(kind: type[Exception], base: type[Exception]) -> None:
    """Code that knows nothing of penstock can catch its errors by the usual names."""
    assert issubclass(kind, base)
