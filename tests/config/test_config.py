from __future__ import annotations

import ast
import os
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from penstock.config import SETTINGS, Config, load
from penstock.config.accepted import Contract, Ignore
from penstock.errors import ConfigError

HEADER = "[project]\nname = 'shop'\n\n[tool.penstock]\n"


@pytest.fixture
def folder(tmp_path):
    """Return a project with a source folder and a Python of its own."""
    (tmp_path / "src").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    return tmp_path


def write(folder: Path, body: str, header: str = HEADER) -> Path:
    """Write a ``pyproject.toml`` and return its path."""
    file = folder / "pyproject.toml"
    file.write_text(header + body, encoding="utf-8")
    return file


def failure(*args: object, **options: object) -> ConfigError:
    """Return the error that :func:`load` raises."""
    with pytest.raises(ConfigError) as caught:
        load(*args, **options)
    return caught.value


def test_every_setting_has_a_default(folder):
    """Without a table every setting has its default, and the project is the nearest folder that looks like one."""
    write(folder, "", "")
    assert Config(project=folder) == load(folder / "src")


def test_every_setting_can_be_set(folder):
    """Every setting can be set in ``pyproject.toml``; relative paths count from it, wherever one starts."""
    write(
        folder,
        """
        modules = ["shop.flows", "shop.orders.*", "shop.flows"]
        path = ["src"]
        python = "bin/python"
        env = { STAGE = "docs" }
        setup = "shop.ready:App.start"
        mock = ["redis"]
        timeout = 5
        reading_timeout = 7
        manifests = ["out/flows.json"]
        service = "shop"
        source_url = "https://example.org/{file}#L{line}-L{end_line}"
        engine = "bin/python"
        direction = "TD"
        layout_timeout = 0.5
        docstring_style = "numpy"
        evidence = "out/evidence.json"
        check = "error"
        proof = false
        contracts = [{ type = "never-reaches", flows = ["orders"], never = ["billing"], name = "apart" }]
        ignore = [{ flow = "orders", edge = "a -> b", reason = "in the warehouse" }]
        baseline = "baseline.json"
        """,
    )
    expected = Config(
        project=folder,
        modules=("shop.flows", "shop.orders.*"),
        path=(folder / "src",),
        python=str(folder / "bin" / "python"),
        env={"STAGE": "docs"},
        setup="shop.ready:App.start",
        mock=("redis",),
        timeout=5.0,
        reading_timeout=7.0,
        manifests=(folder / "out" / "flows.json",),
        service="shop",
        source_url="https://example.org/{file}#L{line}-L{end_line}",
        engine=str(folder / "bin" / "python"),
        direction="TB",
        layout_timeout=0.5,
        docstring_style="numpy",
        evidence=str(folder / "out" / "evidence.json"),
        check="error",
        proof=False,
        contracts=(Contract(type="never-reaches", name="apart", flows=("orders",), never=("billing",)),),
        ignore=(Ignore(flow="orders", edge="a -> b", reason="in the warehouse"),),
        baseline=str(folder / "baseline.json"),
    )
    assert expected == load(folder / "src" / "no-such-file.md")


def test_nearest_table(folder):
    """The nearest ``pyproject.toml`` that has the table is read; one without it is passed over."""
    write(folder, "service = 'outer'")
    inner = folder / "src"
    write(inner, "", "[project]\n")
    assert ("outer", folder) == (load(inner).service, load(inner).project)
    write(inner, "service = 'inner'")
    assert ("inner", inner) == (load(inner).service, load(inner).project)


def test_project_of_a_repository(folder):
    """A folder with ``.git`` is a project too; without any sign of one, it is the folder of the front end."""
    assert folder / "src" == load(folder / "src").project
    (folder / ".git").mkdir()
    assert folder == load(folder / "src").project


