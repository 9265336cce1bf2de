"""Each usual mistake in the way to an application's modules gets the right place and the cure that works."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from penstock.collect import collect
from penstock.collect.plan import CollectPlan
from penstock.config import load
from penstock.errors import PenstockError

if TYPE_CHECKING:
    from pathlib import Path


class Mistake(NamedTuple):
    """A mistake: the files of a project, the modules to import, and what the message must say.

    Attributes:
        files: The text of each file.
        message: The message, from the place on; ``PROJECT`` and ``PYTHON`` are filled in.
        modules: The setting `modules`.
        settings: The other settings.
        where: The file or front end that has the settings.
        folder: The folder of that file.
    """

    files: dict[str, str]
    message: str
    modules: tuple[str, ...] = ("shop.flows",)
    settings: dict[str, Any] = {}  # noqa: RUF012 - never changed
    where: str = "pyproject.toml"
    folder: str = "."


SHOP = {"shop/__init__.py": "", "shop/model.py": "class Order: ...", "shop/orders.py": "x = 1"}
NO_BOM = "cannot import bom: ModuleNotFoundError: No module named 'bom'. It is in the project: "
LIBRARY = "import importlib, os\ndef setup():\n    importlib.import_module(os.environ['LIBRARY_SETTINGS'])\n"
APPS = "import importlib, sys\ndef load(names):\n    for name in names: importlib.import_module(name)\n"

MISTAKES = {
    "conf.py, module one folder up": Mistake(
        {"bom.py": "", "docs/conf.py": ""},
        f'{NO_BOM}penstock_path = [".."], or on the command line: -p .',
        ("bom",),
        where="docs/conf.py",
        folder="docs",
    ),
    "conf.py, module below src": Mistake(
        {"src/bom.py": "", "docs/conf.py": ""},
        f'{NO_BOM}penstock_path = ["../src"], or on the command line: -p src',
        ("bom",),
        where="docs/conf.py",
        folder="docs",
    ),
    "mkdocs.yml, module below src": Mistake(
        {"src/bom.py": ""}, f'{NO_BOM}path: ["src"], or on the command line: -p src', ("bom",), where="mkdocs.yml"
    ),
    "pyproject.toml, module in a folder of any name": Mistake(
        {"backend/bom.py": ""}, f'{NO_BOM}path = ["backend"], or on the command line: -p backend', ("bom",)
    ),
    "command line, from a folder beside": Mistake(
        {"src/bom.py": "", "docs/x.md": ""}, f"{NO_BOM}-p ../src", ("bom",), where="command line", folder="docs"
    ),
    "a name with its source folder": Mistake(
        {"src/shop/__init__.py": "", "src/shop/model.py": "", "src/shop/flows.py": "import shop.model"},
        "src/shop/flows.py:1: cannot import src.shop.flows: ModuleNotFoundError: No module named 'shop'. "
        'Import it from its folder: modules = ["shop.flows"] and path = ["src"]',
        ("src.shop.flows",),
        {"path": ["."]},
    ),
    "a name with its source folder that is not on the path": Mistake(
        {"src/shop/__init__.py": "", "src/shop/flows.py": ""},
        "cannot import src.shop.flows: ModuleNotFoundError: No module named 'src'. "
        'Import it from its folder: modules = ["shop.flows"] and path = ["src"]',
        ("src.shop.flows",),
    ),
    "a missing submodule of one's own package": Mistake(
        {**SHOP, "shop/flows.py": "import shop.stock"},
        "shop/flows.py:1: cannot import shop.flows: ModuleNotFoundError: No module named 'shop.stock'. "
        "Modules in shop: shop.flows, shop.model, shop.orders.",
    ),
    "a misspelled submodule of one's own package": Mistake(
        {**SHOP, "shop/flows.py": "from shop.ordres import x"},
        "shop/flows.py:1: cannot import shop.flows: ModuleNotFoundError: No module named 'shop.ordres'. "
        "Did you mean 'shop.orders'?",
    ),
    "a misspelled module in the settings": Mistake(
        {**SHOP},
        "cannot import shop.ordres: ModuleNotFoundError: No module named 'shop.ordres'. Did you mean 'shop.orders'?",
        ("shop.ordres",),
    ),
    "a missing submodule of a library": Mistake(
        {**SHOP, "shop/flows.py": "import markdown.extensons"},
        "shop/flows.py:1: cannot import shop.flows: ModuleNotFoundError: No module named 'markdown.extensons'. "
        "The installed Markdown VERSION has no such module. Did you mean 'markdown.extensions'?",
    ),
    "a module that is no package": Mistake(
        {**SHOP, "shop/flows.py": "import shop.model.order"},
        "shop/flows.py:1: cannot import shop.flows: ModuleNotFoundError: No module named 'shop.model.order'; "
        "'shop.model' is not a package. shop/model.py is a module, not a package. If it hides a package of that name, "
        "rename it.",
    ),
    "a misspelled name of one's own module": Mistake(
        {**SHOP, "shop/flows.py": "from shop.model import Ordr"},
        "shop/flows.py:1: cannot import shop.flows: ImportError: cannot import name 'Ordr' from 'shop.model' "
        "(PROJECT/shop/model.py). Did you mean 'Order'?",
    ),
    "modules that import each other": Mistake(
        {**SHOP, "shop/flows.py": "from shop.a import x\ny = 1", "shop/a.py": "from shop.flows import y\nx = 1"},
        "shop/a.py:1: cannot import shop.flows: ImportError: cannot import name 'y' from partially initialized module "
        "'shop.flows' (most likely due to a circular import) (PROJECT/shop/flows.py). The modules import each other. "
        "Move one of the imports into the function that needs it.",
    ),
    "a module that hides the standard library's": Mistake(
        {**SHOP, "queue.py": "x = 1", "shop/flows.py": "import sys\nsys.modules.pop('queue', None)\nfrom queue import Queue"},
        "shop/flows.py:3: cannot import shop.flows: ImportError: cannot import name 'Queue' from 'queue' "
        "(PROJECT/queue.py). queue.py hides the module queue of the standard library. Rename it.",
    ),
    "a misspelled variable": Mistake(
        {**SHOP, "shop/flows.py": "order = 1\nprint(oder)"},
        "shop/flows.py:2: cannot import shop.flows: NameError: name 'oder' is not defined. Did you mean 'order'?",
    ),
    "a forgotten import": Mistake(
        {**SHOP, "shop/flows.py": "print(json.dumps(1))"},
        "shop/flows.py:1: cannot import shop.flows: NameError: name 'json' is not defined. Import it: import json",
    ),
    "a misspelled attribute": Mistake(
        {**SHOP, "shop/flows.py": "import json\njson.dmps(1)"},
        "shop/flows.py:2: cannot import shop.flows: AttributeError: module 'json' has no attribute 'dmps'. "
        "Did you mean 'dumps' or 'dump'?",
    ),
    "a file beside the module": Mistake(
        {**SHOP, "shop/data.json": "{}", "shop/flows.py": "open('data.json')"},
        "shop/flows.py:1: cannot import shop.flows: FileNotFoundError: [Errno 2] No such file or directory: 'data.json'. "
        "Modules are imported in PROJECT. Count the path from the module: Path(__file__).parent",
    ),
    "a connection at import": Mistake(
        {**SHOP, "shop/flows.py": "raise ConnectionRefusedError(111, 'Connection refused')"},
        "shop/flows.py:1: cannot import shop.flows: ConnectionRefusedError: [Errno 111] Connection refused. "
        "Connect when the program runs, not while the module is imported.",
    ),
    "a variable, with the command line": Mistake(
        {**SHOP, "shop/flows.py": "import os\nos.environ['SHOP_DSN']"},
        "shop/flows.py:2: cannot import shop.flows: KeyError: 'SHOP_DSN'. Set the variable for the import: "
        'env = { SHOP_DSN = "…" } below [tool.penstock] in pyproject.toml',
        where="command line",
    ),
    "a variable, in conf.py": Mistake(
        {**SHOP, "shop/flows.py": "import os\nos.environ['SHOP_DSN']"},
        "shop/flows.py:2: cannot import shop.flows: KeyError: 'SHOP_DSN'. Set the variable for the import: "
        'penstock_env = {"SHOP_DSN": "…"}',
        where="conf.py",
    ),
    "a package to mock, in mkdocs.yml": Mistake(
        {**SHOP, "shop/flows.py": "import oracle_driver"},
        "shop/flows.py:1: cannot import shop.flows: ModuleNotFoundError: No module named 'oracle_driver'. "
        'Install it for PYTHON, or mock it: mock: ["oracle_driver"]',
        where="mkdocs.yml",
    ),
    "a misspelled function of setup": Mistake(
        {**SHOP, "shop/start.py": "def prepare(): ..."},
        "cannot import shop.start: AttributeError: module 'shop.start' has no attribute 'prepar'. Did you mean 'prepare'?",
        settings={"setup": "shop.start:prepar"},
    ),
    "settings that a variable misspells": Mistake(
        {**SHOP, "shop/settings.py": "", "shop/flows.py": ""},
        "cannot import library: ModuleNotFoundError: No module named 'shop.setings'. "
        "LIBRARY_SETTINGS=shop.setings names it. Did you mean 'shop.settings'?",
        settings={"setup": "library:setup", "env": {"LIBRARY_SETTINGS": "shop.setings"}},
    ),
    "settings of an application that a variable misspells": Mistake(
        {**SHOP, "shop/settings.py": "", "shop/flows.py": ""},
        "cannot import library: ModuleNotFoundError: No module named 'shp'. LIBRARY_SETTINGS=shp.settings names it. "
        "Did you mean 'shop'?",
        settings={"setup": "library:setup", "env": {"LIBRARY_SETTINGS": "shp.settings"}},
    ),
    "a package whose name is in a variable by chance": Mistake(
        {**SHOP, "shop/flows.py": "import oracle_driver"},
        "shop/flows.py:1: cannot import shop.flows: ModuleNotFoundError: No module named 'oracle_driver'. "
        'Install it for PYTHON, or mock it: mock = ["oracle_driver"]',
        settings={"env": {"HOSTNAME": "oracle_driver"}},
    ),
    "a module of an import that a variable misspells": Mistake(
        {**SHOP, "shop/flows.py": "import importlib, os\nimportlib.import_module(os.environ['SHOP_PLUGIN'])"},
        "shop/flows.py:2: cannot import shop.flows: ModuleNotFoundError: No module named 'shop.ordres'. "
        "SHOP_PLUGIN=shop.ordres names it. Did you mean 'shop.orders'?",
        settings={"env": {"SHOP_PLUGIN": "shop.ordres"}},
    ),
    "a string for a library that is misspelled": Mistake(
        {**SHOP, "shop/settings.py": 'APPS = [\n    "shop.ordres",\n]\n', "shop/flows.py": "import shop.settings, apps\napps.load(shop.settings.APPS)"},
        "shop/flows.py:2: cannot import shop.flows: ModuleNotFoundError: No module named 'shop.ordres'. "
        "Did you mean 'shop.orders'?",
    ),
    "Django that is not set up": Mistake(
        {**SHOP, "shop/flows.py": "from django.conf import settings\nsettings.DEBUG"},
        "shop/flows.py:2: cannot import shop.flows: ImproperlyConfigured: Requested setting DEBUG, but settings are not "
        "configured. You must either define the environment variable DJANGO_SETTINGS_MODULE or call settings.configure() "
        'before accessing settings. Let Django set itself up first: setup = "django:setup" and '
        'env = { DJANGO_SETTINGS_MODULE = "…" }',
    ),
    "Django with a misspelled DJANGO_SETTINGS_MODULE": Mistake(
        {**SHOP, "shop/settings.py": "", "shop/flows.py": ""},
        "cannot import django: ModuleNotFoundError: No module named 'shop.setings'. "
        "DJANGO_SETTINGS_MODULE=shop.setings names it. Did you mean 'shop.settings'?",
        settings={"setup": "django:setup", "env": {"DJANGO_SETTINGS_MODULE": "shop.setings"}},
    ),
    "Django with a misspelled application": Mistake(
        {**SHOP, "shop/settings.py": 'INSTALLED_APPS = [\n    "shop.ordres",\n]', "shop/flows.py": ""},
        "shop/settings.py:2: cannot import django: ModuleNotFoundError: No module named 'shop.ordres'. "
        "Did you mean 'shop.orders'?",
        settings={"setup": "django:setup", "env": {"DJANGO_SETTINGS_MODULE": "shop.settings"}},
    ),
    "Django with wrong settings": Mistake(
        {**SHOP, "shop/flows.py": "from django.core.exceptions import ImproperlyConfigured\nraise ImproperlyConfigured('no KEY')"},
        "shop/flows.py:2: cannot import shop.flows: ImproperlyConfigured: no KEY.",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two installed libraries that import what a variable or an argument names."""
    folder = tmp_path_factory.mktemp("env") / "site-packages"
    folder.mkdir()
    (folder / "library.py").write_text(LIBRARY)
    (folder / "apps.py").write_text(APPS)
    return folder


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_has_its_place_and_its_cure(
    mistake: Mistake, tmp_path: Path, libraries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message is one line: place, module, cause, and the cure as the file of the settings would spell it."""
    for name, text in {"pyproject.toml": "", **mistake.files}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(libraries)
    settings = {"modules": [*mistake.modules], **mistake.settings}
    if "shop/__init__.py" in mistake.files:
        settings["path"] = ["."]
    with pytest.raises(PenstockError) as failure:
        collect(
            CollectPlan.of(
                load(tmp_path / mistake.folder, settings, where=mistake.where, base=tmp_path / mistake.folder)
            )
        )
    import markdown

    expected = mistake.message.replace("PROJECT", str(tmp_path)).replace("PYTHON", sys.executable)
    assert expected.replace("VERSION", markdown.__version__) == str(failure.value)
