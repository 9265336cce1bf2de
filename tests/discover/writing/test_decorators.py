"""Proposed flows as decorators over functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock.discover.proposal import ProposedStep
from penstock.discover.writing.decorators import write_decorators
from proposals import make_entrypoint, make_flow, make_function, write_shop

if TYPE_CHECKING:
    from pathlib import Path

DECORATED = '''"""Orders."""

import os

import requests
from penstock import entrypoint, flow, step

from shop import stock


@app.route("/orders")  # the only one
@flow("checkout", title="Place an order")
@entrypoint(trigger="POST /orders")
def place(order):
    """Place an order."""
    stock.reserve(order)
    Desk.pay(order)


class Desk:
    @staticmethod
    @flow("checkout")
    @step(after={"place": "if dear", "reserve": None}, name="pay_now", effects=["mail"])
    async def pay(order):
        """Pay for it."""
'''


def decorate(folder: Path, source: str | bytes, qualname: str = "place", line: int = 0) -> str:
    """Return a file whose only function of that name is an entrypoint, with the ends of its lines."""
    (folder / "app.py").write_bytes(source.encode() if isinstance(source, str) else source)
    (edit,) = write_decorators(make_entrypoint(qualname, line), folder).edits
    return edit.new.decode()


def refuse(folder: Path, source: str | bytes, qualname: str = "place") -> str:
    """Return the reason for which a function gets no decorator."""
    (folder / "app.py").write_bytes(source.encode() if isinstance(source, str) else source)
    fixes = write_decorators(make_entrypoint(qualname), folder)
    assert () == fixes.edits
    return fixes.refused[0].reason


def test_marks_stand_right_above_functions(tmp_path: Path) -> None:
    """Every function gets its marks below other decorators, and everything else stays as it is."""
    write_shop(tmp_path)
    edits = {edit.name: edit for edit in write_decorators(make_flow(), tmp_path).edits}
    assert DECORATED == edits["shop/orders.py"].new.decode()


def test_files_of_one_flow_are_all_decorated(tmp_path: Path) -> None:
    """A flow through two modules changes both."""
    write_shop(tmp_path)
    assert ["shop/orders.py", "shop/stock.py"] == [edit.name for edit in write_decorators(make_flow(), tmp_path).edits]


def test_an_entrypoint_with_effects_is_a_step_too(tmp_path: Path) -> None:
    """An entrypoint takes no effects, so a step's mark below it has them."""
    (tmp_path / "app.py").write_text("def place(): ...\n")
    step = ProposedStep(make_function("place", 1, "app"), "place", trigger="POST /", effects=("mail",))
    (edit,) = write_decorators(make_flow(step, title=""), tmp_path).edits
    assert '@entrypoint(trigger="POST /")\n@step(effects=["mail"])\ndef place' in edit.new.decode()


MARKS = '@flow("checkout")\n@entrypoint\ndef place(): ...\n'
IMPORT = "from penstock import entrypoint, flow\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("def place(): ...\n", f"{IMPORT}\n\n{MARKS}", id="nothing above"),
        pytest.param("#!/usr/bin/python\ndef place(): ...\n", f"#!/usr/bin/python\n{IMPORT}\n\n{MARKS}", id="shebang"),
        pytest.param(
            "# license\n\n# why\ndef place(): ...\n", f"# license\n\n{IMPORT}\n\n# why\n{MARKS}", id="own comment"
        ),
        pytest.param('"""Doc."""\n\n\ndef place(): ...\n', f'"""Doc."""\n\n{IMPORT}\n\n{MARKS}', id="docstring"),
        pytest.param(
            "from __future__ import annotations\n\n\ndef place(): ...\n",
            f"from __future__ import annotations\n\n{IMPORT}\n\n{MARKS}",
            id="future",
        ),
        pytest.param(
            "import os\n\nimport attrs\nimport requests\n\nfrom . import x\n\n\ndef place(): ...\n",
            f"import os\n\nimport attrs\nimport requests\n{IMPORT}\nfrom . import x\n\n\n{MARKS}",
            id="among third parties",
        ),
        pytest.param(
            "import os\n\nfrom . import x\n\n\ndef place(): ...\n",
            f"import os\n\n{IMPORT}\nfrom . import x\n\n\n{MARKS}",
            id="between standard library and own",
        ),
        pytest.param(
            "import os\nfrom . import x\n\n\ndef place(): ...\n",
            f"import os\n{IMPORT}from . import x\n\n\n{MARKS}",
            id="no groups",
        ),
        pytest.param(
            "from app import x\n\n\ndef place(): ...\n",
            f"{IMPORT}\nfrom app import x\n\n\n{MARKS}",
            id="before own",
        ),
        pytest.param(
            "import os\nif TYPE_CHECKING:\n    from penstock import flow\n\n\ndef place(): ...\n",
            "import os\n\nimport penstock\nif TYPE_CHECKING:\n    from penstock import flow\n\n\n"
            + MARKS.replace("@", "@penstock."),
            id="only for types",
        ),
    ],
)
def test_the_import_stands_where_sorted_imports_want_it(tmp_path: Path, source: str, expected: str) -> None:
    """The import joins its group, below the docstring and `__future__`, and no comment changes its place."""
    assert expected == decorate(tmp_path, source)


