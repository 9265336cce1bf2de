"""Names of what lies outside."""

from __future__ import annotations

import pytest

from penstock.effects.http_methods import read_request
from penstock.effects.names import mask_key, name_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://crm.example/orders/17?token=x#y", "https://crm.example/orders/*"),
        ("https://user:secret@crm.example:443/v1/s3/", "https://crm.example/v1/s3"),
        ("http://crm.example:8080/a/8f3c2b1a9d/b", "http://crm.example:8080/a/*/b"),
        ("http://127.0.0.1:43871/ping", "http://127.0.0.1/ping"),
        ("http://[::1]:43871", "http://[::1]/"),
        ("https://crm.example/deadbeefcafe/ann@crm.example/A-17", "https://crm.example/*/*/*"),
        ("https://crm.example/" + "a/" * 50, "https://crm.example/" + "a/" * 8 + "*"),
        ("https://crm.example/" + "a" * 33, "https://crm.example/*"),
    ],
)
def test_address(url, address):
    """An address has its host and its words; identifiers, users, queries and the ports of test servers are left out."""
    assert address == name_address(url)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("cart:17", "cart:*"),
        (b"session:8f3c2b1a9d:items", "session:*:items"),
        ("orders", "orders"),
        (17, "*"),
        ("a/b|17", "a/b|*"),
        ("a:" * 20, "a:" * 8 + "*"),
    ],
)
def test_key(key, name):
    """A key has its words; identifiers between its separators are left out."""
    assert name == mask_key(key)


@pytest.mark.parametrize(
    ("method", "verb"), [("GET", "reads"), (b"head", "reads"), ("POST", "writes"), ("X", "writes")]
)
def test_method(method, verb):
    """A safe method reads, any other writes."""
    assert [(verb, "http://crm.example/")] == [tuple(touch) for touch in read_request(method, "http://crm.example")]


def test_no_address():
    """A URL of another kind is no request of HTTP."""
    assert () == read_request("GET", "file:///etc/passwd")
