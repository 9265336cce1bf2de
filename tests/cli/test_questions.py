"""``penstock who`` and ``penstock impact``."""

import json

import pytest

from joined_flows import JOINED
from penstock import manifest
from penstock.check.evidence import Evidence, Seen, Visit, save
from penstock.cli import main


@pytest.fixture
def joined(tmp_path, monkeypatch):
    """A project that reads the flows of two services from a manifest, as the working directory."""
    (tmp_path / "pyproject.toml").write_text('[tool.penstock]\nmanifests = ["flows.json"]\n')
    (tmp_path / "flows.json").write_text(manifest.dumps(JOINED))
    monkeypatch.chdir(tmp_path)


def ask(capsys, *words):
    """Return what a command prints, after it has succeeded."""
    assert 0 == main.main(words)
    return capsys.readouterr().out


@pytest.mark.usefixtures("joined")
def test_who_lists_writers_and_starters(capsys):
    """The answer has a list for each way to use the resource, with the spelling where it is another."""
    assert ask(capsys, "who", "kafka:placed") == (
        "writes kafka:placed\n"
        "  shop/orders.announce  declared as topic:placed  shop/orders.py:14\n"
        "\n"
        "is started by kafka:placed\n"
        "  money/billing.consume  declared  money/bills.py:2\n"
    )


@pytest.mark.usefixtures("joined")
def test_who_without_a_name_lists_all(capsys):
    """Without a resource, the answer is a table of all."""
    assert ask(capsys, "who").splitlines()[3] == "kafka:placed       written by 1 step, starts 1 step"


@pytest.mark.usefixtures("joined")
def test_who_for_programs(capsys):
    """JSON has the flow, service, step and place of each user."""
    users = json.loads(ask(capsys, "who", "postgres:invoices", "-f", "json"))["resources"][0]["users"]
    assert [("billing", "money", "bill", "writes", "money/bills.py", 8)] == [
        tuple(user[key] for key in ("flow", "service", "step", "verb", "file", "line")) for user in users
    ]


@pytest.mark.usefixtures("joined")
def test_an_unknown_resource_fails_with_near_names(capsys):
    """A misspelt resource is an error, not an empty answer."""
    assert 2 == main.main(["who", "kafka:place"])
    assert "Did you mean 'kafka:placed'?" in capsys.readouterr().err


@pytest.mark.usefixtures("joined")
def test_impact_lists_what_comes_after(capsys):
    """The answer names the steps after the changed one, the way to each, and what they write."""
    assert ask(capsys, "impact", "announce") == (
        "shop/orders.announce\n"
        "2 steps after it, in 2 flows; these steps write: topic:placed, postgres:invoices, db:orders\n"
        "\n"
        "money/billing.consume  through topic:placed, from shop/orders.announce  money/bills.py:2\n"
        "money/billing.bill     after money/billing.consume                      money/bills.py:8\n"
    )


@pytest.mark.usefixtures("joined")
def test_impact_for_programs(capsys):
    """JSON has each step with its way, and the resources and flows of all."""
    answer = json.loads(ask(capsys, "impact", "shop/orders.store", "-f", "json"))
    assert [("", ""), ("shop/orders.store", ""), ("shop/orders.announce", "topic:placed")] == [
        (step["from"], step["channel"]) for step in answer["steps"][:3]
    ]
    assert ["shop/orders", "money/billing"] == answer["flows"]


@pytest.mark.usefixtures("joined")
@pytest.mark.parametrize("words", [("who", "kafka:placed"), ("impact", "announce")])
def test_answers_are_drawn(capsys, words):
    """Each answer is a Mermaid diagram on request."""
    drawn = ask(capsys, *words, "-f", "mermaid")
    assert ("graph LR", True) == (drawn.splitlines()[0], "money/billing.consume" in drawn)


@pytest.mark.usefixtures("joined")
def test_impact_names_the_tests(capsys, tmp_path):
    """Where the evidence names tests, the answer has those that run the affected steps, and how to run them."""
    visits = {
        Visit("orders", Seen("announce"), Seen("receive")): frozenset({"test_orders.py::test_a"}),
        Visit("nightly", Seen("clean")): frozenset({"test_nightly.py::test_c"}),
    }
    (tmp_path / ".penstock").mkdir()
    save(Evidence(visits=visits), tmp_path / ".penstock" / "evidence.json")
    assert "1 test for these steps: pytest $(penstock tests shop/orders.announce)\n" in ask(
        capsys, "impact", "announce"
    )
    answer = json.loads(ask(capsys, "impact", "announce", "-f", "json"))
    assert (["test_orders.py::test_a"], [["test_orders.py::test_a"], [], []]) == (
        answer["tests"],
        [step["tests"] for step in answer["steps"]],
    )
