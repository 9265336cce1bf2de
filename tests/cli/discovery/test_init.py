"""`penstock init` writes the settings of a project that declares flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

FLOWS = 'from penstock import entrypoint, flow\n\n\n@flow("orders")\n@entrypoint\ndef place(): ...\n'
SETTINGS = '[tool.penstock]\nmodules = ["shop.orders"]\npath = ["src"]\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a package that declares a flow, as the working directory."""
    write(tmp_path, {"src/shop/__init__.py": "", "src/shop/orders.py": FLOWS, "pyproject.toml": ""})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files, with their folders."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_settings_name_the_modules_that_declare_flows(project: Path) -> None:
    """The table has each module and the folder that it is imported from."""
    assert 0 == main(["init"])
    assert SETTINGS == (project / "pyproject.toml").read_text()


def test_a_second_time_nothing_is_written(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is set already stays as it is, and the output says so."""
    main(["init"])
    assert 0 == main(["init"])
    assert SETTINGS == (project / "pyproject.toml").read_text()
    assert "\npyproject.toml names 1 module already.\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "is_declaring"),
    [
        pytest.param(
            "from shop.orders import orders\n\n\n@orders.step\ndef pay(): ...\n", True, id="a handle of others"
        ),
        pytest.param("import penstock\n\nx = penstock.flow(name)\n", True, id="a name that is not written"),
        pytest.param("from penstock import current_flow_id\n", False, id="no declaration"),
        pytest.param("import prefect\n\n\n@prefect.flow('x')\ndef pay(): ...\n", False, id="a flow of others"),
        pytest.param("def pay(:\n", False, id="no Python"),
    ],
)
def test_modules_are_found_by_their_source(project: Path, source: str, is_declaring: bool) -> None:
    """A module declares flows if it calls penstock's `flow`, or marks steps by a handle."""
    write(project, {"src/shop/orders.py": f'{FLOWS}\n\norders = flow("orders")\n', "src/shop/pay.py": source})
    main(["init"])
    assert is_declaring == ('"shop.pay"' in (project / "pyproject.toml").read_text())


@pytest.mark.parametrize("file", ["tests/test_shop.py", "venv/lib/x.py", ".hidden/x.py", "src/shop/conftest.py"])
def test_tests_and_environments_do_not_count(project: Path, file: str) -> None:
    """Flows that tests declare for themselves, or packages of an environment, are none of the project's."""
    write(project, {file: FLOWS})
    main(["init"])
    assert SETTINGS == (project / "pyproject.toml").read_text()


def test_a_project_of_django_is_set_up_before_the_import(project: Path) -> None:
    """The settings of Django that `manage.py` names are those of the import."""
    write(project, {"manage.py": 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n'})
    main(["init"])
    text = (project / "pyproject.toml").read_text()
    assert 'setup = "django:setup"\nenv = { DJANGO_SETTINGS_MODULE = "shop.settings" }\n' in text


@pytest.mark.parametrize(
    ("file", "old", "lines"),
    [
        (
            "docs/conf.py",
            "extensions = []\n",
            ['docs/conf.py  extensions = [..., "penstock_sphinx"]', ".. penstock-flow:: orders"],
        ),
        ("mkdocs.yml", "site_name: x\n", ["mkdocs.yml plugins: [search, ..., penstock]", "::: penstock-flow orders"]),
        ("properdocs.yml", "site_name: x\n", ["properdocs.yml plugins: [search, ..., penstock]"]),
        ("zensical.toml", "[project]\n", ["zensical.toml [project.markdown_extensions.penstock]"]),
        ("_config.yml", "title: x\n", ["_config.yml sphinx: {extra_extensions: [penstock_sphinx]}"]),
        ("myst.yml", "version: 1\n", ["myst.yml plugins: [{type: executable,", ":::{penstock-flow} orders"]),
    ],
)
def test_the_file_of_the_documentation_is_named(
    project: Path, file: str, old: str, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The output has the file to change, what to write there, and the line for a page."""
    write(project, {file: old})
    main(["init"])
    printed = " ".join(capsys.readouterr().out.split())
    assert [] == [line for line in lines if " ".join(line.split()) not in printed]


def test_documentation_that_has_penstock_needs_a_page_only(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Settings of the documentation that are complete are not asked for again."""
    write(project, {"mkdocs.yml": "plugins: [search, penstock]\n"})
    main(["init"])
    printed = capsys.readouterr().out
    assert ("plugins:" in printed, "::: penstock-flow orders" in printed) == (False, True)


def test_without_a_flow_the_cure_is_discover(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A project that declares nothing is an error that says how to find flows."""
    monkeypatch.chdir(tmp_path)
    assert 2 == main(["init"])
    assert (
        "declares a flow. To find flows in code that has none: penstock discover -- pytest" in capsys.readouterr().err
    )


def test_a_missing_folder_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that does not exist is named."""
    assert 2 == main(["init", "-C", "/nowhere"])
    assert "penstock: --project: there is no folder '/nowhere'" in capsys.readouterr().err
