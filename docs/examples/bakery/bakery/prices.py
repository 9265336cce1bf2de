"""Prices in cents."""

PRICES = {"rye": 420, "white": 350, "roll": 60}


def check_name(bread: str) -> str:
    """Return the name of a bread that there is."""
    if bread not in PRICES:
        raise ValueError(f"there is no bread {bread!r}")
    return bread


def price_order(bread: str, count: int) -> int:
    """Add up the prices of an order."""
    return PRICES[bread] * count


def apply_discount(total: int) -> int:
    """Give members a tenth off."""
    return total - total // 10
