"""Effects and triggers agree by meaning, not by spelling."""

from __future__ import annotations

import pytest

from penstock.model.resources import Vocabulary

SAME = [
    ("postgres:parts", "db:parts"),
    ("postgres:parts", "postgresql:public.parts"),
    ("postgres:parts", "INSERT INTO public.parts"),
    ("db:parts", 'update "parts"'),
    ("postgres:parts", "sql:INSERT INTO parts (id)"),
    ("postgres:sales.parts", "postgres:parts"),
    ("postgres:parts", "sqlite:parts"),
    ("Postgres:Parts", "postgres:parts"),
    ("kafka:orders", "topic:orders"),
    ("celery:ship", "celery:shop.tasks.ship"),
    ("task:ship", "celery:ship"),
    ("http:fraud-api", "https://fraud-api.example/check"),
    ("https:crm.example", "POST https://crm.example/orders/*"),
    ("https://crm.example/orders/*", "https://crm.example/orders/{id}"),
    ("POST /users/{id}", "POST /users/<int:pk>/"),
    ("POST /users/:id", "/users/*"),
    ("smtp", "mail:notices"),
    ("redis:cart:*", "redis:cart:42"),
    ("files:site_dir", "file:site_dir"),
    ("a  letter", "A letter"),
]
DIFFERENT = [
    ("postgres:parts", "postgres:part"),
    ("postgres:parts", "mysql:parts"),
    ("postgres:sales.parts", "postgres:stock.parts"),
    ("postgres:orders", "kafka:orders"),
    ("kafka:orders", "kafka:orders.dlq"),
    ("kafka:orders", "celery:orders"),
    ("kafka:shop.orders", "kafka:orders"),
    ("celery:shop.ship", "celery:stock.ship"),
    ("http:crm", "https://crm-eu.example/"),
    ("https://crm.example/orders", "https://crm.example/parts"),
    ("GET https://crm.example/orders", "POST https://crm.example/orders"),
    ("POST /orders", "GET /orders"),
    ("POST /orders", "POST /orders/{id}"),
    ("redis:cart:*", "redis:user:42"),
    ("a letter", "a parcel"),
    ("stripe:charges", "stripe:refunds"),
]


@pytest.mark.parametrize(("first", "second"), SAME)
def test_one_resource_has_several_names(first, second):
    """Texts that mean one resource agree, in either order."""
    vocabulary = Vocabulary()
    assert (True, True) == (vocabulary.agree(first, second), vocabulary.agree(second, first))


@pytest.mark.parametrize(("first", "second"), DIFFERENT)
def test_resources_are_told_apart(first, second):
    """Texts that mean different resources do not agree, in either order."""
    vocabulary = Vocabulary()
    assert (False, False) == (vocabulary.agree(first, second), vocabulary.agree(second, first))


def test_words_of_the_project():
    """A word of the configuration stands for its patterns, and for nothing else."""
    vocabulary = Vocabulary({"crm": ["https://crm.example/*", "kafka:contacts"]})
    seen = ["https://crm.example/contacts/7", "topic:contacts", "https://erp.example/contacts"]
    assert seen[:2] == vocabulary.find("crm", seen)
