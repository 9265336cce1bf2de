"""Two services whose flows are joined by a topic and share a table."""

from penstock.manifest import Manifest
from penstock.model import Edge, Flow, Step

ORDERS = Flow(
    name="orders",
    service="shop",
    steps=(
        Step(name="receive", entrypoint=True, trigger="POST /orders", file="shop/orders.py", line=3),
        Step(name="store", effects=("postgres:orders",), file="shop/orders.py", line=9),
        Step(name="announce", effects=("topic:placed",), file="shop/orders.py", line=14),
    ),
    edges=(Edge(source="receive", target="store"), Edge(source="store", target="announce")),
)
BILLING = Flow(
    name="billing",
    service="money",
    steps=(
        Step(name="consume", entrypoint=True, trigger="kafka:placed", file="money/bills.py", line=2),
        Step(name="bill", effects=("postgres:invoices", "db:orders"), file="money/bills.py", line=8),
    ),
    edges=(Edge(source="consume", target="bill"),),
)
ALONE = Flow(name="nightly", service="shop", steps=(Step(name="clean", entrypoint=True, effects=("files:tmp",)),))

JOINED = Manifest(flows=(ORDERS, BILLING, ALONE))
