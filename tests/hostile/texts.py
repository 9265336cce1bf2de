"""Draws flows in which every text is hostile: each format stays what it is, and its structure that of a harmless flow."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from harness import main

from penstock import Edge, Flow, Step, manifest
from penstock.manifest import Manifest
from penstock.render import Options, render
from penstock.render.graphviz.layout import Layout, lay_out
from penstock.render.svg import draw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from random import Random

FRAGMENTS = [
    '"', "'", "`", "\\", "\n", "\r\n", "\t", "\0", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u202e", "\ufeff", "\ud800",
    "\U000e0001", "<", ">", "&", "&lt;", "&#34;", "#quot;", "#35;", "]]>", "<!--", "-->", "</svg>", "</text>", "<script>",
    'onload="x"', "javascript:alert(1)", "end", "graph TD", "subgraph", "-->|x|", "==>", "---", "%%", "%%{init}%%", ";",
    ":::", "click a", "[", "]", "(", ")", "{", "}", "{{", "|", "\\n", "\\l", "\\N", "<b>", "<br/>", "$$x$$", "*a*", "_b_",
    "[x](y)", "![x](y)", "# ", "> ", "- ", "1. ", "~~~", "```", "\u0645\u0631\u062d\u0628\u0627", "\u6ce8\u6587", "e\u0301",
    "\U0001f600", "x" * 90, "word " * 9, "strict digraph", "label=", "node", "edge", "HTML<", "style", "linkStyle", " ", "",
]  # fmt: skip
HTML_LABEL = re.compile(r"<(<table.*?</table>)>", re.DOTALL)
BARE = re.compile(r"\b(label|tooltip)=\w+")
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


def some_text(chance: Random) -> str:
    """Return a hostile text."""
    parts = [chance.choice(FRAGMENTS) for _ in range(chance.randint(1, 5))]
    parts += [chr(chance.randrange(0x110000)) for _ in range(chance.randrange(3))]
    return "".join(parts).encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")  # as JSON joins them


def make_flow(chance: Random, text: Callable[[], str]) -> Flow:
    """Return a flow of some steps whose shape follows from chance alone, and whose texts are given."""
    number = chance.randint(1, 4)
    kinds = [(chance.random() < 0.5, chance.random() < 0.5, chance.random() < 0.5) for _ in range(number)]
    arrows = [
        (a, b, chance.random() < 0.5) for a in range(number) for b in range(a + 1, number) if chance.random() < 0.6
    ]
    names = [f"n {at} {text()}" for at in range(number)]
    steps = tuple(
        Step(
            name=name,
            title=f"t {text()}",
            docstring=text(),
            signature=f"({text()})",
            file=text(),
            line=1,
            entrypoint=at == 0 or starts,
            trigger=f"k{at} {text()}" if triggered else "",
            effects=(f"e{at} {text()}",) if effect else (),
        )
        for at, (name, (starts, triggered, effect)) in enumerate(zip(names, kinds, strict=True))
    )
    edges = tuple(
        Edge(source=names[a], target=names[b], label=f"l {text()}" if label else "") for a, b, label in arrows
    )
    return Flow(name=f"f {text()}", title=f"T {text()}", description=text(), steps=steps, edges=edges)


def structure(text: str) -> str:
    """Return a diagram in text without its labels; those that are markup have to be whole."""
    for label in HTML_LABEL.findall(text):
        ET.fromstring(label)
    return BARE.sub(r"\1=Q", QUOTED.sub("Q", HTML_LABEL.sub("Q", text)))


def wrong_texts(flow: Flow, harmless: Flow) -> Iterator[str]:
    """Yield what is wrong with the formats that are texts."""
    for details in (True, False):
        for name in ("mermaid", "dot"):
            drawn, expected = (str(render(each, name, Options(details=details))) for each in (flow, harmless))
            if structure(drawn) != structure(expected):
                yield f"{name}: {structure(drawn)!r} is not built as {structure(expected)!r}"
        shown = str(render(flow, "text", Options(details=details)))
        if odd := sorted({char for char in shown if char != "\n" and _may_hurt(char)}):
            yield f"text shows {odd!r}"
    made = Manifest(flows=(flow,))
    if manifest.loads(manifest.dumps(made).encode().decode()) != made:
        yield "the manifest is another one when it is read again"
    json.loads(str(render(flow, "json", Options())))


def _may_hurt(char: str) -> bool:
    """Return whether a character moves what stands around it, as those do that steer terminals and writing directions."""
    return (
        unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")
        or "\u202a" <= char <= "\u202e"
        or "\u2066" <= char <= "\u2069"
    )


def wrong_drawing(flow: Flow) -> Iterator[str]:
    """Yield what is wrong with the picture."""
    options = Options(details=True, links={step.name: step.docstring for step in flow.steps})
    (laid_out,) = lay_out([flow], options)
    if not isinstance(laid_out, Layout):
        yield f"no layout: {laid_out}"
        return
    for element in ET.fromstring(draw(flow, laid_out, options, prefix="p")).iter():
        tag = element.tag.rpartition("}")[2]
        hostile = [
            name for name, value in element.items() if name.lower().startswith("on") or not _is_safe(name, value)
        ]
        if tag in ("script", "foreignObject", "image", "use") or hostile:
            yield f"the picture has {ET.tostring(element)!r}"


def _is_safe(name: str, value: str) -> bool:
    return not name.endswith("href") or not re.match(r"\s*(?!https?:|mailto:)[a-z][a-z0-9+.-]*:", value, re.IGNORECASE)


def attempt(chance: Random, _folder: Path) -> str:
    """Draw a flow of hostile texts in every format; return what is wrong."""
    shape = chance.getrandbits(64)
    flow = make_flow(type(chance)(shape), lambda: some_text(chance))
    harmless = make_flow(type(chance)(shape), lambda: "x")
    wrong = [*wrong_texts(flow, harmless), *(wrong_drawing(flow) if chance.random() < 0.05 else ())]
    return f"{flow!r}: {' '.join(wrong)}" if wrong else ""


if __name__ == "__main__":
    main(attempt, 13_400)
