"""Docstrings of a manifest that somebody else wrote, and what must not come of them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from penstock import manifest
from penstock.model import Edge, Flow, Problem, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bs4 import Tag

SECRET = "hunter2-outside"
"""The content of a file beside the site."""

DEEP = 400

RST = {
    "include": ".. include:: ../outside.txt",
    "include_root": ".. include:: /../outside.txt",
    "include_literal": ".. include:: ../outside.txt\n   :literal:",
    "include_code": ".. include:: ../outside.txt\n   :code: python",
    "literalinclude": ".. literalinclude:: ../outside.txt",
    "raw": '.. raw:: html\n\n   <b id="rawhtml">x</b><script>window.PWNED=1</script>',
    "raw_case": ".. RaW:: html\n\n   <script>window.PWNED=1</script>",
    "raw_german": ".. roh:: html\n\n   <script>window.PWNED=1</script>",
    "raw_file": ".. raw:: html\n   :file: ../outside.txt",
    "raw_url": ".. raw:: html\n   :url: file:///etc/hostname",
    "raw_nested": ".. note::\n\n   * a list\n\n     .. raw:: html\n\n        <script>window.PWNED=1</script>",
    "raw_in_table": ".. list-table::\n\n   * - .. raw:: html\n\n          <script>window.PWNED=1</script>",
    "raw_in_substitution": ".. |x| raw:: html\n\n   <script>window.PWNED=1</script>\n\n|x| it is",
    "replace": ".. |own| replace:: captured\n\n|own| it is",
    "csv_file": ".. csv-table::\n   :file: ../outside.txt",
    "csv_url": ".. csv-table::\n   :url: file:///etc/hostname",
    "download": ":download:`../outside.txt`",
    "download_domain": ":std:download:`../outside.txt`",
    "role_raw": '.. role:: r(raw)\n   :format: html\n\n:r:`<i id="rolehtml">`',
    "role_class": ".. role:: sd-stretched-link\n\n:sd-stretched-link:`covers`",
    "role_math": r":math:`\href{javascript:window.PWNED=1}{x}`",
    "role_index": ":index:`captured <single: captured>`",
    "role_unknown": ":made-by-an-extension:`x`",
    "extlink": ":ticket:`12`",
    "default_role": ".. default-role:: raw",
    "link": "`x <javascript:window.PWNED=1>`_",
    "link_target": ".. _it: javascript:window.PWNED=1\n\nSee it_.",
    "link_indirect": ".. _there: it_\n.. _it: javascript:window.PWNED=1\n\nSee there_.",
    "link_anonymous": "See it__.\n\n__ javascript:window.PWNED=1",
    "link_data": "`x <data:text/html,PWNED>`_",
    "link_file": "`x <file:///etc/passwd>`_",
    "link_mixed": "`x <JaVaScRiPt:window.PWNED=1>`_",
    "link_bare": "javascript:window.PWNED=1 and vbscript:x and data:text/html,x",
    "link_inside": "`x <../../elsewhere.html>`_ and `y <//example.org/>`_",
    "image": ".. image:: javascript:window.PWNED=1",
    "image_local": ".. image:: ../outside.png",
    "image_web": ".. image:: https://example.org/pixel.png\n   :target: javascript:window.PWNED=1",
    "figure": ".. figure:: /../outside.png\n\n   Caption.",
    "math": ".. math::\n\n   \\input{../outside.txt}",
    "graphviz": '.. graphviz::\n\n   digraph { a [image="/etc/passwd" href="javascript:window.PWNED=1"] }',
    "only": ".. only:: html\n\n   shown",
    "ifconfig": ".. ifconfig:: open('EXECUTED','w').write('x')\n\n   x",
    "todo": ".. todo:: captured",
    "automodule": ".. automodule:: antigravity",
    "autofunction": ".. autofunction:: os.system",
    "autosummary": ".. autosummary:: os.system",
    "module": ".. py:module:: antigravity\n\n.. py:function:: fly()",
    "currentmodule": ".. currentmodule:: antigravity",
    "function": ".. py:function:: captured_function(x)\n   :module: antigravity\n   :canonical: os.system",
    "option": ".. option:: --captured",
    "glossary": ".. glossary::\n\n   captured term\n      It is.",
    "index": ".. index:: captured entry",
    "toctree": ".. toctree::\n\n   index",
    "meta": ".. meta::\n   :http-equiv=refresh: 0; url=javascript:window.PWNED=1",
    "title": ".. title:: Captured",
    "contents": ".. contents::",
    "class": ".. class:: sd-stretched-link\n\nCovers.",
    "cssclass": ".. cssclass:: sd-stretched-link\n\nCovers.",
    "rst_class": ".. rst-class:: sd-stretched-link\n\nCovers.",
    "container": ".. container:: sd-stretched-link\n\n   Covers.",
    "option_class": ".. note::\n   :class: sd-stretched-link\n   :name: searchbox\n\n   Covers.",
    "target": ".. _install:\n\nCaptured.",
    "target_directive": ".. rubric:: Captured\n   :name: install",
    "tabularcolumns": ".. tabularcolumns:: p{\\input{../outside.txt}}",
    "highlight": ".. highlight:: none",
    "hlist": ".. hlist::\n   :columns: 1000000000\n\n   * a",
    "lines": ".. code-block:: python\n   :emphasize-lines: 1-999999999\n\n   x",
    "doctest": ">>> open('EXECUTED', 'w')",
    "testcode": ".. testcode::\n\n   open('EXECUTED', 'w')",
    "flow": ".. penstock-flow:: f",
    "grid": ".. grid:: 2\n\n   .. grid-item-card:: x\n      :link: javascript:window.PWNED=1",
    "eval_rst": "```{eval-rst}\n.. raw:: html\n\n   <script>window.PWNED=1</script>\n```",
    "deep_quotes": "\n".join(f"{' ' * depth}x\n" for depth in range(DEEP // 2)),
    "deep_lists": "\n\n".join(f"{'  ' * depth}* x" for depth in range(DEEP // 4)),
    "marks": "*a " * 6000,
    "control": "A \x1b[31mred\x1b[0m \x00 \u202egnihtyreve\u202c",
}
"""Constructs of RST, by name."""

MARKDOWN = {
    "html": "<script>window.PWNED=1</script>\n\nAnd <img src=x onerror='window.PWNED=1'> inline.",
    "html_block": '<div onclick="window.PWNED=1">\n\nx\n\n</div>',
    "html_iframe": '<iframe src="https://example.org/"></iframe>',
    "link": "[x](javascript:window.PWNED=1)",
    "link_entity": "[x](java&#115;cript:window.PWNED=1) [y](java&Tab;script:window.PWNED=1)",
    "link_angle": "[x](<javascript:window.PWNED=1>) <javascript:window.PWNED=1>",
    "link_reference": "[x][it]\n\n[it]: javascript:window.PWNED=1",
    "link_data": "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "link_file": "[x](../outside.txt) [y](/../outside.txt) [z](path:../outside.txt) [p](project:../outside.txt)",
    "image": "![x](javascript:window.PWNED=1)",
    "image_local": "![x](../outside.png)",
    "image_web": "![x](https://example.org/pixel.png)",
    "snippet": '--8<-- "../outside.txt"',
    "snippet_block": "--8<--\n../outside.txt\n--8<--",
    "snippet_web": '--8<-- "file:///etc/hostname"',
    "mkdocstrings": "::: os.system",
    "embed": "::: penstock-flow f",
    "attributes": 'x {: #install .sd-stretched-link onclick="window.PWNED=1" }\n\n[y](https://example.org){ onclick="window.PWNED=1" }',
    "fence_attributes": "```{ .python full=true title='<script>window.PWNED=1</script>' cssclass='\" onclick=\"window.PWNED=1' }\nx\n```",
    "fence_custom": "```run\nopen('EXECUTED', 'w')\n```",
    "fence_options": '```python title="<script>window.PWNED=1</script>" hl_lines="1-9999999"\nx\n```',
    "block_html": "/// html | base[href='https://example.org/']\n///\n\n/// html | script\nwindow.PWNED=1\n///",
    "formula": "$\\href{javascript:window.PWNED=1}{x}$\n\n$$\n\\input{../outside.txt}\n$$",
    "template": "{{ 7 * 191 }} {% include '../outside.txt' %} {{ env.app.srcdir }}",
    "front_matter": "---\nmyst:\n  enable_extensions: [substitution]\n  substitutions: {a: captured}\n---\n\n{{ a }} {{ 7 * 191 }}",
    "directive_raw": "```{raw} html\n<script>window.PWNED=1</script>\n```",
    "directive_eval": "```{eval-rst}\n.. raw:: html\n\n   <script>window.PWNED=1</script>\n```",
    "directive_include": "```{include} ../outside.txt\n```",
    "directive_literalinclude": "```{literalinclude} ../outside.txt\n```",
    "directive_ifconfig": "```{ifconfig} open('EXECUTED','w').write('x')\nx\n```",
    "directive_figure": "```{figure} ../outside.png\n```",
    "directive_colon": ":::{raw} html\n<script>window.PWNED=1</script>\n:::",
    "directive_class": "```{note}\n:class: sd-stretched-link\n:name: install\nCovers.\n```",
    "role_raw": "{raw-html}`<script>window.PWNED=1</script>` {download}`../outside.txt` {math}`\\href{javascript:x}{y}`",
    "headings": "# install\n\n## install\n\nx",
    "target": "(install)=\n\nx",
    "abbreviation": "*[own]: captured\n\nown",
    "footnote": "x[^1]\n\n[^1]: captured",
    "deep_quotes": "> " * DEEP + "x",
    "deep_lists": "\n".join(f"{'    ' * depth}* x" for depth in range(DEEP // 4)),
    "marks": "[" * 18_000,
    "placeholder": "\x02wzxhzdk:0\x03 \x02klzzwxh:0001\x03",
    "control": RST["control"],
}
"""Constructs of Markdown, by name."""


def evil_flow(docstrings: Mapping[str, str], **files: str) -> Flow:
    """Return a flow with a step for each docstring, and one for each file that a step claims."""
    steps = [Step(name=name, entrypoint=True, docstring=f"Doc.\n\n{text}") for name, text in docstrings.items()]
    claims = [
        Step(name=name, entrypoint=True, module=module, qualname="run", file=file, line=2)
        for module, (name, file) in zip(("shop.run", "shop.abs", "../../../x", "os"), files.items(), strict=False)
    ]
    return Flow(name="f", steps=(*steps, *claims))


def evil_texts(text: str) -> Flow:
    """Return a flow with one text in all places."""
    steps = (
        Step(
            name=f"a{text}",
            title=text,
            docstring=text,
            signature=f"(a: {text}) -> {text}",
            imports=(text,),
            module=text,
            qualname=text,
            file=text,
            line=10**12,
            end_line=-1,
            entrypoint=True,
            trigger=text,
            effects=(text,),
            source_hash=text,
        ),
        Step(name=f"b{text}", docstring=text),
    )
    problems = (Problem(code=text, message=text, file=text, line=1, step=text),)
    edges = (Edge(source=f"a{text}", target=f"b{text}", label=text, origin="declared", note=text),)
    return Flow(
        name=f"f{text}",
        title=text,
        description=text,
        service="",
        tags=(text,),
        steps=steps,
        edges=edges,
        problems=problems,
    )


def save(flow: Flow, path: Path, *problems: Problem) -> None:
    """Write the manifest of a flow."""
    path.parent.mkdir(parents=True, exist_ok=True)
    manifest.save(manifest.Manifest(flows=(flow,), problems=problems), path)


ACTIVE = ("base", "embed", "form", "iframe", "img", "link", "meta", "object", "script", "style", "video")


def faults(element: Tag) -> Iterator[str]:
    """Yield what in an element of a page could act, lead astray, or come from elsewhere."""
    yield from (f"element {each.name}" for each in element.find_all(ACTIVE))
    for each in element.find_all(True):
        yield from (f"attribute {name}" for name in each.attrs if name.startswith("on"))
        yield from (f"class {name}" for name in each.get("class", []) if name.startswith("sd-"))
        yield from (
            f"id {each['id']}" for _ in range(each.get("id") in ("install", "searchbox", "rawhtml", "rolehtml"))
        )
        address = "".join(each.get("href", "").split()).lower()
        if urlsplit(address).scheme not in ("", "http", "https", "mailto") or "outside" in address:
            yield f"link {address}"
    if SECRET in str(element):
        yield "the content of another file"
    if "1337" in element.get_text():
        yield "a template that ran"
