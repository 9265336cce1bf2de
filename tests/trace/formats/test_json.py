"""A run as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from otlp import DAY
from penstock.errors import UnknownFormatError
from penstock.trace.formats import choose_format, json_file
from traced import MS, SPANS, log_line, trace_lines


def test_json(tmp_path):
    """Programs get all facts, with times in nanoseconds."""
    trace = trace_lines(
        tmp_path, *SPANS, log_line("paid", 30, step="pay", card=4111, shard=7, logger="shop.bank"), show=("shard",)
    )
    content = json.loads(json_file.render(trace))
    assert ("penstock-trace", "1.0", DAY, DAY + 180 * MS) == (
        *(content[key] for key in ("format", "version", "start", "end")),
    )
    step = content["steps"][2]
    assert ("pay", ["orders"], "shop", 40 * MS, 0) == (
        *(step[key] for key in ("step", "flows", "service", "duration", "parent")),
    )
    assert [("shop.bank", {"shard": "7"})] == [(line["logger"], line["fields"]) for line in step["lines"]]
    assert [{"channel": "kafka:parcels", "source": 3, "target": 4}] == content["joins"]
    assert (["reject"], True, None) == (
        content["flows"][0]["silent"],
        content["flows"][0]["exact"],
        content["first_undeclared"],
    )


@pytest.mark.parametrize(
    ("name", "output", "kind"),
    [
        (None, None, "text"),
        (None, "x.html", "html"),
        (None, "x.md", "markdown"),
        (None, "x.mmd", "mermaid"),
        ("json", "x.html", "json"),
    ],
)
def test_formats_by_suffix(name, output, kind):
    """The suffix of the output selects the format, unless one is named."""
    assert kind == choose_format(name, output and Path(output))


def test_unknown_suffixes():
    """A suffix of no format is an error, which names the formats."""
    with pytest.raises(UnknownFormatError, match=r"no format '\.pdf'.*html"):
        choose_format(None, Path("x.pdf"))
