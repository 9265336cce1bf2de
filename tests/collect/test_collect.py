from __future__ import annotations

import os
import sys
import threading
import time
import venv
from pathlib import Path

import pytest

import penstock
from penstock import manifest
from penstock.collect import collect, input_files, input_folders
from penstock.collect.plan import CollectPlan
from penstock.config import Config
from penstock.errors import ManifestError


def make_environment(folder: Path, *, with_penstock: bool) -> str:
    """Make a virtual environment without pip and return its Python."""
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    python = next(path for path in (folder / "bin" / "python", folder / "Scripts" / "python.exe") if path.exists())
    if with_penstock:
        [packages] = folder.glob("**/site-packages")
        (packages / "penstock.pth").write_text(str(Path(penstock.__file__).parents[1]))
    return str(python)


def test_flows_of_a_module_are_returned(project):
    """A configured module is imported and its flows are returned, files relative to the project."""
    made = project.collect(service="shop")
    [flow] = made.flows
    assert ("shop", "buy") == (flow.service, flow.name)
    assert [("start", "shop/flows.py", 7), ("pay", "shop/flows.py", 14)] == [
        (step.name, step.file, step.line) for step in flow.steps
    ]


def test_not_here(project, monkeypatch):
    """The application is not imported into the collecting process, and its module search stays as it is."""
    monkeypatch.delitem(sys.modules, "shop", raising=False)
    before = list(sys.path)
    project.collect()
    assert ("shop" in sys.modules, before) == (False, sys.path)


def test_no_bytecode(project):
    """Collecting writes nothing between the application's files."""
    project.collect()
    assert [] == list(project.folder.glob("shop/**/*.pyc"))


def test_whole_package(project):
    """``.*`` means the package and everything under it, in order, without ``__main__``, namespace packages included."""
    order = "with open('order.log', 'a') as log: log.write(__name__ + ' ')\n"
    for name in ("", "b/", "b/c/", "plain/deep/"):
        project.write(f"all/{name}x.py", order)
        project.write(f"all/{name}__main__.py", "raise SystemExit")
    project.write("all/__init__.py", order)
    project.write("all/b/__init__.py", order)
    project.write("all/b/c/__init__.py", order)
    project.write("all/templates/page.html", "")
    project.write("all/no-module.py", "raise SystemExit")
    project.collect("all.*")
    expected = "all all.b all.b.c all.b.c.x all.b.x all.plain.deep.x all.x "
    assert expected == (project.folder / "order.log").read_text()


def test_namespace_package(project):
    """A package without ``__init__.py`` that is spread over two folders is found whole."""
    for name in ("one", "two"):
        project.write(f"{name}/spread/{name}.py", f"from penstock import flow\nflow('{name}').entrypoint(print)\n")
    made = project.collect("spread.*", path=["one", "two"])
    assert ["one", "two"] == [flow.name for flow in made.flows]


def test_loop_of_links(project):
    """A link that leads back up the package does not lead round and round."""
    (project.folder / "shop" / "again").symlink_to(project.folder / "shop")
    assert ["start", "pay"] == project.steps("shop.*")


def test_variables_hold_for_the_import_only(project):
    """Variables of ``env`` are set for the import only."""
    project.write(
        "shop/env.py", "import os\nfrom penstock import flow\nflow(os.environ['NAME_OF_FLOW']).entrypoint(print)"
    )
    assert ["from env"] == [flow.name for flow in project.collect("shop.env", env={"NAME_OF_FLOW": "from env"}).flows]
    assert "NAME_OF_FLOW" not in os.environ


def test_setup_is_called_before_the_first_import(project):
    """The function of ``setup`` is called before the first import."""
    project.write("shop/ready.py", "done = []\nclass App:\n    @staticmethod\n    def start(): done.append(1)\n")
    project.write("shop/late.py", "from shop.ready import done\ndone[0]\nimport shop.flows\n")
    assert ["start", "pay"] == project.steps("shop.late", setup="shop.ready:App.start")