def test_overrides_win_key_by_key(folder):
    """A front end's settings win key by key, count paths from its own folder, and ``None`` is no setting."""
    write(folder, "service = 'shop'\nmodules = ['shop.flows']\npath = ['bin']\n")
    config = load(folder, {"modules": ("shop.x",), "path": [Path("../src")], "service": None}, base=folder / "bin")
    assert ("shop", ("shop.x",), (folder / "src",)) == (config.service, config.modules, config.path)


def test_an_edited_file_is_read_again(folder):
    """An edited file is read anew."""
    write(folder, "service = 'one'")
    load(folder)
    write(folder, "service = 'three'")
    assert "three" == load(folder).service


def test_python_on_path(folder, monkeypatch):
    """A bare name of an interpreter is looked up on PATH, and links are not followed."""
    monkeypatch.setenv("PATH", str(folder / "bin"))
    assert str(folder / "bin" / "python") == load(folder, {"python": "python"}).python


def test_a_path_may_start_at_home(folder, monkeypatch):
    """A path may start at home."""
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    assert (folder / "src",) == load(folder, {"path": ["~/src"]}).path


WRONG = {
    "modul = []": "there is no setting 'modul'. Did you mean 'modules'?",
    "zzz = 1": "there is no setting 'zzz'. Known settings: modules, path, python,",
    'modules = "shop.flows"': "'modules' must be a list, not a string. Write: modules = [\"shop.flows\"]",
    "modules = 3": "'modules' must be a list of strings, not a number. Write, for example: modules = [",
    "modules = ['a', 3]": "'modules' must be a list of strings, and 3 in it is a number.",
    "modules = ['']": "'modules' contains an empty string.",
    "modules = ['src/shop/flows.py']": 'is not a module name. Write: modules = ["shop.flows"] and path = ["src"]',
    "modules = ['shop/__init__.py']": 'Write: modules = ["shop"]',
    "modules = ['*']": "'modules' contains '*', which is not a module name. Write, for example: modules = [",
    "mock = ['redis.*']": "contains 'redis.*'; a mocked package includes its modules. Write: mock = [\"redis\"]",
    "path = ['nix']": "'path' names a folder that does not exist: ",
    "path = 'src'": "'path' must be a list, not a string. Write: path = [\"src\"]",
    "python = 3.12": "'python' must be the path of a Python, not a number. Write, for example: python = \"../.venv/bin/python\"",
    "python = './nix'": "'python' names an executable that does not exist: ",
    "python = './bin'": "'python' names a folder, not the executable in it: ",
    "python = './pyproject.toml'": "'python' names a file that is not executable: ",
    "python = 'python-of-nobody'": "'python' names 'python-of-nobody', which is not on PATH (a path has a slash in it).",
    "env = ['A=1']": "'env' must be a table of strings, not a list. Write, for example: env = { STAGE = \"docs\" }",
    "env = { A = 1 }": "'env' must contain strings only, and 'A' is a number. Write: env = { A = \"1\" }",
    "setup = 'django.setup'": "'setup' must be a module and a function with a colon between, not 'django.setup'.",
    "timeout = true": "'timeout' must be a number of seconds, not a truth value. Write, for example: timeout = 120",
    "timeout = 0": "'timeout' must be more than 0 seconds, and finite, not 0.",
    "timeout = nan": "'timeout' must be more than 0 seconds, and finite, not nan.",
    "service = []": "'service' must be a string, not a list.",
    "source_url = 'x{fil}'": "'source_url' knows {file}, {line} and {end_line}, not {fil}.",
    "source_url = 'x{'": "'source_url' is not a URL template (",
    "engine = 'dott'": "'engine' must be graphviz-pure or dot, not 'dott'. Write: engine = \"dot\"",
    "direction = 'lr'": "'direction' must be TB, LR, BT or RL, not 'lr'. Write: direction = \"LR\"",
    "docstring_style = 'rest'": "'docstring_style' must be auto, google, numpy, sphinx or markdown, not 'rest'.",
}


