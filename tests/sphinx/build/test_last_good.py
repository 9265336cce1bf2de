"""Pages that stay as they were while somebody mends a fault."""

from __future__ import annotations

import pytest

SAID = "Until then, the pages show the flows as they were before. [penstock."


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        pytest.param('penstock_modulez = ["flows"]', "config", id="misspelt"),
        pytest.param("penstock_timeout = -1", "config", id="wrong"),
        pytest.param('penstock_modules = ["flows", "nowhere"]', "import", id="module that is not there"),
    ],
)
def test_fault_in_the_settings(small, setting, kind):
    """A fault in the settings leaves the pages as they were, every build says so, and -W fails."""
    assert 0 == small.build("html", "-W").code
    before = small.text("_build/html/index.html")
    good = small.text("conf.py")
    small.write("conf.py", f"{good}{setting}\n")
    small.write("new.rst", ":orphan:\n\nNew\n===\n\n.. penstock-flow:: one\n")
    for read in (["new"], []):
        built = small.build()
        (warning,) = built.warnings
        assert (0, read) == (built.code, built.read)
        assert warning.endswith(f"{SAID}{kind}]")
    assert before == built.text("index.html")
    assert "<svg" in built.text("new.html")
    assert 0 != small.build("html", "-W").code
    small.write("conf.py", good)
    built = small.build("html", "-W")
    assert (0, "") == (built.code, built.complained)