def test_a_mocked_module_need_not_be_installed(project):
    """A module of ``mock`` need not be installed, nor its parents."""
    source = "import nowhere.cloud.queue\nfrom nowhere.cloud.queue.client import Client\nimport shop.flows\n"
    project.write("shop/cloud.py", source)
    assert ["start", "pay"] == project.steps("shop.cloud", mock=["nowhere.cloud.queue"])


def test_same_search_path(project, monkeypatch, tmp_path_factory):
    """A child of the same interpreter finds what this process finds."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "found_here.py").write_text("from penstock import flow\nflow('found').entrypoint(print)\n")
    monkeypatch.syspath_prepend(str(folder))
    assert ["found"] == [flow.name for flow in project.collect("found_here").flows]


def test_other_interpreter(project, tmp_path_factory):
    """Another interpreter imports in its own environment; it only needs penstock."""
    python = make_environment(tmp_path_factory.mktemp("env"), with_penstock=True)
    project.write("shop/prefix.py", "import sys\nfrom penstock import flow\nflow(sys.prefix).entrypoint(print)\n")
    [flow] = project.collect("shop.prefix", python=python).flows
    assert Path(python).parents[1].samefile(flow.name)


def test_linked_folder(project, tmp_path_factory):
    """A source folder that is a link to elsewhere is a part of the project, however the project was reached."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (project.folder / "shop").rename(elsewhere / "shop")
    (project.folder / "shop").symlink_to(elsewhere / "shop")
    [flow] = project.collect().flows
    assert {"shop/flows.py"} == {step.file for step in flow.steps}


