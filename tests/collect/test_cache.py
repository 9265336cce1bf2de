from __future__ import annotations

import os
import subprocess
import sys

import pytest

from penstock.config import load

CHILD = """\
from pathlib import Path
from penstock.collect import collect
from penstock.collect.plan import CollectPlan
from penstock.config import load
print([flow.name for flow in collect(CollectPlan.of(load(Path.cwd(), {"modules": ["shop.flows"], "path": ["."]}))).flows])
"""


def start_build(project) -> subprocess.Popen[str]:
    """Start a build in a process of its own."""
    return subprocess.Popen([sys.executable, "-c", CHILD], cwd=project.folder, stdout=subprocess.PIPE, text=True)


def build(project) -> str:
    """Return what a build in a process of its own printed."""
    output, _ = start_build(project).communicate()
    return output


@pytest.fixture
def seen(project):
    """A project that was collected when its files had been at rest."""
    project.settle()
    project.collect("shop.*")
    return project


def test_nothing_changed(seen):
    """Without a change nothing is imported again, and the answer is the same object."""
    assert seen.collect("shop.*") is seen.collect("shop.*")
    assert 1 == seen.imports


def test_an_edited_step_is_seen(seen):
    """An edited step is seen."""
    flows = seen.folder / "shop" / "flows.py"
    flows.write_text(flows.read_text().replace("Take the money.", "Take the cash!!"))
    [flow] = seen.collect("shop.*").flows
    assert "Take the cash!!" == flow.step("pay").title


def test_quick_edits(project):
    """Edits of the same length within one second are all seen."""
    flows = project.folder / "shop" / "flows.py"
    text = flows.read_text()
    titles = []
    for number in range(4):
        flows.write_text(text.replace("Take the money.", f"Take {number}."))
        titles.append(project.collect().flow("buy").step("pay").title)
    assert ["Take 0.", "Take 1.", "Take 2.", "Take 3."] == titles


def test_an_imported_file_is_an_input(seen):
    """A file without flows that the modules import is an input too."""
    seen.write("shop/words.py", "SECOND = 'pay'")
    flows = seen.folder / "shop" / "flows.py"
    flows.write_text(
        f"{flows.read_text()}\nfrom shop.words import SECOND\nflow('buy').step(after=SECOND, name='last')(print)"
    )
    assert ["start", "pay", "last"] == seen.steps("shop.flows")
    seen.settle()
    seen.write("shop/words.py", "SECOND = 'start'")
    [flow] = seen.collect("shop.flows").flows
    assert ["start"] == [edge.source for edge in flow.edges_into("last")]


@pytest.mark.parametrize("name", ["shop/new.py", "shop/deep/new.py", "shop/plain/new.py"])
def test_new_and_deleted_module(project, name):
    """A new module in a searched package is seen, and so is its going, in folders that were empty as well."""
    project.write("shop/deep/__init__.py", "")
    (project.folder / "shop" / "plain").mkdir()
    project.settle()
    assert ["buy"] == [flow.name for flow in project.collect("shop.*").flows]
    file = project.write(name, "from penstock import flow\nflow('new').entrypoint(print)\n")
    assert ["buy", "new"] == [flow.name for flow in project.collect("shop.*").flows]
    file.unlink()
    assert ["buy"] == [flow.name for flow in project.collect("shop.*").flows]


def test_new_module_beside_a_link_to_itself(project):
    """A link that leads nowhere hides no other module."""
    (project.folder / "shop" / "loop").symlink_to("loop")
    project.settle()
    assert ["buy"] == [flow.name for flow in project.collect("shop.*").flows]
    project.write("shop/new.py", "from penstock import flow\nflow('new').entrypoint(print)\n")
    assert ["buy", "new"] == [flow.name for flow in project.collect("shop.*").flows]


@pytest.mark.parametrize("name", ["shop/flows.py", "pyproject.toml"])
def test_a_new_time_is_no_change(seen, name):
    """A file that only got a new time is the same file."""
    os.utime(seen.folder / name, (1, 1))
    seen.collect("shop.*")
    assert 1 == seen.imports


