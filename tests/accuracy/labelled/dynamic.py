"""Names that are put together while the program runs, as far as they can be told."""

# calls: a>on_create a>on_delete
# data:

import sys


class Handler:
    def on_create(self):
        return 1

    def on_delete(self):
        return 2

    def a(self, kind):
        return getattr(self, f"on_{kind}")()


def _module():
    return sys.modules[__name__]
