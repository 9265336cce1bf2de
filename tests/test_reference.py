"""The reference describes what the code has."""

from __future__ import annotations

import dataclasses
import doctest
import importlib
import inspect
import json
import pkgutil
import re
from pathlib import Path
from typing import get_args

import pytest

import penstock
from penstock import errors, observers
from penstock.config import SETTINGS
from penstock.config.log_fields import FieldNames
from penstock.embed.options import EMBEDS, options_of
from penstock.model.finding_kinds import FINDING_KINDS
from penstock.model.problem_codes import ProblemCode
from penstock.render import FORMATS
from penstock.trace.formats import TRACE_SUFFIXES
from penstock_mkdocs.handler import HANDLER_SETTINGS
from penstock_mkdocs.plugin import PLUGIN_SETTINGS
from penstock_mkdocs.site import OWN_SETTINGS
from penstock_sphinx.directives.flow import FlowDirective
from penstock_sphinx.directives.overview import FlowsDirective

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def shown(value: object) -> str:
    """Return a default as the reference shows it."""
    return value if isinstance(value, str) else json.dumps(value)


def reference(name: str) -> str:
    """Return a page of the reference."""
    return (DOCS / "reference" / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_reference_describes_every_setting(setting):
    """The reference says of each setting what its declaration says."""
    default = f"default: `{setting.default}`" if setting.default else "no default"
    section = (
        f"## `{setting.name}`\n\n*{setting.type}* · {default}\n\n{setting.help}\n\n"
        f"```toml\n{setting.name} = {setting.example}\n```\n"
    )
    assert section in reference("configuration")


def test_reference_describes_no_other_setting():
    """A setting that is gone is gone from the reference."""
    headings = re.findall(r"^## `(\w+)`$", reference("configuration"), re.MULTILINE)
    assert [setting.name for setting in SETTINGS] == headings


@pytest.mark.parametrize(("embed", "kind"), EMBEDS.items())
def test_reference_describes_the_options_of_embeds_in_markdown(embed, kind):
    """The reference says of each option of an embed in Markdown what its declaration says, and lists no other."""
    section = reference("embedding").partition(f"Markdown: the embed `{embed}`")[2].partition("\n## ")[0]
    options = options_of(kind).values()
    rows = [f"| `{each.name}` | {each.type.words} | {each.default_text} | {each.help} |" for each in options]
    assert rows == re.findall(r"^\| `.*$", section, re.MULTILINE)


@pytest.mark.parametrize(
    "row",
    [
        *(f"| `{name}` | {text} |" for name, text in OWN_SETTINGS.items()),
        *(f"| `{name}` | `{shown(default)}` | {text} |" for name, (default, text) in PLUGIN_SETTINGS.items()),
    ],
)
def test_reference_describes_every_setting_in_markdown(row):
    """The reference says of each setting of the extension and the plugin what its declaration says."""
    assert row in reference("embedding").splitlines()


@pytest.mark.parametrize("name", HANDLER_SETTINGS)
def test_page_on_references_describes_the_settings_of_the_handler(name):
    """The page on cross references says of each setting of the handler what its declaration says."""
    text = (DOCS / "how-to" / "cross-references.md").read_text(encoding="utf-8")
    assert f"| `{name}` | {HANDLER_SETTINGS[name]} |" in text.splitlines()


@pytest.mark.parametrize("directive", [FlowDirective, FlowsDirective])
def test_reference_lists_the_options_of_the_directive(directive):
    """The reference lists the options of each Sphinx directive, no more and no fewer."""
    name = {FlowDirective: "penstock-flow", FlowsDirective: "penstock-flows"}[directive]
    section = reference("directives").partition(f"The directive `{name}`")[2].partition("\n## ")[0]
    assert sorted(directive.option_spec) == sorted(re.findall(r"^\| `:([\w-]+):` \|", section, re.MULTILINE))


def test_reference_lists_the_formats():
    """The reference lists each format with its suffixes."""
    listed = re.findall(r"^\| `(\w+)` \| (`\.[^|]+) \|", reference("formats"), re.MULTILINE)
    assert [(each.name, ", ".join(f"`{suffix}`" for suffix in each.suffixes)) for each in FORMATS.values()] == listed


def test_reference_lists_the_fields_of_log_records():
    """The reference lists each kind of field with the names that are known, and each format of a run with its suffixes."""
    rows = re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", reference("trace").partition("## Where")[0], re.MULTILINE)
    names = {
        field.name: ", ".join(f"`{name}`" for name in field.default) or "none"
        for field in dataclasses.fields(FieldNames)
    }
    assert names == dict(rows)
    listed = re.findall(r"^\| `(\w+)` \| (`\.[^|]+) \|", reference("trace"), re.MULTILINE)
    assert {
        suffix: name for name, suffixes in listed for suffix in re.findall(r"`([^`]+)`", suffixes)
    } == TRACE_SUFFIXES


def test_reference_lists_the_problems():
    """The reference has a section for each code that a problem can have."""
    listed = re.findall(r"^## `([\w-]+)`$", reference("problems"), re.MULTILINE)
    assert sorted(get_args(ProblemCode)) == sorted(listed)


def test_reference_lists_the_findings():
    """The reference says in a sentence what each finding means, and has a page for each."""
    listed = re.findall(r"^\| \[`([\w-]+)`\]\(\1\.md\) \| (.*) \|$", reference("findings/index"), re.MULTILINE)
    assert {code: kind.summary for code, kind in FINDING_KINDS.items()} == dict(listed)
    assert sorted(FINDING_KINDS) == sorted(
        page.stem for page in (DOCS / "reference/findings").glob("*.md") if page.stem != "index"
    )


def test_reference_lists_the_errors():
    """The reference lists each error."""
    listed = re.findall(r"^\.\. autoexception:: (\w+)", reference("errors"), re.MULTILINE)
    known = [name for name, each in vars(errors).items() if inspect.isclass(each) and issubclass(each, Exception)]
    assert known == listed


API = "\n".join(path.read_text(encoding="utf-8") for path in sorted((DOCS / "reference/api").glob("*.md")))
QUALIFIED = re.compile(r"~?(?:\w+\.)+(?=[A-Z])")


def test_reference_describes_every_public_name():
    """The reference has each name that penstock exports."""
    described = re.findall(r"^\.\. (?:auto|py:)\w+:: (?:penstock\.\w+\.)?(\w+)", API, re.MULTILINE)
    described += re.findall(r"^\.\. autoexception:: (\w+)", reference("errors"), re.MULTILINE)
    assert {*penstock.__all__} - {"__version__"} <= {*described}


SIGNATURES = re.findall(
    r"^\.\. (?:auto(?:function|class)|py:decorator):: ([\w.]+)(\((?!\)$).*\)(?: -> .*)?)$", API, re.MULTILINE
)


@pytest.mark.parametrize(("name", "written"), SIGNATURES, ids=[name for name, _ in SIGNATURES])
def test_reference_has_the_true_signatures(name, written):
    """A signature in the reference has the parameters, types, defaults and result of the function."""
    scope: dict[str, object] = {}
    exec(f"from __future__ import annotations\ndef documented{QUALIFIED.sub('', written)}: ...", scope)
    documented, actual = inspect.signature(scope["documented"]), inspect.signature(find_documented(name))
    result = actual.return_annotation if " -> " in written else inspect.Signature.empty
    parameters = [
        each.replace(annotation=QUALIFIED.sub("", str(each.annotation)))
        for each in actual.parameters.values()
        if each.kind is not inspect.Parameter.VAR_POSITIONAL
        if each.kind is not inspect.Parameter.POSITIONAL_ONLY or each.default is inspect.Parameter.empty
    ]
    assert str(documented) == str(inspect.Signature(parameters, return_annotation=result))


def find_documented(name):
    """Return the object that a directive names, in its module or that of the page."""
    module, _, attribute = name.rpartition(".")
    modules = [module] if module else ["penstock", "penstock.observers", "penstock.manifest"]
    homes = [importlib.import_module(module) for module in modules]
    return next(getattr(home, attribute) for home in homes if hasattr(home, attribute))


def test_every_attribute_in_the_reference_has_a_type():
    """No class of the reference describes an attribute without its type."""
    classes = [find_documented(name) for name in re.findall(r"^\.\. autoclass:: ([\w.]+)\(\)$", API, re.MULTILINE)]
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    texts = [(kind, (inspect.getdoc(kind) or "").partition("Attributes:\n")[2]) for kind in [*classes, *kinds]]
    assert [] == [
        (kind.__name__, name) for kind, text in texts for name in re.findall(r"^    (\w+):", text, re.MULTILINE)
    ]


FUNCTIONS = re.findall(r"^\.\. autofunction:: (?:penstock\.[\w.]+\.)?(\w+)\(", API, re.MULTILINE)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_has_an_example(name):
    """The reference calls each function that it describes: below the entry, or in the docstring's example."""
    places = [
        *("penstock.contrib." + place for place in ("arguments", "celery", "environment", "httpx", "kafka", "logging"))
    ]
    places += [
        "penstock",
        "penstock.observers",
        "penstock.propagation",
        "penstock.testing",
        "penstock.manifest",
        "penstock.check.evidence",
    ]
    homes = [importlib.import_module(place) for place in places]
    docstrings = [inspect.getdoc(getattr(home, name)) or "" for home in homes if hasattr(home, name)]
    examples = [
        block for text in (API, *docstrings) for block in re.findall(r"^ *(?:>>>|\.\.\.) .*$", text, re.MULTILINE)
    ]
    assert [] != [line for line in examples if re.search(rf"\b{name}\b(?! *import)", line) and "import " not in line]


def test_reference_describes_every_field_of_an_event():
    """The reference has each attribute of an event that an observer receives."""
    names = [*(each.name for each in dataclasses.fields(observers.StepEvent)), "flow_id"]
    text = reference("api/observers").partition(":: StepEvent\n")[2]
    assert names == re.findall(r"^   \.\. py:attribute:: (\w+)$", text, re.MULTILINE)


def test_examples_in_docstrings_are_true():
    """Every example in a docstring of ours does what it shows."""
    names = [found.name for found in pkgutil.walk_packages(penstock.__path__, "penstock.")]
    unread = ("__main__", "contrib.django")  # the second has settings, which doctest would ask for
    modules = [importlib.import_module(name) for name in names if not name.endswith(unread)]
    results = [doctest.testmod(module) for module in modules]
    assert 0 == sum(result.failed for result in results)
    assert sum(result.attempted for result in results) > 0