def test_interpreter_without_penstock(project, tmp_path_factory, monkeypatch):
    """An interpreter without penstock is an error that holds the command that mends it."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    python = make_environment(tmp_path_factory.mktemp("env"), with_penstock=False)
    expected = f"{python} has no penstock. Install it there: {python} -m pip install penstock"
    assert expected == str(project.fail(python=python))


def test_interpreter_with_newer_penstock(project, tmp_path_factory):
    """A manifest of a newer major version than this penstock reads is an error that holds the cure."""
    folder = tmp_path_factory.mktemp("env")
    python = make_environment(folder, with_penstock=True)
    [packages] = folder.glob("**/site-packages")
    (packages / "sitecustomize.py").write_text("import penstock.manifest\npenstock.manifest.VERSION = (9, 0)\n")
    message = str(project.fail(python=python))
    assert "the manifest has version 9.0" in message
    assert f"{python} -m pip install penstock=={penstock.__version__}" in message


def test_no_interpreter(project):
    """A file that is no Python is an error that names it."""
    fake = project.write("fake", "\0")
    fake.chmod(0o755)
    assert f"cannot start {fake}: " in str(project.fail(python=str(fake)))


def test_dumb_interpreter(project):
    """A program that is no Python and ends without a word is an error with its status and its last words."""
    fake = project.write("fake", "#!/bin/sh\necho no such thing\nexit 3\n")
    fake.chmod(0o755)
    assert f"{fake} ended with status 3 before it could import anything: no such thing" == str(
        project.fail(python=str(fake))
    )


def test_flood_of_output(project):
    """Printing hundreds of megabytes neither blocks the child nor fills memory, and does not get into the manifest."""
    flood = "import os\nblock = b'x' * (1 << 20)\nfor _ in range(200): os.write(1, block); os.write(2, b'y')\n"
    project.write("shop/loud.py", f"{flood}print('end')\nimport shop.flows\nimport nowhere\n")
    error = project.fail("shop.loud")
    assert 64 * 1024 >= len(error.output)
    assert error.output.endswith("yend\n")


def test_no_input(project):
    """Reading from the terminal gives nothing instead of waiting."""
    project.write(
        "shop/asks.py", "import sys\nassert sys.stdin.read() == ''\nassert sys.argv == ['-c']\nimport shop.flows\n"
    )
    assert ["start", "pay"] == project.steps("shop.asks")


def test_exit_handlers(project):
    """Functions registered for the exit of the application are not run by collecting."""
    project.write("shop/leaves.py", "import atexit, shop.flows\natexit.register(lambda: open('left', 'w').close())\n")
    project.collect("shop.leaves")
    assert not (project.folder / "left").exists()


@pytest.mark.parametrize(
    "source",
    [
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()\n",
        "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n",
    ],
)
def test_left_running(project, source):
    """A thread or a process that the application leaves running does not hold up the build."""
    project.write("shop/runs.py", f"{source}import shop.flows\n")
    start = time.monotonic()
    assert ["start", "pay"] == project.steps("shop.runs")
    assert 300 > time.monotonic() - start


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.parametrize("end", ["pass", "raise SystemExit(1)", "os._exit(1)"])
def test_a_fork_reports_nothing(project, end):
    """A process that the application forks off does not report in its place."""
    project.write(
        "shop/forks.py", f"import os\npid = os.fork()\nif not pid:\n    {end}\nelse: os.wait()\nimport shop.flows"
    )
    assert ["start", "pay"] == project.steps("shop.forks")


def test_a_manifest_names_its_inputs(project):
    """A manifest names what it was made from, so that others can watch it."""
    project.write("shop/more/extra.py", "from pathlib import Path\n")
    made = project.collect("shop.*")
    names = ["pyproject.toml", "shop/__init__.py", "shop/flows.py", "shop/more/extra.py"]
    assert names == [name for name, _ in made.inputs.files]
    assert [project.folder / name for name in names] == input_files(made, project.folder)
    assert [project.folder / "shop", project.folder / "shop/more"] == input_folders(made, project.folder)
    assert ["penstock", "python"] == [name for name, _ in made.inputs.versions]


def test_outside_the_project(project, tmp_path_factory):
    """A package outside the project is watched like one in it, whether it has flows or not."""
    folder = tmp_path_factory.mktemp("lib")
    (folder / "far").mkdir()
    (folder / "far" / "tool.py").write_text("")
    made = project.collect("far.tool", path=[str(folder)])
    assert folder / "far" / "tool.py" in input_files(made, project.folder)


def test_lazy_module(project):
    """Looking for input files does not load modules that the application left lazy."""
    lazy = """\
        import importlib.util, sys
        spec = importlib.util.find_spec("shop.heavy")
        spec.loader = importlib.util.LazyLoader(spec.loader)
        sys.modules["shop.heavy"] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        import shop.flows
        """
    project.write("shop/lazy.py", lazy)
    project.write("shop/heavy.py", "import os; os._exit(1)")
    assert "shop/heavy.py" in [name for name, _ in project.collect("shop.lazy").inputs.files]


def test_manifests_are_merged_without_an_import(project):
    """Configured manifests are read and merged, and no module is imported; they are the inputs."""
    for name in ("one", "two"):
        manifest.save(project.collect(service=name), project.folder / f"{name}.json")
    count = project.imports
    project.settle()
    merged = project.collect(manifests=["one.json", "two.json"])
    assert ["one/buy", "two/buy"] == [flow.full_name for flow in merged.flows]
    assert count == project.imports
    assert ["one.json", "two.json"] == [name for name, _ in merged.inputs.files]
    assert merged is project.collect(manifests=["one.json", "two.json"])


def test_manifest_rewritten(project):
    """A manifest that was written anew is read anew."""
    made = project.collect()
    for service in ("one", "two"):
        manifest.save(made if service == "one" else project.collect(service="two"), project.folder / "it.json")
        read = project.collect(manifests=["it.json"])
    assert ["two/buy"] == [flow.full_name for flow in read.flows]


def test_missing_manifest(project):
    """A manifest that is not there is an error that names it."""
    with pytest.raises(ManifestError, match=r"none\.json: cannot read the manifest"):
        project.collect(manifests=["none.json"])


def test_this_process(tmp_path):
    """Without modules and manifests, the flows of this process are returned."""

    def local(): ...

    penstock.flow("collected here").entrypoint(local)
    made = collect(CollectPlan.of(Config(project=tmp_path)))
    assert ["local"] == [step.name for step in made.flow("collected here").steps]
    assert Path(__file__) in input_files(made, tmp_path)


def test_two_threads_may_collect_at_once(project):
    """Two threads that collect at once both get the flows."""
    found = []
    threads = [threading.Thread(target=lambda: found.append(project.steps())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [["start", "pay"]] * 2 == found
