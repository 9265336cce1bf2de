"""Forges: where a repository's sources can be read, from the addresses that a site's configuration names."""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple
from urllib.parse import parse_qs, urljoin, urlsplit

_REPOSITORY = r"https?://[^/]+/[^/]+/[^/]+(?:/[^/]+)*?"
_FORM = r"-/(?:edit|blob|raw|tree)|edit|blob|raw|tree|browse|_edit|src(?:/(?:branch|tag|commit))?"
_IN_REPOSITORY = rf"(?P<base>{{}})/(?P<form>{_FORM})/(?P<rest>.*)"
"""An address in a repository: that of the repository, how its forge shows or edits a file, the branch and the path."""

_ANYWHERE = re.compile(_IN_REPOSITORY.format(_REPOSITORY))
_SSH = re.compile(r"(?:ssh://)?git@(?P<host>[^:/]+)[:/](?P<path>.+)")
_BITBUCKET_SERVER = re.compile(r"(?:/[^/]+)?/(?:projects|users)/[^/]+/repos/[^/]+")
_GITEA = ("codeberg", "gitea", "forgejo")
_EDITORS = frozenset({"github.dev"})


class _Place(NamedTuple):
    """A place in a repository.

    Attributes:
        base: The repository's address.
        form: How its forge shows or edits a file, such as ``-/blob``.
        path: The branch and the path.
        at: The branch, where the forge names it behind the path.
    """

    base: str
    form: str = ""
    path: str = ""
    at: str = ""


class Source(NamedTuple):
    """What a site's configuration tells of its sources.

    Attributes:
        base: The repository's address.
        forge: The name of the forge, or an empty string.
        ref: The branch that the author names, or ``HEAD``.
        folder: The folder of the pages in the repository, or ``None`` where no address names it.
        kind: What a forge calls the ref, where it makes a difference: ``branch``, ``tag`` or ``commit``.
    """

    base: str
    forge: str
    ref: str
    folder: str | None
    kind: str = "branch"


def read_source(repo_url: str, edit_uri: str, pages: str = "") -> Source:
    """Return what a site's addresses tell of its sources.

    Args:
        repo_url: The repository's address, or that of a folder in it; may be empty beside an absolute ``edit_uri``.
        edit_uri: The way from there to the pages, an absolute address of them, or a template of either.
        pages: The path of the pages in the repository, if it is known: by it, a branch with slashes is told from a path.
    """
    address = _plain(repo_url)
    here = _place(f"{address}/") or _Place(address)
    edited = _place_of_edit_address(here.base, edit_uri)
    place = edited or here
    ref, folder = _split(place, pages)
    if edited and not _forge(edited) and _forge(here):  # an editor of others on the way to the same repository
        place = here
    return Source(place.base, _forge(place), ref or "HEAD", folder, place.form.partition("src/")[2] or "branch")


def template(source: Source, prefix: str) -> str:
    """Return the address of a file's lines as a template, or an empty string where the forge is not known.

    Args:
        source: What is known of the sources.
        prefix: The project's folder in the repository, with a slash at the end, or an empty string.
    """
    base, ref = source.base, source.ref
    file = f"{prefix.replace('{', '{{').replace('}', '}}')}{{file}}"
    at = "" if ref == "HEAD" else f"?at={ref}"
    templates = {
        "github": f"{base}/blob/{ref}/{file}#L{{line}}-L{{end_line}}",
        "gitlab": f"{base}/-/blob/{ref}/{file}#L{{line}}-{{end_line}}",
        "bitbucket": f"{base}/src/{ref}/{file}#lines-{{line}}:{{end_line}}",
        "bitbucket-server": f"{base}/browse/{file}{at}#{{line}}-{{end_line}}",
        "gitea": f"{base}/src/{source.kind}/{ref}/{file}#L{{line}}-L{{end_line}}",
    }
    return templates.get(source.forge, "")


def _plain(address: str) -> str:
    """Return a repository's address as a browser opens it, without a slash, ``.git`` or a query at its end."""
    ssh = _SSH.fullmatch(address.strip())
    address = f"https://{ssh['host']}/{ssh['path']}" if ssh else address.strip()
    address = re.split(r"[?#]", address, maxsplit=1)[0].replace("{", "").replace("}", "")
    return address.rstrip("/").removesuffix(".git")


def _place_of_edit_address(repository: str, edit_uri: str) -> _Place | None:
    """Return the place that an edit address leads to, or ``None`` where it does not say so."""
    if not edit_uri:
        return None
    address = urljoin(f"{repository}/", edit_uri.partition("{")[0].replace("}", ""))
    return _place(address, repository) or _place(address)


def _place(address: str, repository: str = "") -> _Place | None:
    """Return the place that an address leads to, if it is one in a repository, or in a certain one.

    A group or a repository may have the name of a form, such as ``src``: a known repository is not searched for it.
    """
    parts = urlsplit(address)
    pattern = re.compile(_IN_REPOSITORY.format(re.escape(repository))) if repository else _ANYWHERE
    found = pattern.fullmatch(f"{parts.scheme}://{parts.netloc}{parts.path}")
    if not found or (not repository and "gitlab" in parts.netloc and found["form"] in {"src", "raw", "browse"}):
        return None
    at = parse_qs(parts.query).get("at", [""])[0].removeprefix("refs/heads/")
    return _Place(found["base"].removesuffix(".git"), found["form"], found["rest"].strip("/"), at)


def _split(place: _Place, pages: str) -> tuple[str, str | None]:
    """Return the branch and the folder of the pages."""
    if place.form == "browse":
        return place.at, place.path
    before = place.path.removesuffix(f"/{pages}")
    if pages and before != place.path:
        return before, pages
    ref, _, folder = place.path.partition("/")
    return ref, folder if ref else None


def _forge(place: _Place) -> str:
    """Return the name of the forge: by that of its server, or by the form of its addresses."""
    address = urlsplit(place.base)
    server = address.netloc.lower()
    if _BITBUCKET_SERVER.fullmatch(address.path):
        return "bitbucket-server"
    for forge in ("github", "gitlab", "bitbucket"):
        if forge in server and server not in _EDITORS:
            return forge
    if any(name in server for name in _GITEA) or place.form == "_edit" or place.form.startswith("src/"):
        return "gitea"
    return "gitlab" if place.form.startswith("-/") else ""


def join_folders(folder: str, way: str) -> str:
    """Return the folder that a relative way leads to from another one, with a slash at the end; the top is empty."""
    joined = posixpath.normpath(posixpath.join(folder or ".", way or "."))
    return "" if joined == "." or joined.startswith("..") else f"{joined}/"
