"""What the shop does, tried as customers would."""

from shop.__main__ import run


def test_three_orders(tmp_path):
    """Two orders go through, one is rejected, and each customer gets a mail."""
    run(tmp_path)
    mails = list((tmp_path / "outbox" / "new").iterdir())
    assert len(mails) == 3
