"""`penstock open FLOW` shows a flow in the browser, and draws it again at every save."""

from __future__ import annotations

import webbrowser
from argparse import Namespace
from itertools import pairwise
from pathlib import Path

import pytest

from penstock.cli.main import main
from penstock.cli.open_flow import PageFile, watch

FLOWS = '''
from penstock import flow

orders = flow("orders", title="All <b>orders</b>", description="From the cart on.")


@orders.entrypoint(trigger="POST /orders")
def accept(item: str) -> None:
    """Accept an order.

    </pre><script>alert(1)</script>
    """


@orders.step(after={"accept": "if valid"})
def confirm(): ...
'''


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a configured application, as the working directory, and a folder for temporary files."""
    (tmp_path / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["flows"]\npath = ["."]\n')
    (tmp_path / "flows.py").write_text(FLOWS)
    (tmp_path / "tmp").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))


def test_the_page_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser gets the address of a file."""
    addresses: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: not addresses.append(address))
    assert 0 == main(["open", "orders"])
    [page] = Path("tmp").rglob("*.html")
    assert [page.resolve().as_uri()] == addresses
    assert "orders.html" == page.name


def test_without_a_browser_the_path_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a machine without a browser, the message has the path."""
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    assert 0 == main(["open", "orders"])
    [page] = Path("tmp").rglob("*.html")
    assert f"note: no browser could be started. Open the page yourself: {page.resolve()}\n" == capsys.readouterr().err


def test_no_browser_prints_the_path_only(capsys: pytest.CaptureFixture[str]) -> None:
    """`--no-browser` is for scripts: one line, the path."""
    assert 0 == main(["open", "orders", "--no-browser"])
    [page] = Path("tmp").rglob("*.html")
    assert f"{page.resolve()}\n" == capsys.readouterr().out


def test_the_page_has_the_flow(capsys: pytest.CaptureFixture[str]) -> None:
    """Title, description, diagram and steps are there; all texts are escaped, and nothing is loaded."""
    soup = pytest.importorskip("bs4")
    main(["open", "orders", "--no-browser"])
    page = soup.BeautifulSoup(Path(capsys.readouterr().out.strip()).read_text(), "html.parser")
    assert ("All <b>orders</b>", "From the cart on.") == (page.h1.text, page.p.text)
    assert ["accept(item: str) -> None", "confirm()"] == [heading.text for heading in page.find_all("h2")]
    assert "Accept an order.\n\n</pre><script>alert(1)</script>" == page.pre.text
    assert ["#step-0", "#step-1"] == [link.get("href") for link in page.svg.find_all("a")]
    assert [] == page.find_all(["script", "link", "img"], src=True)


def test_an_unknown_flow_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelled flow is answered by the right one, and no page is left behind."""
    assert 2 == main(["open", "oders"])
    assert "Did you mean 'orders'?" in capsys.readouterr().err
    assert [] == [*Path("tmp").iterdir()]


def make_page() -> PageFile:
    """Return the page of a watched flow, written for the first time."""
    arguments = {
        "flow": "orders",
        "direction": None,
        "numbers": None,
        "watch": True,
        "project": Path(),
        "modules": None,
        "path": None,
    }
    page = PageFile(Namespace(**arguments, prog="penstock open"))
    page.refresh()
    return page


def test_a_watched_page_changes_with_the_sources(capsys: pytest.CaptureFixture[str]) -> None:
    """Each save draws the page again, with another version; a look without a save leaves the files alone."""
    page = make_page()
    version = page.file.with_name("version.js")
    shown: list[tuple[bool, str]] = []
    edits = iter([None, FLOWS.replace("confirm", "ship"), None])

    def wait() -> None:
        shown.append(("ship" in page.file.read_text(), version.read_text()))
        if edit := next(edits):
            Path("flows.py").write_text(edit)

    with pytest.raises(StopIteration):
        watch(page, wait)
    assert [False, False, True, True] == [ship for ship, _ in shown]
    assert [True, False, True] == [one == other for (_, one), (_, other) in pairwise(shown)]
    assert "drew orders.html again\n" == capsys.readouterr().err


def test_a_fault_leaves_the_watched_page(capsys: pytest.CaptureFixture[str]) -> None:
    """A save with a syntax error is told once, and the page comes back with the next save."""
    page = make_page()
    pages: list[bool] = []
    edits = iter(["def :", None, FLOWS.replace("confirm", "ship")])

    def wait() -> None:
        pages.append("ship" in page.file.read_text())
        if edit := next(edits):
            Path("flows.py").write_text(edit)

    with pytest.raises(StopIteration):
        watch(page, wait)
    assert [False, False, False, True] == pages
    told = capsys.readouterr().err
    assert 1 == told.count("SyntaxError")
    assert told.endswith("drew orders.html again\n")


def test_watching_ends_with_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends the watch with its usual exit code."""

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupt)
    assert 130 == main(["open", "orders", "--no-browser", "--watch"])


def test_the_page_is_private() -> None:
    """The folder of the page is the user's own."""
    main(["open", "orders", "--no-browser"])
    [folder] = Path("tmp").iterdir()
    assert 0 == folder.stat().st_mode & 0o077
