"""MkDocs builds a small site."""

from flows import build_small_site


def test_a_small_site(tmp_path):
    """Each page is there, and the one for unknown addresses."""
    assert build_small_site(tmp_path) == ["404.html", "index.html", "next/index.html"]
