"""Renders flows as Mermaid flowcharts, safe to paste anywhere: no name can break out of its node."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import quote

from penstock._util.display_text import plain, plain_name
from penstock.render import edge_status, numbers, use_status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from penstock.model import Edge, Flow, Step
    from penstock.render.options import Options
    from penstock.render.use_status import Channel

MAX_EDGES = 500
"""Maximum number of edges that Mermaid draws (its setting ``maxEdges``)."""

MAX_TEXT = 50_000
"""Maximum length of a text that Mermaid reads, in UTF-16 units (its setting ``maxTextSize``)."""

_BARE = re.compile(r"(?!n\d+$|io\d+$)(?:[A-Za-z]\w*|_\w*[A-Za-z0-9])", re.ASCII)
"""Names usable as ids: not ours, and not ``__dunder__``, which Mermaid 11.4 to 11.9 draws in bold."""

_RESERVED = frozenset(
    """
    _blank _parent _self _top call class classDef click end flowchart graph href interpolate linkStyle style subgraph
    __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__ __proto__ constructor hasOwnProperty
    isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf
    """.split()  # noqa: SIM905 - a word a line reads worse
)
"""Words of the grammar, and properties of every JavaScript object, which break the layout."""

_SPECIAL = re.compile(
    r'["<>&#;|\\`]'  # the grammar, HTML
    r"|[%:$]"  # directives, icons and styles, formulas
    r"|[*~+@\[\]{}]|(?<![^\W_])_|_(?![^\W_])"  # Markdown: emphasis, links, lists
    r"|^[-=]|(?<=\d)[.)](?=\s|$)|(?<=www)\."  # Markdown: lists, rules, headings, bare addresses
    r"|(?<=direction)\s(?=TB|BT|RL|LR|TD)"  # read as a statement even inside quotes
)

_ENCODED = re.compile("(?<=ﬂ)(?=°)|(?<=¶)(?=ß)")
"""An invisible word joiner separates these pairs, which Mermaid itself uses for escaped characters."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_RELATIVE = re.compile(r"[/?#.]|[\w.-]*(?:[/?#]|$)")
_EATEN = re.compile(r"(?:style|classDef).*:\S*#")
"""Lines with these words lose their last semicolon in Mermaid, which may be an escaped character's."""

_CLASSES = (
    "classDef entry fill:#eef4ff,stroke:#2f6fed,color:#1f2430,stroke-width:2px",
    "classDef io fill:#f4f3ff,stroke:#7a5af8,color:#4a2fb8",
)

_COLOURS = {False: "#dc6803", True: "#d92d20"}
"""Colours of unconfirmed edges, and of faulty ones; visible on white and on black."""


def render(flow: Flow, options: Options) -> str:
    """Render the flow as a Mermaid flowchart, without a newline at the end."""
    draw = _draw_detailed if options.details else _simple
    direction = "TD" if options.direction == "TB" else options.direction
    title = f"---\ntitle: {options.note}\n---\n" if options.note else ""
    return title + "\n    ".join((f"graph {direction}", *draw(flow, options)))


def render_within_limits(flow: Flow, options: Options, /, *, engine: str, timeout: float) -> str:
    """Render the flow as Mermaid text, with a warning if it is larger than Mermaid draws."""
    del engine, timeout
    content = render(flow, options)
    if too_large(content):
        from penstock.render.graphviz import picture  # noqa: PLC0415 - seldom needed

        picture.warn(f"flow {flow.name!r} is larger than Mermaid draws by default; choose svg")
    return content


def too_large(text: str) -> bool:
    """Return whether Mermaid, with its default settings, refuses to draw a text from :func:`render`."""
    edges = text.count("-->") + text.count("-.->")
    return edges > MAX_EDGES or len(text.encode("utf-16-le")) // 2 > MAX_TEXT


def _simple(flow: Flow, _: Options) -> Iterator[str]:
    ids = _ids(flow)
    connected_names = set(chain.from_iterable((edge.source, edge.target) for edge in flow.edges))
    for step in flow.steps:
        figures = _figures(step)
        if ids[step.name] != step.name or figures:
            yield f'{ids[step.name]}["{_label(plain_name(step.name))}{figures}"]'
        elif step.name not in connected_names:
            yield step.name
    # two labels between the same steps are one edge here
    arrows = {_arrow(edge, ids, ""): edge for edge in flow.edges}
    yield from arrows
    yield from _widths(arrows.values())


def _draw_detailed(flow: Flow, options: Options) -> Iterator[str]:
    ids = _ids(flow)
    outside = _outside(flow)
    yield from (_node(step, ids[step.name]) for step in flow.steps)
    yield from (f'{name}[/"{_label(text)}"/]:::io' for text, name in outside.items())
    yield from (_arrow(edge, ids, edge.label) for edge in flow.edges)
    for source, target, channel in _channel_arrows(flow, ids):
        label = f'|"{_label(channel.words)}"|' if channel.style else ""
        yield f"{source} -.->{label} {target}"
    for step in flow.steps:
        if url := _safe_url(options.links.get(step.name, "")):
            yield _click(step, ids[step.name], url)
    yield from _CLASSES
    yield from _proof(flow)


def _ids(flow: Flow) -> dict[str, str]:
    return {
        step.name: step.name if _BARE.fullmatch(step.name) and step.name not in _RESERVED else f"n{index}"
        for index, step in enumerate(flow.steps)
    }


def _outside(flow: Flow) -> dict[str, str]:
    """Return an id for each distinct trigger and effect."""
    texts = (channel.resource for step in flow.steps for channel in _list_channels(flow, step))
    return {text: f"io{index}" for index, text in enumerate(dict.fromkeys(texts))}


def _list_channels(flow: Flow, step: Step) -> list[Channel]:
    trigger = use_status.find_trigger(flow, step)
    return [*([trigger] if trigger else []), *use_status.list_effects(flow, step)]


def _channel_arrows(flow: Flow, ids: dict[str, str]) -> Iterator[tuple[str, str, Channel]]:
    """Yield the ids of the ends of each arrow from a trigger, or to an effect, and its channel."""
    outside = _outside(flow)
    for step in flow.steps:
        if trigger := use_status.find_trigger(flow, step):
            yield outside[trigger.resource], ids[step.name], trigger
        effects = {effect.resource: effect for effect in use_status.list_effects(flow, step)}
        yield from ((ids[step.name], outside[resource], effect) for resource, effect in effects.items())


def _node(step: Step, name: str) -> str:
    label = _label(plain_name(step.name))
    if title := plain(step.title):
        label += f"\n{_label(title)}"  # not <br/>, after which Mermaid treats escaped characters as plain ones
    label += _figures(step)
    return f'{name}(["{label}"]):::entry' if step.entrypoint else f'{name}["{label}"]'


def _figures(step: Step) -> str:
    """Return the numbers of a step as further lines of its label."""
    return "".join(f"\n{_label(line)}" for line in numbers.describe_step(step))


def _arrow(edge: Edge, ids: dict[str, str], text: str) -> str:
    mark = edge_status.mark(edge)
    line = "-.->" if mark and mark.line != "solid" else "-->"
    texts = [plain(text), numbers.describe_edge(edge), edge_status.label(edge)]
    label = _label(", ".join(filter(None, texts)))
    arrow = f'{line}|"{label}"|' if label else line
    return f"{ids[edge.source]} {arrow} {ids[edge.target]}"


def _proof(flow: Flow) -> Iterator[str]:
    """Yield the colours of the styled edges, and comments on their evidence for readers of the text."""
    edge_marks = [edge_status.mark(edge) for edge in flow.edges]
    faults = [mark and mark.fault for mark in edge_marks]
    faults += [channel.is_fault if channel.style else None for _, _, channel in _channel_arrows(flow, _ids(flow))]
    for fault, colour in _COLOURS.items():
        places = [str(place) for place, is_fault in enumerate(faults) if is_fault is fault]
        if places:
            yield f"linkStyle {','.join(places)} stroke:{colour}"
    yield from _widths(flow.edges)
    if flow.numbers:
        yield f"%% {_comment(numbers.describe_origin(flow.numbers))}"
    for provenance in filter(None, (edge_status.provenance(flow), use_status.provenance(flow))):
        yield f"%% {_comment(str(provenance))}"


def _widths(edges: Iterable[Edge]) -> Iterator[str]:
    """Yield the widths of the edges whose share is known."""
    edges_by_width: dict[float, list[str]] = {}
    for place, edge in enumerate(edges):
        if thick := numbers.choose_width(edge):
            edges_by_width.setdefault(thick, []).append(str(place))
    for thick, places in edges_by_width.items():
        yield f"linkStyle {','.join(places)} stroke-width:{thick:g}px"


def _comment(text: str) -> str:
    return re.sub("[{}%]", "", text)  # they would begin a directive


def _click(step: Step, name: str, url: str) -> str:
    link = f'click {name} href "{url}"'
    tooltip = _label(plain(f"{step.name}{step.signature}"))
    return link if not tooltip or _EATEN.search(f"{link}{tooltip}") else f'{link} "{tooltip}"'


def _label(text: str) -> str:
    return _SPECIAL.sub(lambda match: f"#{ord(match.group())};", _ENCODED.sub("\u2060", text))


def _safe_url(url: str) -> str:
    """Return the address quoted for Mermaid, or an empty string unless it is relative, a fragment, or on the web."""
    url = "".join(char for char in url if char > " ")  # browsers ignore them, also inside "java script:"
    scheme = _SCHEME.match(url)
    if scheme and scheme[1].lower() not in {"http", "https"}:
        return ""
    if url and not scheme and not _RELATIVE.match(url):
        url = f"./{url}"  # Mermaid decodes it, and then "javascript%3A" would be a scheme
    return quote(url.encode("utf-8", "replace"), safe="%/:?#[]@!$&'()*+,=~")