@pytest.mark.parametrize("touched", [False, True])
def test_edit_that_keeps_time_and_size(seen, touched):
    """An edit counts where the file has the size and time that it was seen with, as where all files have one time."""
    file = seen.folder / "shop/flows.py"
    before = file.stat()
    if touched:
        os.utime(file, (1, 1))
        seen.collect("shop.*")
    file.write_text(file.read_text().replace("pay", "owe"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert ["start", "owe"] == seen.steps("shop.*")


def test_settings_that_keep_time_and_size(project):
    """Settings are read again where an edit keeps the size of the file and its time."""
    file = project.write("pyproject.toml", "[tool.penstock]\nservice = 'a'\n")
    before = file.stat()
    assert "a" == load(project.folder).service
    file.write_text("[tool.penstock]\nservice = 'b'\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "b" == load(project.folder).service


@pytest.mark.parametrize("name", ["README.md", "shop/page.html", "shop/__pycache__/x.py", "unrelated.py"])
def test_other_files(seen, name):
    """Files that no import can see do not matter."""
    seen.write(name, "x")
    seen.collect("shop.*")
    assert 1 == seen.imports


@pytest.mark.parametrize(
    ("settings", "count"),
    [({"env": {"A": "b"}}, 2), ({"mock": ["nowhere"]}, 2), ({"direction": "LR", "timeout": 9}, 1)],
)
def test_only_settings_of_the_import_make_one(seen, settings, count):
    """A setting that can change what is imported makes an import; one that cannot, does not."""
    seen.collect("shop.*", **settings)
    assert count == seen.imports


def test_later_process(project):
    """A later process uses what an earlier one left, until an input changes."""
    project.settle()
    assert ["['buy']\n", "['buy']\n"] == [build(project), build(project)]
    assert 1 == project.imports
    flows = project.folder / "shop" / "flows.py"
    flows.write_text(flows.read_text().replace('"buy"', '"sell"'))
    assert "['sell']\n" == build(project)


def test_ignored_by_git(project):
    """What is left in the project keeps itself out of version control."""
    project.collect()
    assert "*\n" == (project.folder / ".penstock" / ".gitignore").read_text()


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", '{"manifest": 3}', '{"snapshot": {}, "inputs": {}, "digest": ""}\n{}', "\udcff", "[" * 100_000],
)
def test_a_damaged_record_means_another_import(project, damage):
    """A damaged record only means another import."""
    build(project)
    [file] = (project.folder / ".penstock" / "cache").glob("*.json")
    file.write_bytes(damage.encode(errors="surrogateescape"))
    assert "['buy']\n" == build(project)
    assert 2 == project.imports


def test_a_folder_may_be_read_only(project):
    """A folder that cannot be written is no error."""
    project.write(".penstock", "a file is in the way")
    assert ["start", "pay"] == project.steps()


def test_a_copied_project_has_its_own_files(project, tmp_path_factory):
    """A copied project does not go by the files of the first."""
    project.settle()
    project.collect()
    copy = type(project)(tmp_path_factory.mktemp("copy") / "it")
    (project.folder / ".penstock").rename(copy.folder / ".penstock")
    (copy.folder / "shop" / "flows.py").write_text("")
    assert () == copy.collect().flows


def test_two_builds(project):
    """Builds that run at once all get the flows, and leave a whole record."""
    project.settle()
    builds = [start_build(project) for _ in range(3)]
    assert ["['buy']\n"] * 3 == [running.communicate()[0] for running in builds]
    count = project.imports
    assert "['buy']\n" == build(project)
    assert count == project.imports


def test_changed_while_imported(project):
    """A file that changes while the child runs does not count as seen."""
    change = """\
        from pathlib import Path
        other = Path(__file__).with_name("flows.py")
        import shop.flows
        if "sell" not in other.read_text():
            other.write_text(other.read_text().replace('"buy"', '"sell"'))
        """
    project.write("shop/changes.py", change)
    project.settle()
    assert [["buy"], ["sell"]] == [[flow.name for flow in project.collect("shop.changes").flows] for _ in range(2)]


def test_written_on_every_import(project):
    """A file that the application writes on each import, always the same, does not make each build import."""
    project.write("shop/version.py", "")
    project.write(
        "shop/writes.py",
        "from pathlib import Path\nPath(__file__).with_name('version.py').write_text('V = 1')\nimport shop.version, shop.flows",
    )
    for _ in range(5):
        project.settle()
        project.collect("shop.writes")
    assert 2 == project.imports


def test_unused_records_are_removed(project):
    """Records of settings that are used no more go away."""
    for number in range(10):
        project.collect(env={"NUMBER": str(number)})
    assert 8 == len(list((project.folder / ".penstock" / "cache").glob("*.json")))


def test_failure_is_remembered(project):
    """Asking again at once for what failed does not import again; a site asks for each of its pages."""
    flows = project.folder / "shop" / "flows.py"
    flows.write_text(f"{flows.read_text()}\n1 / 0\n")
    project.settle()
    assert [str(project.fail())] * 3 == [str(project.fail()) for _ in range(3)]
    assert 1 == project.imports


def test_failure_is_mended(project):
    """A failure is forgotten as soon as its file is mended, or the missing one is there."""
    project.write("shop/broken.py", "import shop.missing\nfrom shop.missing import NAME\nimport shop.flows")
    project.fail("shop.broken")
    project.write("shop/missing.py", "")
    project.fail("shop.broken")
    project.settle()
    project.write("shop/missing.py", "NAME = 1")
    assert ["start", "pay"] == project.steps("shop.broken")


def test_a_package_that_imports_what_it_finds(project):
    """A new module beside one that a package discovers by itself is seen, although no setting names the folder."""
    project.write(
        "auto/__init__.py", "import pkgutil\nfor m in pkgutil.iter_modules(__path__): __import__(f'auto.{m.name}')"
    )
    project.write("auto/one.py", "from penstock import flow\nflow('one').entrypoint(print)")
    project.settle()
    assert ["one"] == [flow.name for flow in project.collect("auto").flows]
    project.write("auto/two.py", "from penstock import flow\nflow('two').entrypoint(print)")
    assert ["one", "two"] == [flow.name for flow in project.collect("auto").flows]


def test_a_data_file_that_is_read(project):
    """What an application reads while it is imported is an input too."""
    reads = "import pathlib\nfrom penstock import flow\n"
    reads += "flow('f').entrypoint(trigger=pathlib.Path(__file__).with_name('topic.txt').read_text())(print)"
    project.write("shop/reads.py", reads)
    project.write("shop/topic.txt", "kafka:one")
    project.settle()
    assert "kafka:one" == project.collect("shop.reads").flow("f").steps[0].trigger
    project.write("shop/topic.txt", "kafka:two")
    assert "kafka:two" == project.collect("shop.reads").flow("f").steps[0].trigger