@pytest.mark.parametrize(("body", "said"), WRONG.items(), ids=WRONG)
def test_a_wrong_setting_is_an_error_with_its_line(folder, body, said):
    """A wrong setting is an error with file and line, what is expected, and how to write it."""
    file = write(folder, f"# a comment\n{body}\n")
    error = failure(folder)
    assert said in str(error)
    assert (f"{file}:6", body.split(" ")[0]) == (error.where, error.key)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[tool.penstock]\n[tool.penstock.env]\nA = 1\n", 2),
        ("[tool]\npenstock.timeout = 'x'\n", 2),
        ("[tool.other]\ntimeout = 1\n\n[tool.penstock]\ntimeout = 'x'\n", 5),
        ("[tool.penstock]\nservice = 'timeout = 3'\nmodules = [\n  'a',\n  3,\n]\n", 3),
    ],
)
def test_the_line_is_found_in_every_form_of_table(folder, text, line):
    """The line of a wrong setting is found however the table is written."""
    file = write(folder, text, "")
    assert f"{file}:{line}" == failure(folder).where


@pytest.mark.parametrize(
    ("where", "cure"),
    [("docs/conf.py", 'penstock_modules = ["a"]'), ("mkdocs.yml", 'modules: ["a"]'), ("--modules", 'modules = ["a"]')],
)
def test_wrong_in_a_front_end(folder, where, cure):
    """In a front end's own file, the cure is written as that file wants it."""
    expected = f"{where}: 'modules' must be a list, not a string. Write: {cure}"
    assert expected == str(failure(folder, {"modules": "a"}, where=where))


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_cure_is_python_in_a_file_of_python(folder, setting):
    """What is to be written into a file of Python is Python, whatever kind of value it is."""
    cure = failure(folder, {setting.name: b"no"}, where="conf.py").message.partition("for example: ")[2]
    name, _, value = cure.partition(" = ")
    assert f"penstock_{setting.name}" == name
    assert tomllib.loads(f"example = {setting.example}")["example"] == ast.literal_eval(value)


@pytest.mark.parametrize(
    ("key", "cure"),
    [
        ("timeout", "-D penstock_timeout=120"),
        ("proof", "-D penstock_proof=0"),
        ("modules", "-D 'penstock_modules=shop.flows,shop.orders.*'"),
        ("env", "-D penstock_env.STAGE=docs"),
        ("contracts", 'penstock_contracts = [{"type": "has-docstrings", "flows": ["orders"]}] in conf.py'),
    ],
)
def test_cure_on_the_command_line_of_sphinx(folder, key, cure):
    """What is to be given to sphinx-build is given as it takes it, or in conf.py where it cannot be."""
    assert str(failure(folder, {key: b"no"}, where="sphinx-build -D")).endswith(f"Write, for example: {cure}")


@pytest.mark.parametrize(("text", "line"), [("[tool\n", 1), ("a = 1\nb = = 2\n", 2), ("a = 1\nb = [", 2)])
def test_not_toml(folder, text, line):
    """A file that is no TOML is an error with its line."""
    file = write(folder, text, "")
    assert str(failure(folder)).startswith(f"{file}:{line}: this is not TOML: ")


@pytest.mark.parametrize(
    "table", ["tool.penstok", "tool.Penstock", "tool.pen-stock", "tool.pentsock", "tools.penstock", "penstock"]
)
def test_misspelt_table(folder, table):
    """Settings in a table with almost the right name are an error with its line, instead of being ignored."""
    file = write(folder, f"modules = ['shop']\n\n[{table}.env]\nA = 'b'\n", f"[project]\nname = 'shop'\n[{table}]\n")
    expected = f"{file}:3: found penstock settings in [{table}]; they belong in [tool.penstock]"
    assert expected == str(failure(folder / "src"))
    file.write_text(f"{file.read_text()}\n[tool.penstock]\n")
    assert () == load(folder / "src").modules


