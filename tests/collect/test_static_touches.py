"""Collected flows can tell what their code plainly touches."""

from __future__ import annotations

import pytest

from penstock.collect import collect
from penstock.collect.plan import CollectPlan
from penstock.config import load

MODELS = """
from django.db import models

class Parts(models.QuerySet):
    def update(self, **values): ...

class Part(models.Model):
    name = models.CharField(max_length=9)
    class Meta:
        db_table = "parts"

class Bill(models.Model):
    part = models.ForeignKey(Part, models.CASCADE)
    objects = Parts.as_manager()

class Log(models.Model):
    text = models.TextField()
    def save(self, **options):
        super().save(**options)
"""
FLOWS = """
from penstock import entrypoint, flow, step
from shop.models import Bill, Log, Part

@flow("buy")
@entrypoint
def start(order):
    Part.objects.filter(name=order).update(name="x")
    Bill.objects.all().update(part=None)
    load(order)

@flow("buy")
@step(after="start")
def load(order):
    part = Part.objects.get(name=order)
    part.delete()
    Bill(part=part).save()
    note(order)
    send(order)

@flow("buy")
@step(after="load")
def note(order):
    Log(text=order).save()

@flow("buy")
@step(after="load")
def send(order):
    bill, is_new = Bill.objects.get_or_create(part=1)
    for part in Part.objects.exclude(name=order):
        part.save()
    print(order.save(), order.objects.create())
"""


def test_django_models(project):
    """Models are written through managers, queries and rows; a method of the user's own is read instead."""
    pytest.importorskip("django")
    project.write("shop/models.py", MODELS)
    project.write("shop/settings.py", "INSTALLED_APPS = ['shop']\nSECRET_KEY = 'test'\n")
    project.write("shop/flows.py", FLOWS)
    env = {"DJANGO_SETTINGS_MODULE": "shop.settings"}
    settings = {"modules": ["shop.flows"], "path": ["."], "setup": "django:setup", "env": env}
    [flow] = collect(CollectPlan.of(load(project.folder, settings), calls=True)).flows
    assert [
        ("load", "db:parts", "shop/flows.py", 16),
        ("load", "db:shop_bill", "shop/flows.py", 17),
        ("note", "db:shop_log", "shop/models.py", 19),
        ("send", "db:parts", "shop/flows.py", 31),
        ("send", "db:shop_bill", "shop/flows.py", 29),
        ("start", "db:parts", "shop/flows.py", 8),
    ] == [(touch.step, touch.target, touch.file, touch.line) for touch in flow.touches]
