"""Sphinx's own fields, and a step without a docstring."""

from penstock import flow

notes = flow("notes")


@notes.entrypoint
def write(text):
    """Write a note.

    :param text: What it says.
    :type text: str
    :returns: Its number.
    """


@notes.step(after=write)
def forget(): ...
