"""Where a step's source can be read, worked out from the repository's address."""

from __future__ import annotations

import pytest

from penstock_mkdocs.host import source_template


@pytest.mark.parametrize(
    ("repository", "edit_uri", "prefix", "template"),
    [
        ("https://github.com/a/b", "", "", "https://github.com/a/b/blob/HEAD/{file}#L{line}-L{end_line}"),
        (
            "https://github.com/a/b/",
            "edit/main/docs/",
            "x/",
            "https://github.com/a/b/blob/main/x/{file}#L{line}-L{end_line}",
        ),
        (
            "https://github.com/a/b.git",
            "blob/v1/docs/",
            "",
            "https://github.com/a/b/blob/v1/{file}#L{line}-L{end_line}",
        ),
        (
            "https://gitlab.example.org/a/b",
            "edit/dev/",
            "",
            "https://gitlab.example.org/a/b/-/blob/dev/{file}#L{line}-{end_line}",
        ),
        (
            "https://bitbucket.org/a/b",
            "src/main/",
            "",
            "https://bitbucket.org/a/b/src/main/{file}#lines-{line}:{end_line}",
        ),
        (
            "https://codeberg.org/a/b",
            "_edit/main/",
            "",
            "https://codeberg.org/a/b/src/branch/main/{file}#L{line}-L{end_line}",
        ),
        ("https://example.org/a/b", "edit/main/", "", ""),
        ("", "", "", ""),
    ],
)
def test_template(repository, edit_uri, prefix, template):
    """Known hosts have a template on the branch of the pages; for others, no address is guessed."""
    assert template == source_template(repository, edit_uri, prefix)


def test_configured_template(convert):
    """A configured template wins, and each step's link has its file and lines."""
    html = convert("::: penstock-flow orders\n", source_url="https://example.org/{file}#{line}:{end_line}").html

    assert 'href="https://example.org/shop/orders.py#12:30"' in html


def test_no_link_to_code_of_others(convert, write_site, tmp_path):
    """A step whose file is not in the project has no link, because the repository does not have it."""
    write_site(tmp_path / "elsewhere", "site_name: x\n")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "pyproject.toml").write_text("[tool.penstock]\n", encoding="utf-8")
    settings = {"modules": ["app"], "path": ["../elsewhere/src"], "base": str(tmp_path / "project"), "manifests": None}
    html = convert("::: penstock-flow orders\n", source_url="https://example.org/{file}", **settings).html

    assert "app.py:5" in html
    assert "https://example.org" not in html
