"""Values that a program has when it runs, such as a password from its environment, are shown nowhere: source text is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock import manifest
from penstock.collect import collect
from penstock.collect.plan import CollectPlan
from penstock.config import Config
from penstock.proof import prove
from penstock.render import mermaid
from penstock.render.graphviz.dot import render as dot
from penstock.render.options import Options
from penstock.render.text import drawing

if TYPE_CHECKING:
    from penstock.manifest import Manifest

MARKER = "m4rk3r-of-run-time"

PROGRAM = '''
import collections, dataclasses, enum, functools, inspect, os, typing
from dataclasses import dataclass, field, make_dataclass
from functools import partial
from typing import Annotated, Literal, NamedTuple, TypedDict

from penstock import entrypoint, flow, step

KEY = os.environ["MARKER"]
f = flow("f")


class Settings:
    """Shows its password."""
    def __repr__(self): return f"Settings({KEY})"


SETTINGS = Settings()


@f.entrypoint
def plain(key=KEY, *, other: "str" = os.environ["MARKER"], third=lambda: KEY, text=f"{KEY}"):
    """Begin."""


def add(function, name, **more):
    f.step(after="plain", name=name, **more)(function)


def hidden(first, key=None, *, word: str = KEY): ...


add(partial(hidden, KEY), "partial_positional")
add(partial(hidden, key=KEY), "partial_keyword")
add(partial(print, sep=KEY), "partial_builtin")
add(partial(partial(hidden, 1), word=SETTINGS), "partial_twice")
exec("def executed(key=KEY, *, more=SETTINGS): 'Executed.'")
add(executed, "executed")
exec("def annotated(key: KEY, word: Annotated[str, KEY], kind: Literal[KEY] = None) -> Literal[KEY]: ...",
     {**globals()}, space := {})
add(space["annotated"], "annotated")
add(lambda key=KEY: key, "lambda_alone")
add(lambda key=KEY: key, "lambda_one"); add(lambda key=SETTINGS: key, "lambda_two")
add(eval("lambda key=KEY: key"), "lambda_evaluated")


@dataclass
class Data:
    key: str = KEY
    password: str = os.environ["MARKER"]
    made: list = field(default_factory=lambda: [KEY])
    given: str = field(default=KEY, repr=False)


@dataclass
class Child(Data):
    own: Annotated[str, KEY] = "own"


@dataclass
class Caller:
    key: str = KEY
    def __call__(self, word=KEY): return word


class Point(NamedTuple):
    key: str = KEY


class Typed(TypedDict, total=False):
    key: Annotated[str, KEY]


class Color(enum.Enum):
    KEY = KEY


class Init:
    def __init__(self, key=KEY): ...


class Inherited(Init):
    """Has no __init__ of its own."""


class Maker:
    def __new__(cls, key=KEY): return object.__new__(cls)


class Meta(type):
    def __call__(cls, key=KEY): return super().__call__()


class Made(metaclass=Meta): ...


class Signed:
    __signature__ = inspect.Signature([inspect.Parameter("key", inspect.Parameter.KEYWORD_ONLY, default=KEY)])


for kind in (Data, Child, Point, Typed, Color, Init, Inherited, Maker, Made, Signed):
    add(kind, kind.__name__)
add(Caller(), "caller")
add(make_dataclass("Dynamic", [("key", Annotated[str, KEY], KEY)]), "Dynamic")
add(collections.namedtuple("Pair", "key", defaults=[KEY]), "Pair")
add(Init(3).__init__, "bound")


def wrap(function):
    @functools.wraps(function)
    def wrapper(key=KEY): return function(key)
    return wrapper


def relabel(function):
    function.__signature__ = inspect.Signature(
        [inspect.Parameter("key", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=KEY, annotation=KEY)],
        return_annotation=KEY,
    )
    return function


add(wrap(hidden), "wrapped")
add(relabel(lambda key: key), "relabelled")


def other(key=None): ...


other.__defaults__ = (KEY,)
add(other, "redefined")
add(functools.cache(lambda key=KEY: key), "cached")
add(hidden, "bad_effects", effects={"dsn": KEY})
add(hidden, "bad_effects_object", effects=SETTINGS)
f.step(after=SETTINGS, name="bad_after")(hidden)
f.step(after=[SETTINGS], name="bad_after_list")(hidden)
f.entrypoint(name="bad_trigger", trigger=SETTINGS)(other)
f.step(after="plain", name=SETTINGS)(hidden)
flow("g", tags=["a", SETTINGS])
flow("g", title="A title")
'''


THIRD_PARTY = """

import attrs, pydantic
from typing import Annotated


