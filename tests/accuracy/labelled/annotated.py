"""The type of a parameter says whose method it is."""

# calls: a>fetch a>render
# data: fetch>render

from __future__ import annotations


class Store:
    def fetch(self, key: str) -> str:
        return key


class Page:
    def __init__(self, store: Store) -> None:
        self.store = store

    def render(self, text: str) -> str:
        return text


def a(page: Page, key: str) -> str:
    return page.render(page.store.fetch(key))
