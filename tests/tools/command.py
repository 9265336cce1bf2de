"""The command, as a user runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import forked

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

FLOWS = '''
from penstock import entrypoint, flow, step


@flow("bom_sync", title="BOM sync", description="Keeps the parts up to date.")
@entrypoint(trigger="kafka:bom-updates")
def handle_kafka_message(msg):
    """Receives a message."""


@flow("bom_sync")
@step(after="handle_kafka_message")
def fetch_from_api(bom_id):
    """Fetches the BOM."""


@flow("bom_sync")
@step(after={"fetch_from_api": "if changed"}, effects=["sqlite:parts"])
def sync_to_database(data):
    """Writes the parts."""
'''


def run(
    *arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would."""
    return forked.run("penstock", *arguments, cwd=cwd, environment=env)
