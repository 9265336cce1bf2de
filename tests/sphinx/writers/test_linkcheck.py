"""Links to sources, as the builder linkcheck asks for them."""

from __future__ import annotations

import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Handler(SimpleHTTPRequestHandler):
    """Serves the files of a folder, and logs nothing."""

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@pytest.fixture
def served(small):
    """A small site, whose folder is on the web at an address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(small.folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        small.address = f"http://127.0.0.1:{server.server_port}"
        yield small
        server.shutdown()
        thread.join()


def results(small, url, settings="", page=".. penstock-flow:: one\n"):
    """Return what linkcheck says of each address, from the server's root."""
    small.write("conf.py", f"{small.text('conf.py')}penstock_source_url = {url!r}\n{settings}\n")
    small.write("index.rst", f"Index\n=====\n\n{page}")
    built = small.build("linkcheck")
    lines = map(json.loads, built.text("output.json").splitlines())
    checked = [line for line in lines if not line["uri"].startswith("#")]
    return {line["uri"].replace(small.address, ""): line["status"] for line in checked}


@pytest.mark.parametrize("anchor", ["#L{line}", "#L{line}-{end_line}", "#lines-{line}:{end_line}"])
def test_lines_are_no_anchors(served, anchor):
    """An anchor that a script makes of a line, as on GitHub, GitLab and Bitbucket, is not looked for; the file is, once."""
    assert {"/flows.py": "working"} == results(served, f"{served.address}/{{file}}{anchor}")


def test_generated_pages(served):
    """So it is on the pages that a list of flows makes."""
    page = ".. penstock-flows::\n   :toctree: flows\n"
    assert {"/flows.py": "working"} == results(served, f"{served.address}/{{file}}#L{{line}}", page=page)


def test_file_that_is_not_there(served):
    """A source that cannot be read there is broken."""
    assert {"/main/flows.py": "broken"} == results(served, f"{served.address}/main/{{file}}#L{{line}}")


def test_anchor_of_every_file(served):
    """An anchor that does not depend on the line is looked for."""
    assert {"/flows.py#source": "broken"} == results(served, f"{served.address}/{{file}}#source")


def test_links_of_the_author(served):
    """Other links are looked for with their anchors, also in the same file."""
    link = f"\n`there <{served.address}/flows.py#L1>`_\n"
    statuses = results(served, f"{served.address}/{{file}}#L{{line}}", page=f".. penstock-flow:: one\n{link}")
    assert {"/flows.py": "working", "/flows.py#L1": "broken"} == statuses


def test_ignored_links(served):
    """What linkcheck_ignore names stays ignored, also by its anchor."""
    statuses = results(served, f"{served.address}/main/{{file}}#L{{line}}", 'linkcheck_ignore = [".*#L"]')
    assert {"ignored"} == set(statuses.values())


def test_files_of_the_site(served):
    """A source beside the page is found without its line, too."""
    assert {"flows.py": "working"} == results(served, "{file}#L{line}")
