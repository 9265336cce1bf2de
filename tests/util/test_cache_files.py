"""Files of a cache: written whole, and never believed when they are damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock._util.cache_files import read_cache_file, write_cache_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("content", [b"", b"{}", b"first\nsecond\n", b"\xff\x00"])
def test_head_and_content_come_back(content: bytes, tmp_path: Path) -> None:
    """Whatever the content is, it comes back with its head."""
    write_cache_file(tmp_path / "cache" / "file", {"format": 3}, content)

    assert ({"format": 3}, content) == read_cache_file(tmp_path / "cache" / "file")


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"word", b"wort"), (b"word\n", b""), (b'"digest"', b'"other"'), (b"{", b"["), (b"{", b"[" * 100_000)],
    ids=["edited", "truncated", "without digest", "no table", "nested deeply"],
)
def test_a_damaged_file_is_an_error(old: bytes, new: bytes, tmp_path: Path) -> None:
    """A file that is not as it was written has no content."""
    file = tmp_path / "file"
    write_cache_file(file, {}, b"word\n")
    file.write_bytes(file.read_bytes().replace(old, new, 1))

    with pytest.raises(ValueError, match="is damaged"):
        read_cache_file(file)
