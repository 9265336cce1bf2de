"""A step leads to the description of its own function, and to that of no other."""

from __future__ import annotations

import zlib

import pytest

IMPORTABLE = "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent))\n"

STEPS = '''
from penstock import flow

one = flow("one")


@one.entrypoint
def pay():
    """Do it.

    At length.
    """


@one.entrypoint
class Order:
    """Do it.

    At length.
    """


class Parcel:
    @one.entrypoint
    def ship(self):
        """Do it.

        At length.
        """
'''

NAMES = (("function::", "pay()"), ("class::", "Order"), ("method::", "Parcel.ship()"))

HEAD = b"# Sphinx inventory version 2\n# Project: other\n# Version: 1\n"
HEAD += b"# The remainder of this file is compressed using zlib.\n"


def addresses(built, page="index.html"):
    """Return where the steps of a page lead to, by the name that is shown."""
    return {link.text: link.href for link in built.page(page).within("ps-elsewhere")}


def show(small, directives=""):
    """Write a page with the steps, and with what describes other objects, or the same."""
    small.write("flows.py", STEPS)
    small.write("index.rst", f"Index\n=====\n\n.. penstock-flow:: one\n\n{directives}\n")


@pytest.mark.parametrize(
    "directives",
    [
        ".. py:function:: shop.flows.pay()\n.. py:class:: shop.flows.Order\n.. py:method:: shop.flows.Parcel.ship()\n",
        ".. py:module:: shop\n.. py:function:: flows.pay()\n.. py:method:: flows.Parcel.ship()\n.. py:class:: flows.Order\n",
        ".. py:currentmodule:: shop.flows\n.. py:function:: pay()\n.. py:class:: Order\n.. py:method:: Parcel.ship()\n",
        ".. py:function:: pay()\n.. py:class:: Order\n.. py:method:: Parcel.ship()\n",
        ".. py:class:: shop\n\n   .. py:attribute:: flows.pay\n",
        ".. py:module:: flows.pay\n",
    ],
    ids=["longer", "within a module", "within another of that name", "shorter", "attribute", "module"],
)
def test_others_of_the_same_last_name(small, directives):
    """A step whose function is not described leads nowhere, whatever has a longer or a shorter name."""
    show(small, directives=directives)
    built = small.build("html", "-n", "-W")
    assert (0, {}) == (built.code, addresses(built))
    assert 3 == built.page("index.html").text.count("At length.")


def test_same_last_name_in_two_modules(small):
    """Of functions, classes and methods of equal last names, a step leads to its own."""
    others = "\n\n".join(f".. py:{kind} a.{name}\n\n   Other." for kind, name in NAMES)
    own = "\n\n".join(f".. py:{kind} {name}\n\n   Own." for kind, name in NAMES)
    show(small, directives=f".. py:module:: a\n\n{others}\n\n.. py:currentmodule:: flows\n\n{own}\n")
    built = small.build("html", "-W")
    names = ("flows.pay", "flows.Order", "flows.Parcel.ship")
    assert (0, {name: f"#{name}" for name in names}) == (built.code, addresses(built))
    assert "At length." not in built.page("index.html").text


def test_canonical_names(small):
    """A function that is described by a public name, with the option ``canonical``, is found under that."""
    described = "\n".join(
        f".. py:{kind} shop.{name}\n   :canonical: flows.{name.removesuffix('()')}\n\n   Own.\n" for kind, name in NAMES
    )
    show(small, directives=described)
    built = small.build("html", "-n", "-W")
    names = ("shop.pay", "shop.Order", "shop.Parcel.ship")
    assert (0, {name: f"#{name}" for name in names}) == (built.code, addresses(built))
    assert "At length." not in built.page("index.html").text
    assert ["#flow-one-pay", "#flow-one-Order", "#flow-one-ship"] == [
        link.href for link in built.page("index.html").within("ps-step-of")
    ]


TASK = '''
from celery import shared_task

from penstock import entrypoint, flow


@shared_task
@flow("nightly")
@entrypoint
def clean() -> None:
    """Clean.

    At length.
    """
'''

CELERY = {
    "automodule": (".. automodule:: jobs\n   :members:\n", "jobs.clean"),
    "autotask": (".. autotask:: jobs.clean\n", "jobs.clean"),
    "directive": (".. py:task:: jobs.clean()\n\n   Clean.\n", "jobs.clean"),
    "public name": (".. autotask:: public.clean\n", "public.clean"),
}


@pytest.mark.filterwarnings("ignore:Sphinx 9.0")
@pytest.mark.parametrize(("described", "name"), CELERY.values(), ids=CELERY)
def test_tasks_of_celery(small, described, name):
    """A task that Celery's extension describes is linked, and its docstring stands there alone."""
    pytest.importorskip("celery")
    small.write("conf.py", IMPORTABLE + small.text("conf.py") + "autodoc_use_legacy_class_based = True\n")
    small.edit("conf.py", '["flows"]', '["jobs"]')
    small.edit("conf.py", '["penstock_sphinx"]', '["celery.contrib.sphinx", "penstock_sphinx"]')
    small.write("jobs.py", TASK)
    small.write("public.py", "from jobs import clean\n")
    small.write("index.rst", f"Index\n=====\n\n.. penstock-flow:: nightly\n\n{described}")
    built = small.build("html", "-n")
    assert {name: f"#{name}"} == addresses(built)
    assert int("auto" in described) == built.page("index.html").text.count("At length.")
    assert ["#flow-nightly-clean"] == [link.href for link in built.page("index.html").within("ps-step-of")]


@pytest.mark.parametrize("kind", ["function", "task", "attribute"])
def test_other_project(small, kind):
    """What another project describes by that very name is linked, whatever its type; a longer name is not."""
    entries = f"flows.pay py:{kind} 1 api.html#$ -\nshop.flows.Order py:{kind} 1 api.html#$ -\n"
    (small.folder / "other.inv").write_bytes(HEAD + zlib.compress(entries.encode()))
    small.edit("conf.py", '["penstock_sphinx"]', '["sphinx.ext.intersphinx", "penstock_sphinx"]')
    mapping = 'intersphinx_mapping = {"other": ("https://example.org/", "other.inv")}\n'
    small.write("conf.py", small.text("conf.py") + mapping)
    show(small)
    built = small.build("html", "-n", "-W")
    assert {"flows.pay": "https://example.org/api.html#flows.pay"} == addresses(built)
    assert 3 == built.page("index.html").text.count("At length.")
