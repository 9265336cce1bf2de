"""Folders in the eyes of the server of MkDocs or ProperDocs, which passes over those that come and go."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from watchdog.events import FileModifiedEvent, FileSystemEventHandler

from penstock_mkdocs.watch import inside

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mkdocs.livereload import LiveReloadServer
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import ObservedWatch


class Watcher:
    """Lets a server watch files and folders, each folder without its subfolders.

    Args:
        server: The server.
        whole: The folders that it watches as a whole because the site's author says so. It would not, were they or
            anything in them named here first.
    """

    def __init__(self, server: LiveReloadServer, whole: Iterable[str]) -> None:
        self._server = server
        self._whole = {_plain(Path(each)) for each in whole}
        self._watched: set[Path] = set()

    def add(self, paths: Iterable[Path]) -> None:
        """Watch what is not watched yet."""
        for path in map(_plain, paths):
            if path not in self._watched and self._whole.isdisjoint((path, *path.parents)):
                self._watched.add(path)
                self._server.watch(str(path), recursive=False)
                if path.is_dir():
                    self._listen(path)

    def forget(self, folder: Path) -> None:
        """Watch no more what is gone; should it come again, it is another."""
        for path in [each for each in self._watched if each.is_relative_to(folder)]:
            self._watched.remove(path)
            self._server.unwatch(str(path))

    def _listen(self, folder: Path) -> None:
        listener = _Listener(self)
        listener.watch = self._server.observer.schedule(listener, str(folder), recursive=False)

    def build(self, watch: ObservedWatch) -> None:
        """Let the server build: for a file, it does."""
        self._server.observer.event_queue.put((FileModifiedEvent(watch.path), watch))


def _plain(path: Path) -> Path:
    """Return a path as the server keeps it."""
    return Path(os.path.normpath(path.absolute()))


class _Listener(FileSystemEventHandler):
    """Hears of the subfolders of one folder."""

    watch: ObservedWatch

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def on_created(self, event: FileSystemEvent) -> None:
        """Watch a folder that comes, and what came with it."""
        self._changed(event, came=str(event.src_path))

    def on_deleted(self, event: FileSystemEvent) -> None:
        """Forget a folder that goes."""
        self._changed(event, gone=str(event.src_path))

    def on_moved(self, event: FileSystemEvent) -> None:
        """Follow a folder to its new name."""
        self._changed(event, came=str(event.dest_path), gone=str(event.src_path))

    def _changed(self, event: FileSystemEvent, came: str = "", gone: str = "") -> None:
        if event.is_directory:
            for each in filter(None, (came, gone)):
                self._watcher.forget(Path(each))
            found = list(inside(Path(came))) if came else []
            self._watcher.add(found)
            if found or gone:
                self._watcher.build(self.watch)
