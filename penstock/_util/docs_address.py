"""The address of the documentation: the project URL ``Documentation`` of the package, while there is one."""

from __future__ import annotations


def find_docs_address(page: str) -> str:
    """Return the address of a page such as ``reference/problems``; an empty string while the docs are not published."""
    import importlib.metadata  # noqa: PLC0415 - most commands print no address

    try:
        addresses = importlib.metadata.metadata("penstock").get_all("Project-URL") or []
    except importlib.metadata.PackageNotFoundError:
        return ""
    bases = (address for name, _, address in (entry.partition(", ") for entry in addresses) if name == "Documentation")
    base = next(bases, "")
    if base.endswith("/index.md"):  # the sources in the repository
        return f"{base.removesuffix('index.md')}{page}.md"
    return f"{base.rstrip('/')}/{page}.html" if base else ""
