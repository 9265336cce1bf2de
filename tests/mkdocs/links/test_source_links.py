"""Where a step's source can be read, worked out from the repository's address."""

from __future__ import annotations

import re

import pytest

from penstock_mkdocs.hosts import source_template


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
def test_known_hosts_have_a_template(repository, edit_uri, prefix, template):
    """Known hosts have a template on the branch of the pages; for others, no address is guessed."""
    assert template == source_template(repository, edit_uri, prefix)


GITHUB = "https://github.com/a/b/blob/{}/{{file}}#L{{line}}-L{{end_line}}"
GITLAB = "https://gitlab.com/a/b/c/-/blob/{}/{{file}}#L{{line}}-{{end_line}}"
BITBUCKET = "https://bitbucket.org/a/b/src/{}/{{file}}#lines-{{line}}:{{end_line}}"
GITEA = "https://git.example.org/a/b/src/{}/{{file}}#L{{line}}-L{{end_line}}"
STASH = "https://stash.example.org/projects/A/repos/b"


@pytest.mark.parametrize(
    ("repository", "edit_uri", "template"),
    [
        ("", "https://github.com/a/b/edit/main/docs/", GITHUB.format("main")),
        ("", "https://github.com/a/b/blob/main/docs/{path}", GITHUB.format("main")),
        ("https://github.com/a/b", "raw/v1/docs/{path_noext}.md?plain=1", GITHUB.format("v1")),
        ("https://github.com/a/b", "https://github.com/a/b/edit/next/docs/", GITHUB.format("next")),
        ("https://github.com/a/b", "https://github.dev/a/b/blob/next/docs/", GITHUB.format("next")),
        ("https://github.com/a/b", "https://cms.example.org/#/collections/docs/{path}", GITHUB.format("HEAD")),
        ("https://github.com/a/b.git/", "", GITHUB.format("HEAD")),
        ("https://github.com/a/b?tab=readme", "", GITHUB.format("HEAD")),
        ("git@github.com:a/b.git", "", GITHUB.format("HEAD")),
        ("https://github.com/a/b/tree/main/services/shop", "", GITHUB.format("main")),
        ("https://github.com/a/b/tree/main/services/shop", "edit/next/docs/", GITHUB.format("next")),
        ("https://gitlab.com/a/b/c/", "-/edit/main/docs/", GITLAB.format("main")),
        ("", "https://gitlab.com/a/b/c/-/blob/main/docs/{path}", GITLAB.format("main")),
        ("https://gitlab.com/a/b/c/-/tree/main/docs", "", GITLAB.format("main")),
        ("https://gitlab.com/a/b/c", "", GITLAB.format("HEAD")),
        ("https://gitlab.com/a/b/src/c", "", GITLAB.format("HEAD").replace("b/c", "b/src/c")),
        ("https://code.example.org/a/b/c", "-/edit/x/", GITLAB.format("x").replace("gitlab.com", "code.example.org")),
        ("https://bitbucket.org/a/b", "src/main/docs/?mode=edit&at=main", BITBUCKET.format("main")),
        ("https://bitbucket.org/a/b", "", BITBUCKET.format("HEAD")),
        ("https://git.example.org/a/b", "_edit/main/docs/", GITEA.format("branch/main")),
        ("", "https://git.example.org/a/b/src/branch/main/docs/", GITEA.format("branch/main")),
        ("", "https://git.example.org/a/b/src/tag/v1/docs/{path}", GITEA.format("tag/v1")),
        (STASH, "", f"{STASH}/browse/{{file}}#{{line}}-{{end_line}}"),
        (f"{STASH}/browse", "browse/docs/?at=refs/heads/x", f"{STASH}/browse/{{file}}?at=x#{{line}}-{{end_line}}"),
    ],
)
def test_each_forge_has_its_branch_and_paths(repository, edit_uri, template):
    """The branch is the one that an address of the author names, else ``HEAD``; each forge has paths of its own."""
    assert template == source_template(repository, edit_uri, "")


def built_link(run_tool, folder):
    """Return the source link of the first step on a site's first page, built by MkDocs."""
    done = run_tool("mkdocs", "build", "--strict", folder=folder)
    assert 0 == done.returncode, done.stderr
    return re.search(r'href="([^"]*app\.py[^"]*)"', (folder / "site" / "index.html").read_text("utf-8"))[1]


PLUGIN = "plugins: [{penstock: {modules: [app], path: [src]}}]\n"
REPO = "repo_url: https://github.com/a/b\n"


@pytest.mark.parametrize(
    ("config", "begin"),
    [
        (REPO, "https://github.com/a/b/blob/HEAD/src/app.py"),
        (f"{REPO}edit_uri: edit/master/docs/\n", "https://github.com/a/b/blob/master/src/app.py"),
        (f'{REPO}edit_uri: ""\n', "https://github.com/a/b/blob/HEAD/src/app.py"),
        (
            "edit_uri_template: https://gitlab.com/a/b/-/edit/main/docs/{path}\n",
            "https://gitlab.com/a/b/-/blob/main/src/app.py",
        ),
        (
            "edit_uri: https://github.com/a/b/edit/main/services/shop/docs/\n",
            "https://github.com/a/b/blob/main/services/shop/src/app.py",
        ),
    ],
    ids=["host's own", "author's master", "switched off", "template", "monorepo without .git"],
)
def test_links_of_a_site(run_tool, write_site, tmp_path, config, begin):
    """What MkDocs fills in names no branch; what the author writes does, and the folder in the repository with it."""
    site = write_site(tmp_path, f"site_name: x\n{config}{PLUGIN}", index="::: penstock-flow orders\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    assert begin == built_link(run_tool, site).partition("#")[0]


def test_branch_with_a_slash(run_tool, write_site, tmp_path):
    """A branch is told from the path by the folder of the pages, which the checkout shows."""
    (tmp_path / ".git").mkdir()
    config = f"site_name: x\nedit_uri: https://github.com/a/b/edit/feature/x/services/shop/docs/\n{PLUGIN}"
    site = write_site(tmp_path / "services" / "shop", config, index="::: penstock-flow orders\n")
    (site / "pyproject.toml").write_text("[project]\n")
    begin = "https://github.com/a/b/blob/feature/x/services/shop/src/app.py"
    assert begin == built_link(run_tool, site).partition("#")[0]


@pytest.mark.parametrize(
    ("written", "branch"),
    [("", "HEAD"), ('edit_uri = "edit/master/docs/"\n', "master"), ('edit_uri = "edit/x/docs"\n', "x")],
)
def test_links_of_zensical(run_tool, write_site, needs_host, tmp_path, written, branch):
    """Zensical fills in a branch, too, which nobody has named."""
    needs_host("zensical")
    site = write_site(tmp_path, "", index="::: penstock-flow orders\n")
    (site / "mkdocs.yml").unlink()
    config = f'[project]\nsite_name = "x"\nrepo_url = "https://github.com/a/b"\n{written}'
    settings = '[project.markdown_extensions.penstock]\nmodules = ["app"]\npath = ["src"]\n'
    (site / "zensical.toml").write_text(config + settings)
    done = run_tool("zensical", "build", folder=site)
    assert 0 == done.returncode, done.stdout + done.stderr
    assert f"https://github.com/a/b/blob/{branch}/src/app.py#L" in (site / "site" / "index.html").read_text("utf-8")


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
