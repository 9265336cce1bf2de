"""The flows of a build: the current ones, or those of the last good collection."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from penstock.check.findings.finding import Finding
from penstock.config import Config
from penstock.embed.names import PlaceRank, quote_name, unquote_name
from penstock.embed.reporting import count_findings, describe_finding, describe_located_finding
from penstock.embed.site import Site
from penstock.errors import CollectError, ManifestError
from penstock.manifest import Manifest
from penstock.model import Flow, Step

GOOD = "from penstock import flow\n\n@flow('orders').entrypoint\ndef begin(): ...\n"


@pytest.fixture
def config(tmp_path):
    """Return the settings of an application of one module, which is good."""
    (tmp_path / "app.py").write_text(GOOD)
    return Config(project=tmp_path, path=(tmp_path,), modules=("app",))


def test_current_flows(config):
    """While the application is good, the site has its flows, and nothing to complain of."""
    site = Site.open(config)
    assert (["orders"], ()) == ([flow.name for flow in site.manifest.flows], site.complaints)


def test_last_good_flows(config):
    """While it cannot be imported, the site has the flows of the last good import, and says why."""
    Site.open(config)
    (config.project / "app.py").write_text("import nowhere_at_all\n")
    site = Site.open(config)
    (complaint,) = site.complaints
    assert ["orders"] == [flow.name for flow in site.manifest.flows]
    assert complaint.startswith("app.py:1: cannot import app: ")
    assert complaint.endswith("Until then, the pages show the flows as they were before.")


def test_never_good(config):
    """Where there never was a good import, the error is raised."""
    (config.project / "app.py").write_text("import nowhere_at_all\n")
    with pytest.raises(CollectError):
        Site.open(config)


def test_first_settings_that_work(config):
    """The last good flows are those of the first settings that had any."""
    Site.open(config)
    other = replace(config, modules=("other",))
    assert config == Site.last_good("why", other, config).config
    assert Site.last_good("why", other) is None


def test_manifest_that_cannot_be_read(tmp_path):
    """A manifest that cannot be read is no failed import, so earlier flows do not stand for it."""
    (tmp_path / "flows.json").write_text("{")
    with pytest.raises(ManifestError):
        Site.open(Config(project=tmp_path, manifests=(tmp_path / "flows.json",)))


def test_evidence_that_cannot_be_read(config):
    """Evidence that cannot be read leaves the flows as declared, and is complained of."""
    (config.project / ".penstock").mkdir(exist_ok=True)
    (config.project / ".penstock" / "evidence.json").write_text("{")
    (complaint,) = Site.open(config).complaints
    assert complaint.endswith("Until then, the pages show no proof.")


SERVICES = [
    Flow(name="a"),
    Flow(name="a", service="s"),
    Flow(name="b", service="s"),
    Flow(name="c", service="s"),
    Flow(name="s/c", service="t"),
]


@pytest.mark.parametrize(
    ("flow", "expected"),
    list(zip(SERVICES, [("a",), ("s/a",), ("s/b", "b"), ("s/c", "c"), ("t/s/c",)], strict=True)),
    ids=[flow.full_name for flow in SERVICES],
)
def test_names(flow, expected):
    """A flow is called by its full name, and by the bare one if no other flow answers to that."""
    assert expected == Site(Config(project=Path()), Manifest(flows=tuple(SERVICES))).names_of(flow)


@pytest.mark.parametrize(
    ("file", "manifests", "expected"),
    [
        ("app.py", (), "https://example.org/app.py#L7"),
        ("site-packages/other.py", (), ""),
        ("site-packages/other.py", ("flows.json",), "https://example.org/site-packages/other.py#L7"),
        ("", (), ""),
    ],
)
def test_address_of_the_source(config, file, manifests, expected):
    """Only sources of the project have an address; those of a manifest are not on this machine."""
    config = replace(config, source_url="https://example.org/{file}#L{line}", manifests=manifests)
    step = Step(name="s", file=file, line=7)
    assert expected == Site(config, Manifest()).source_url(step)


FINDING = Finding(
    code="never-seen", severity="error", message="it was never seen", flow="orders", file="app.py", line=3
)


def test_findings_by_flow():
    """Findings are reported with their flow, and the others apart."""
    outside = replace(FINDING, flow="")
    site = Site(Config(project=Path()), Manifest(), disagreements=(FINDING, outside))
    assert (FINDING,) == site.findings_on(Flow(name="orders"))
    assert (outside,) == site.findings_on(None)


def test_words_of_a_finding():
    """A finding says its flow, and its place where the message has no place of its own."""
    described = describe_finding(FINDING)
    assert described.startswith("flow 'orders': ")
    assert f"app.py:3: {described}" == describe_located_finding(FINDING)


@pytest.mark.parametrize(("count", "start"), [(1, "1 finding on"), (2, "2 findings on")])
def test_count_of_findings(count, start):
    """A build that fails says how many findings there are, and what to write."""
    message = count_findings(count, "check: warn")
    assert f"{start} the declared edges; see above, or write: check: warn" == message


@pytest.mark.parametrize(
    "name", ["plain", "my flow", 'a "b"', "{{ x }}", "`a`", "naïve", "a\nb", "\u202e", "😀", "[x]: y"]
)
def test_quoted_name_reads_back(name):
    """A quoted name is on one line, has nothing that a template or a fence would read, and reads back as itself."""
    quoted = quote_name(name)
    assert name == unquote_name(quoted)
    assert quoted[1:-1].isprintable()
    assert {*"`{}[]\n"}.isdisjoint(quoted)


def test_best_place():
    """A page that was made for a flow is the best target, then one with its steps."""
    ranks = [PlaceRank(by_hand, without_steps) for by_hand in (True, False) for without_steps in (True, False)]
    assert PlaceRank(by_hand=False, without_steps=False) == min(ranks)
    assert PlaceRank(by_hand=True, without_steps=True) == max(ranks)