@pytest.mark.parametrize(
    "text",
    [
        "[tool.openstock]\nticker = 'X'\n",
        "[tool.openstack]\ntimeout = 3\n[tool.pesto]\npath = ['src']\n[tool.pants]\npython = '3'\n",
        "[tool.penstok]\n",
        "[tool.pytest]\npath = ['src']\n",
        "[tool.uv.sources]\npenstock = { path = '../penstock' }\n",
        "[dependency-groups]\npenstock = ['penstock']\n",
        "[project]\ndependencies = ['penstock']\n[project.optional-dependencies]\npenstock = ['penstock']\n",
        "tool = 3\ntools = 'penstock'\npenstock = 'modules'\n",
    ],
)
def test_tables_of_others(folder, text):
    """A name that is near is no misspelling unless settings of penstock stand below it."""
    write(folder, text, "")
    assert Config(project=folder) == load(folder)


def test_not_utf8(folder):
    """A file that is no UTF-8 is an error that names it."""
    file = folder / "pyproject.toml"
    file.write_bytes(b"# \xff")
    assert str(failure(folder)).startswith(f"{file}: cannot be read: ")


def test_not_a_table(folder):
    """Something else under the table's name is an error."""
    file = write(folder, "[tool]\npenstock = 3\n", "")
    assert f"{file}: 'tool.penstock' must be a table: [tool.penstock]" == str(failure(folder))


def test_every_setting_is_described():
    """Every setting but the project is described, with a default and an example written as TOML."""
    assert [field.name for field in fields(Config)] == ["project", "source", *(setting.name for setting in SETTINGS)]
    assert all(setting.type and setting.help.endswith(".") and setting.example for setting in SETTINGS)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_documented_values(folder, setting, monkeypatch):
    """The example and the default of each setting can be written as they stand, and the default changes nothing."""
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    inner = folder / "docs"
    (inner / "src").mkdir(parents=True)
    write(inner, f"{setting.name} = {setting.example}")
    assert getattr(Config(project=inner), setting.name) != getattr(load(inner), setting.name)
    write(inner, f"{setting.name} = {setting.default}" if setting.default else "")
    assert Config(project=inner) == load(inner)


def test_equal_configurations_are_equal_keys():
    """Equal configurations are equal keys, variables included."""
    project = Path(os.sep)
    assert {Config(project=project, env={"A": "b"}): 1}[Config(project=project, env={"A": "b"})] == 1


OFF = [
    pytest.param({"check": False}, "mkdocs.yml", id="off, no and false in YAML"),
    pytest.param({"check": "off"}, "mkdocs.yml", id="quoted in YAML"),
    pytest.param({"check": False}, "docs/conf.py", id="False in Python"),
]


@pytest.mark.parametrize(("given", "where"), OFF)
def test_check_is_off_where_it_is_false(folder, given, where):
    """False means off: YAML reads the word off as false."""
    write(folder, "check = 'error'")
    assert "off" == load(folder, given, where=where).check


def test_check_is_off_where_it_is_false_in_toml(folder):
    """False means off in ``pyproject.toml``, too."""
    write(folder, "check = false")
    assert "off" == load(folder).check


@pytest.mark.parametrize(
    ("value", "cure"),
    [
        (True, 'check: "warn"'),
        ("on", 'check: "warn"'),
        ("yes", 'check: "warn"'),
        ("no", 'check: "off"'),
        ("False", 'check: "off"'),
        ("OFF", 'check: "off"'),
        ("none", 'check: "off"'),
    ],
)
def test_cure_of_a_switch_means_the_same(folder, value, cure):
    """What is to be written instead of another word for on or off is not its opposite."""
    assert str(failure(folder, {"check": value}, where="mkdocs.yml")).endswith(cure)


@pytest.mark.parametrize(
    ("key", "value"),
    [("service", False), ("docstring_style", True), ("env", {"DEBUG": True}), ("modules", ["shop", False])],
)
def test_word_that_yaml_reads_as_a_truth_value(folder, key, value):
    """Where YAML has made true or false of a word, the message says so; elsewhere nothing does."""
    hint = "YAML reads on, off, yes and no as true or false: put a word in quotes."
    assert hint in str(failure(folder, {key: value}, where="mkdocs.yml"))
    assert "YAML" not in str(failure(folder, {key: value}, where="conf.py"))
