"""Types in signatures: spelled, shortened and linked as autodoc does."""

from __future__ import annotations

import re

import pytest

FLOWS = '''
{imports}
from penstock import flow

one = flow("one")


class K:
    """A class."""


@one.entrypoint
def begin({signature}):
    """Begin.

    Args:
        a: It.
    """
'''

API = "API\n===\n\n.. autoclass:: flows.K\n\n.. autofunction:: flows.begin\n   :no-index:\n"
LATER = "from __future__ import annotations\n"
IMPORTS = (
    "import typing as t\nimport collections.abc as c\nfrom typing import Optional, Literal, Union, Any, Annotated\n"
)


@pytest.fixture
def types(small):
    """Builds a site that shows a function twice, as a step and by autodoc; returns both signatures."""
    small.edit("conf.py", '["penstock_sphinx"]', '["sphinx.ext.autodoc", "penstock_sphinx"]')
    path = "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent))\n"
    small.write("index.rst", small.text("index.rst") + "\n.. toctree::\n\n   api\n")
    small.write("api.rst", API)

    def build(imports, signature, settings=""):
        small.write("conf.py", path + small.text("conf.py") + settings)
        small.write("flows.py", FLOWS.format(imports=imports, signature=signature))
        built = small.build("html", "-W")
        assert (0, "") == (built.code, built.complained)
        return built

    return build


def shown(built, page):
    """Return what follows the name of the function on a page: text, and the links in it."""
    signature = re.search(
        r"begin</span></span>(.*?)(?:<a class=\"headerlink|<span class=\"ps-chip|</dt>)", built.text(page), re.DOTALL
    )
    return (
        " ".join(re.sub(r"<[^>]+>", "", signature[1]).split()),
        [href.partition("#")[2] for href in re.findall(r'href="([^"]*)"', signature[1])],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("signature", "text", "links"),
    [
        ('a: t.Optional["K"]', "(a: K | None)", 1),
        ("b: c.Mapping[str, t.Any]", "(b: Mapping[str, Any])", 0),
        ("a: Union[K, c.Sequence[K], None] = None", "(a: K | Sequence[K] | None = None)", 2),
        ('a: Literal["K"], *rest: t.List["K"]', "(a: Literal['K'], *rest: List[K])", 1),
        ('a: "Optional[K]", *, b: "Annotated[K, \'x\']"', None, 2),
        ("a: c.Callable[[K], t.Any]", "(a: Callable[[K], Any])", 1),
    ],
)
@pytest.mark.parametrize("imports", [IMPORTS, LATER + IMPORTS])
def test_signature_as_autodoc_shows_it(types, imports, signature, text, links):
    """A step's signature has the names and the links that autodoc gives its function."""
    built = types(imports, signature)
    ours, theirs = shown(built, "index.html"), shown(built, "api.html")
    assert ours == theirs
    assert ["flows.K"] * links == ours[1]
    assert text in (ours[0], None)


def test_values_of_a_literal_that_a_star_import_brought(types):
    """What is in a literal keeps its quotes, also where nothing says that it is one of typing's."""
    built = types(f"from typing import *\n{IMPORTS}".replace("Literal, ", ""), "a: Literal['a', 'b::c']")
    assert "(a: Literal['a', 'b::c'])" == shown(built, "index.html")[0]


def test_type_in_the_description(types):
    """In the description of a parameter, a type is as short as in the signature."""
    built = types(IMPORTS, 'a: t.Optional["K"], b: c.Set[t.Any] = ()', "autodoc_typehints = 'description'\n")
    assert "a (K | None) – It." in " ".join(built.page("index.html").text.split())


def test_full_names(types):
    """With full names in autodoc's settings, imported types have theirs; Sphinx shortens those of typing itself."""
    settings = "autodoc_typehints_format = 'fully-qualified'\n"
    built = types(IMPORTS, "a: c.Set[t.Any]", settings)
    assert "(a: collections.abc.Set[Any])" == shown(built, "index.html")[0] == shown(built, "api.html")[0]


@pytest.mark.parametrize(
    ("signature", "text"),
    [
        ("a: K, b: list[K] | None = None", "(a: flows.K, b: list[flows.K] | None = None)"),
        ("a: 'Outer.Inner', b: Exception = None", "(a: flows.Outer.Inner, b: Exception = None)"),
        ("a: T, *b: int", "(a: flows.T, *b: int)"),
        ("a: collections.abc.Set[K]", "(a: collections.abc.Set[flows.K])"),
    ],
)
def test_full_names_of_the_own_module(types, signature, text):
    """With full names, a type of the step's own module has its module in front, as with autodoc."""
    settings = "autodoc_typehints_format = 'fully-qualified'\n"
    inner = "import collections.abc\nclass Outer:\n    class Inner: ...\n\nT = t.TypeVar('T')\n"
    built = types(f"{IMPORTS}\n{inner}", signature, settings)
    assert (text, shown(built, "api.html")[0]) == (shown(built, "index.html")[0], text)
