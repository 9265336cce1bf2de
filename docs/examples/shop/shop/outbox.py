"""Mail to customers."""

from __future__ import annotations

from email.message import EmailMessage
from mailbox import Maildir
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Outbox:
    """A mail directory; whatever delivers the shop's mail takes it from there.

    Parameters
    ----------
    path : Path
        The directory; made if it does not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, to: str, subject: str, text: str) -> None:
        """Put a mail into the directory."""
        mail = EmailMessage()
        mail["To"] = to
        mail["Subject"] = subject
        mail.set_content(text)
        Maildir(self._path).add(mail)
