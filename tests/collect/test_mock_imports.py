from __future__ import annotations

import pytest

USES = {
    "imports": """
        import nowhere.deep.er
        from nowhere.deep import thing
        from nowhere import *
        assert nowhere.deep.er.x is nowhere.deep.er.x
        assert nowhere.X is not nowhere.Y
        """,
    "decorators": """
        def plain(): return 1
        assert nowhere.task(plain) is plain
        assert nowhere.task(bind=True)(plain) is plain
        assert nowhere.app.route("/")(plain) is plain
        class A:
            @nowhere.cached
            @property
            def x(self): return 2
        assert A().x == 2
        """,
    "classes": """
        import abc, typing
        T = typing.TypeVar("T")
        class Model(nowhere.Model, nowhere.Mixin, abc.ABC, table=True):
            name = nowhere.Field(default="x")
            def own(self): return 3
        class Sub(Model): ...
        class Typed(nowhere.Model, typing.Generic[T]): ...
        class Plain(metaclass=nowhere.Meta):
            def own(self): return 4
        class Wrong(nowhere.Error, Exception): ...
        assert Sub(1, a=2).own() == 3
        assert Sub.objects.filter(a=1).first()
        assert isinstance(Sub(), Model) and not isinstance(1, Model)
        assert Plain().own() == 4
        try:
            raise Wrong("x")
        except Wrong:
            pass
        """,
    "types": """
        import dataclasses, typing
        Either = nowhere.A | None
        Other = int | nowhere.B[str]
        Third = typing.Optional[nowhere.A]
        @dataclasses.dataclass
        class Data:
            one: nowhere.A
            two: list[nowhere.B] = nowhere.field()
        Data(1)
        assert not isinstance(1, nowhere.A) and not issubclass(int, nowhere.A)
        """,
    "values": """
        import copy, inspect, os.path
        value = nowhere.CONSTANT
        assert value and value == value and value in {value: 1} and value != nowhere.OTHER
        assert value > 3 and 3 <= value and nowhere.__version__ >= "2.0"
        assert f"{value:>10}" == str(value) == "nowhere.CONSTANT"
        assert [*value] == [] and len(value) == 0 and 1 not in value
        assert int(value) == 1 and float(value) == 1.0 and [5, 6][value] == 6
        value[1] = value["x"]
        for result in (value + 1, 1 + value, value * 2, 3 - value, -value, ~value, value / 2, 2 ** value, value & value):
            assert result
        with value.lock() as lock, value:
            lock.held
        assert os.path.join("a", value) == "a/nowhere.CONSTANT"
        assert copy.deepcopy(value) and inspect.unwrap(value) is value
        """,
    "protocols": """
        assert not hasattr(nowhere.thing, "__wrapped__")
        assert not hasattr(nowhere.thing, "__iter_something__")
        """,
    "steps": """
        from penstock import flow
        @flow("buy").entrypoint
        @nowhere.task
        def begin(): ...
        """,
}


@pytest.mark.parametrize("source", USES.values(), ids=USES)
def test_stand_in(project, source):
    """A module that is stood in for can be used at import in the ways that modules are."""
    project.write("shop/uses.py", source)
    path = project.folder / "shop" / "uses.py"
    path.write_text(f"import nowhere\n{path.read_text()}")
    project.collect("shop.uses", mock=["nowhere"])


def test_instead_of_an_installed_module(project):
    """A module is stood in for even where it is installed, so that the result is the same everywhere."""
    project.write("shop/uses.py", "import shelve\nassert str(shelve.open) == 'shelve.open'\n")
    project.collect("shop.uses", mock=["shelve"])


def test_only_what_is_named(project):
    """The parent of a module that is stood in for stands in for nothing else."""
    project.write("shop/uses.py", "import nowhere.cloud\nimport nowhere.other\n")
    [problem] = project.fail("shop.uses", mock=["nowhere.cloud"]).failures
    assert ("shop/uses.py", 2) == (problem.file, problem.line)
    assert "No module named 'nowhere.other'" in problem.message
