"""Run both flows once, over a given or a temporary database: ``python -m parts [database]``."""

from __future__ import annotations

import logging
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from parts.bom_sync import handle_kafka_message
from parts.messages import Topic
from parts.store import Store
from parts.supplier import Supplier, supplier_api
from parts.user_update import handle_admin_action, handle_api_request
from parts.web import Request, send, serve
from penstock.contrib.logging import FlowFilter

log = logging.getLogger("parts")


def sync_boms(store: Store) -> None:
    """Consume what was published about bills of material."""
    updates = Topic("bom-updates")
    for bom_id in ("B-100", "B-200", "B-404"):
        updates.publish({"bom_id": bom_id})
    updates.close()
    with serve(supplier_api) as port:
        for message in updates:
            handle_kafka_message(message, Supplier(port), store)


def update_users(store: Store) -> None:
    """Change users over HTTP and as an administrator."""
    with serve(partial(handle_api_request, store=store)) as port:
        for path, email in (("/users/1", "ada@example.com"), ("/users/3", "nobody@example.com")):
            answer = send(port, Request("POST", path, {"email": email}))
            log.info("POST %s answered %d", path, answer.status)
    handle_admin_action(2, "grace@example.com", store)


def main(path: Path) -> None:
    """Run both flows over the database at ``path``."""
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(FlowFilter())
    handler.setFormatter(logging.Formatter("%(asctime)s %(flow_id)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    store = Store(path)
    sync_boms(store)
    update_users(store)
    log.info("%d parts in the database", store.count_parts())


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        main(Path(sys.argv[1] if len(sys.argv) > 1 else f"{folder}/parts.db"))
