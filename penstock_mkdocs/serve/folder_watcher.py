"""Makes the development server of MkDocs or ProperDocs notice folders that are created, moved or deleted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from watchdog.events import FileModifiedEvent, FileSystemEventHandler

from penstock_mkdocs.serve.watch_list import inside

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mkdocs.livereload import LiveReloadServer
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import ObservedWatch


class Watcher:
    """Makes a server watch files and folders, each folder without its subfolders.

    Args:
        server: The server.
        whole: The folders that it watches recursively because the site's author listed them. It would not, if they or
            anything in them were added here first.
    """

    def __init__(self, server: LiveReloadServer, whole: Iterable[str]) -> None:
        self._server = server
        self._whole = {_plain(Path(folder)) for folder in whole}
        self._watched: set[Path] = set()

    def add(self, paths: Iterable[Path]) -> None:
        """Watch the paths that are not watched yet."""
        for path in map(_plain, paths):
            if path not in self._watched and self._whole.isdisjoint((path, *path.parents)):
                self._watched.add(path)
                self._server.watch(str(path), recursive=False)
                if path.is_dir():
                    self._listen(path)

    def forget(self, folder: Path) -> None:
        """Stop watching a deleted folder; one created later at the same path is another folder."""
        for path in [candidate for candidate in self._watched if candidate.is_relative_to(folder)]:
            self._watched.remove(path)
            self._server.unwatch(str(path))

    def _listen(self, folder: Path) -> None:
        listener = _Listener(self)
        listener.watch = self._server.observer.schedule(listener, str(folder), recursive=False)

    def build(self, watch: ObservedWatch) -> None:
        """Trigger a build: the server builds only on events of files."""
        self._server.observer.event_queue.put((FileModifiedEvent(watch.path), watch))


def _plain(path: Path) -> Path:
    """Return a path as the server stores it."""
    return Path(os.path.normpath(path.absolute()))


class _Listener(FileSystemEventHandler):
    """Receives the events of the subfolders of one folder."""

    watch: ObservedWatch

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def on_created(self, event: FileSystemEvent) -> None:
        """Watch a created folder and its contents."""
        self._handle_change(event, came=str(event.src_path))

    def on_deleted(self, event: FileSystemEvent) -> None:
        """Forget a deleted folder."""
        self._handle_change(event, gone=str(event.src_path))

    def on_moved(self, event: FileSystemEvent) -> None:
        """Follow a moved folder."""
        self._handle_change(event, came=str(event.dest_path), gone=str(event.src_path))

    def _handle_change(self, event: FileSystemEvent, came: str = "", gone: str = "") -> None:
        if event.is_directory:
            for folder in filter(None, (came, gone)):
                self._watcher.forget(Path(folder))
            folders = list(inside(Path(came))) if came else []
            self._watcher.add(folders)
            if folders or gone:
                self._watcher.build(self.watch)
