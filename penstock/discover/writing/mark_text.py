"""Marks as source text: ``@step(after="pay", effects=["postgres:orders"])``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from penstock.discover.proposal import ProposedFlow, ProposedStep

MAX_LINE = 88
"""Maximum columns of a line with a mark; a longer one is folded, as Black and Ruff do."""


def quote_text(text: str, quote: str = '"') -> str:
    """Return a text as a literal, in the given quotes where that needs no escapes."""
    if text.isprintable() and "\\" not in text and quote not in text:
        return f"{quote}{text}{quote}"
    return json.dumps(text) if quote == '"' else repr(text)


def quote_list(texts: Sequence[str], quote: str) -> str:
    """Return texts as a literal list."""
    return f"[{', '.join(quote_text(text, quote) for text in texts)}]"


def quote_after(after: Mapping[str, str], quote: str) -> str:
    """Return the value of ``after=``: a name, a list of names, or names with the labels of their edges."""
    names = [*after]
    if any(after.values()):
        labels = (quote_text(label, quote) if label else "None" for label in after.values())
        pairs = (f"{quote_text(name, quote)}: {label}" for name, label in zip(names, labels, strict=True))
        return f"{{{', '.join(pairs)}}}"
    return quote_text(names[0], quote) if len(names) == 1 else quote_list(names, quote)


def flow_arguments(flow: ProposedFlow, quote: str = '"', *, is_titled: bool) -> list[str]:
    """Return the arguments of ``flow``; the title is written once, at the entrypoint."""
    title = [f"title={quote_text(flow.title, quote)}"] if is_titled and flow.title not in ("", flow.name) else []
    return [quote_text(flow.name, quote), *title]


def iter_marks(step: ProposedStep, quote: str = '"', *, is_entrypoint: bool) -> Iterator[tuple[str, list[str]]]:
    """Yield the marks of a step with their arguments, the outermost first.

    An entrypoint takes neither ``after=`` nor ``effects=``; where it has some, it is a step, too.
    """
    name = [] if step.name == step.function.name else [f"name={quote_text(step.name, quote)}"]
    after = [f"after={quote_after(step.after, quote)}"] if step.after else []
    effects = [f"effects={quote_list(step.effects, quote)}"] if step.effects else []
    if is_entrypoint:
        trigger = [f"trigger={quote_text(step.trigger, quote)}"] if step.trigger else []
        yield "entrypoint", [*name, *trigger]
    if after or effects or not is_entrypoint:
        yield "step", [*after, *name, *effects]


def fold_call(
    head: str, arguments: Sequence[str], tail: str = "", indent: str = "", *, unit: str = "    "
) -> list[str]:
    """Return the lines of a call: one if it fits, else one for each argument.

    Args:
        head: The text before the opening parenthesis.
        arguments: The arguments.
        tail: The text behind the closing parenthesis.
        indent: The indentation of the lines.
        unit: The additional indentation of arguments.
    """
    line = f"{indent}{head}({', '.join(arguments)}){tail}"
    if len(line.expandtabs(4)) <= MAX_LINE or not arguments:
        return [line]
    return [f"{indent}{head}(", *(f"{indent}{unit}{argument}," for argument in arguments), f"{indent}){tail}"]