@pytest.mark.parametrize(
    ("source", "head", "marks"),
    [
        pytest.param(
            "from penstock import step\n",
            "from penstock import entrypoint, flow, step\n",
            "@flow @entrypoint",
            id="more",
        ),
        pytest.param("from penstock import flow as f, entrypoint as e\n", "", "@f @e", id="other names"),
        pytest.param("import penstock as p\n", "", "@p.flow @p.entrypoint", id="the package"),
        pytest.param("flow = 1\n", "import penstock\n", "@penstock.flow @penstock.entrypoint", id="flow is taken"),
        pytest.param(
            "flow = penstock = 1\n",
            "from penstock import entrypoint as penstock_entrypoint, flow as penstock_flow\n",
            "@penstock_flow @penstock_entrypoint",
            id="all is taken",
        ),
        pytest.param(
            "from os import *\nprint(flow)\n", "import penstock\n", "@penstock.flow @penstock.entrypoint", id="a star"
        ),
        pytest.param("def f(flow): ...\n", IMPORT, "@flow @entrypoint", id="a parameter is no clash"),
    ],
)
def test_names_of_the_module_keep_their_meaning(tmp_path: Path, source: str, head: str, marks: str) -> None:
    """Marks have the names that the module has for them, or names that it does not use."""
    new = decorate(tmp_path, f"{source}\n\ndef place(): ...\n")
    flow, entrypoint = marks.split()
    assert f'{flow}("checkout")\n{entrypoint}\ndef place' in new
    assert (head or source) in new


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends_and_marks_of_order_stay(tmp_path: Path, newline: str) -> None:
    """Every new line ends as those of the file, and a byte order mark stays first."""
    new = decorate(tmp_path, f"\ufeffdef place(): ...{newline}".encode())
    expected = f"\ufeff{IMPORT}\n\n{MARKS}".replace("\n", newline)
    assert expected == new


def test_indentation_by_tabs_stays(tmp_path: Path) -> None:
    """A mark is indented with the same characters as its function."""
    new = decorate(tmp_path, "class Desk:\n\tdef place(self): ...\n", "Desk.place")
    assert '\t@flow("checkout")\n\t@entrypoint\n\tdef place' in new


def test_quotes_are_those_of_the_file(tmp_path: Path) -> None:
    """A file with single quotes gets single quotes."""
    assert "@flow('checkout')" in decorate(tmp_path, "x = 'a'\n\n\ndef place(): ...\n")


def test_the_line_chooses_among_definitions_of_one_name(tmp_path: Path) -> None:
    """Of two definitions in the branches of an `if`, the one that ran gets the marks."""
    new = decorate(tmp_path, "if x:\n    def place(): ...\nelse:\n    def place(): ...\n", line=4)
    assert 'else:\n    @flow("checkout")\n    @entrypoint\n    def place' in new


def test_a_step_of_the_flow_is_left_alone(tmp_path: Path) -> None:
    """A second run changes nothing."""
    new = decorate(tmp_path, "def place(): ...\n")
    (tmp_path / "app.py").write_text(new)
    assert () == write_decorators(make_entrypoint(), tmp_path).edits


@pytest.mark.parametrize(
    ("source", "qualname", "reason"),
    [
        ("def f():\n    def place(): ...\n", "f.<locals>.place", "it is made inside another function"),
        ("x = 1\n", "place", "its definition is no longer there"),
        ("def place(): ...\ndef place(): ...\n", "place", "it is defined several times, in the lines 1 and 2"),
        ("def place(:\n", "place", "its file cannot be parsed"),
        (
            'from penstock import flow\n@flow("desk")\nclass Desk:\n    def place(self): ...\n',
            "Desk.place",
            "the flow desk above its class would take it, too",
        ),
    ],
)
def test_what_cannot_be_decorated_says_why(tmp_path: Path, source: str, qualname: str, reason: str) -> None:
    """A function without a place for a decorator is left, with the reason."""
    assert f"place gets no decorator: {reason}" in refuse(tmp_path, source, qualname)


def test_letters_that_the_encoding_lacks_are_a_refusal(tmp_path: Path) -> None:
    """A file in Latin-1 is not damaged by a label in Greek."""
    (tmp_path / "app.py").write_bytes(b"# coding: latin-1\ndef place(): ...  # \xe9\n")
    step = ProposedStep(make_function("place", 2, "app"), "place", trigger="π")
    fixes = write_decorators(make_flow(step), tmp_path)
    assert ((), True) == (fixes.edits, "iso-8859-1" in fixes.refused[0].reason)


def test_a_missing_file_is_a_refusal(tmp_path: Path) -> None:
    """A file that has gone since is reported, with the step."""
    (refusal,) = write_decorators(make_entrypoint(line=3), tmp_path).refused
    assert "app.py:3: place gets no decorator: its file cannot be read" in str(refusal)


def test_a_read_only_file_is_a_refusal(tmp_path: Path) -> None:
    """A file that its owner has protected is not replaced."""
    (tmp_path / "app.py").write_text("def place(): ...\n")
    (tmp_path / "app.py").chmod(0o444)
    (refusal,) = write_decorators(make_entrypoint(line=1), tmp_path).refused
    assert "its file is read-only" in refusal.reason


def test_an_installed_package_is_a_refusal(tmp_path: Path) -> None:
    """Code outside of the project is never changed."""
    (tmp_path / "app.py").write_text("def place(): ...\n")
    function = make_function("place", 1, "app")._replace(file=str(tmp_path / "app.py"))
    flow = make_flow(ProposedStep(function, "place"))
    (tmp_path / "project").mkdir()
    (refusal,) = write_decorators(flow, tmp_path / "project").refused
    assert "its file is outside of the project" in refusal.reason