@attrs.define
class Defined:
    key: str = KEY
    given: str = attrs.field(default=KEY)
    made: str = attrs.field(factory=lambda: KEY)


class Model(pydantic.BaseModel):
    key: str = KEY
    given: str = pydantic.Field(KEY, description="A field.")
    named: Annotated[str, pydantic.Field(description=KEY)] = pydantic.Field(default=KEY)
    made: str = pydantic.Field(default_factory=lambda: KEY)


@pydantic.dataclasses.dataclass
class Checked:
    key: str = KEY


for kind in (Defined, Model, Checked):
    add(kind, kind.__name__)


import celery

app = celery.Celery("app", broker=f"redis://:{KEY}@127.0.0.1/")


@app.task
@f.step(after="plain")
def task(key=KEY): ...


@app.task(bind=True)
@f.step(after="plain")
def bound_task(self, key=KEY): ...
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The settings of a project that has one value, from its environment, in every place."""
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "shop.py").write_text(PROGRAM + THIRD_PARTY, "utf-8")
    return Config(project=folder, modules=("shop",), path=(folder,), env={"MARKER": MARKER}, check="warn")


@pytest.fixture(scope="module")
def collected(config: Config) -> Manifest:
    """The flows of that project, with what its code says of them."""
    return collect(CollectPlan.of(config, calls=True))


def test_no_value_is_in_a_manifest(collected: Manifest) -> None:
    """Neither signatures, docstrings and annotations nor problems have a value that only a run knows."""
    assert [] == [line for line in manifest.dumps(collected).splitlines() if MARKER in line]


def test_no_value_is_in_what_is_drawn_or_reported(config: Config, collected: Manifest) -> None:
    """All texts that are made of a manifest are without it, findings included."""
    options = Options(details=True)
    flows = collected.flows
    drawn = [render(flow, options) for flow in flows for render in (dot, mermaid.render, drawing.render)]
    reported = [*map(str, prove(config).findings)]
    assert [] == [said for said in (*drawn, *reported) if MARKER in said]


def test_no_value_is_kept(config: Config, collected: Manifest) -> None:
    """The cache in the project's folder is without it, too."""
    kept = [*config.project.joinpath(".penstock").rglob("*.json")]
    assert collected.flows
    assert kept
    assert [] == [file.name for file in kept if MARKER in file.read_text("utf-8")]


@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("plain", "(key=KEY, *, other: str = os.environ['MARKER'], third=lambda: KEY, text=f'{KEY}')"),
        ("partial_positional", "(key=None, *, word: str = KEY)"),
        ("partial_keyword", "(first, *, key=…, word: str = KEY)"),
        ("partial_builtin", "(*args, sep=…, end=…, file=None, flush=…)"),
        ("partial_twice", "(key=None, *, word: str = …)"),
        ("executed", "(key=…, *, more=…)"),
        ("annotated", "(key, word, kind=None)"),
        ("lambda_alone", "(key=KEY)"),
        ("lambda_one", "(key=…)"),
        ("lambda_evaluated", "(key=…)"),
        ("Data", "(key: str = KEY, password: str = os.environ['MARKER'], made: list = …, given: str = KEY) -> None"),
        ("Point", "(key: str = KEY)"),
        ("Init", "(key=KEY)"),
        ("Inherited", "(key=KEY)"),
        ("Maker", "(key=KEY)"),
        ("Made", "(key=KEY)"),
        ("Signed", "(*, key=…)"),
        ("caller", "(word=KEY)"),
        ("Dynamic", "(key=…) -> None"),
        ("Pair", "(key=…)"),
        ("wrapped", "(first, key=None, *, word: str = KEY)"),
        ("relabelled", "(key=…)"),
        ("redefined", "(key=None)"),
        ("cached", "(key=KEY)"),
        ("Defined", "(key: str = KEY, given: str = KEY, made: str = …) -> None"),
        (
            "Model",
            "(*, key: str = KEY, given: str = KEY, named: Annotated[str, pydantic.Field(description=KEY)] = KEY, made: str = …) -> None",
        ),
        ("bound_task", "(key=KEY)"),
    ],
)
def test_signatures_are_source_text(collected: Manifest, name: str, signature: str) -> None:
    """A default is shown as it is written, and left open where no source says it."""
    assert signature == collected.flow("f").step(name).signature


@pytest.mark.parametrize("name", ["Data", "Child", "Dynamic", "caller", "Checked"])
def test_a_docstring_that_is_made_of_values_is_none(collected: Manifest, name: str) -> None:
    """The docstring that ``dataclass`` writes by itself repeats the defaults."""
    assert "" == collected.flow("f").step(name).docstring
