"""What Django's parts touch, and what starts work in it."""

from __future__ import annotations

import asyncio

import pytest

from effect_probe import probe_effects

django = pytest.importorskip("django")

from django.conf import settings  # noqa: E402

if not settings.configured:
    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="test")
    django.setup()

from django.core.mail import EmailMessage  # noqa: E402
from django.core.mail.backends.locmem import EmailBackend  # noqa: E402
from django.core.management import BaseCommand, call_command  # noqa: E402
from django.db.backends.sqlite3.base import DatabaseWrapper  # noqa: E402
from django.db.models.signals import post_save  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.test import AsyncClient, Client, override_settings  # noqa: E402
from django.urls import include, path  # noqa: E402

DATABASE = {
    "NAME": ":memory:",
    "OPTIONS": {},
    "TIME_ZONE": None,
    "CONN_MAX_AGE": 0,
    "CONN_HEALTH_CHECKS": False,
    "AUTOCOMMIT": True,
    "ATOMIC_REQUESTS": False,
}


def show(_request, **_parts):
    """Answer with nothing."""
    return HttpResponse()


urlpatterns = [path("shop/", include([path("orders/<int:order>/", show)])), path("", show)]


@pytest.fixture
def connection():
    """A connection that was opened before anything is watched."""
    wrapper = DatabaseWrapper(DATABASE, "other")
    wrapper.ensure_connection()
    yield wrapper
    wrapper.close()


def test_cursor(connection):
    """A cursor tells the tables, with the name of the database's vendor."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE stock (part)")
    with probe_effects() as probe, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO stock VALUES (%s)", [["bolt"], ["nut"]])
        cursor.execute("SELECT * FROM stock")
    assert (["sqlite:stock"], ["sqlite:stock"]) == (probe.writes, probe.reads)


def test_mail():
    """A message that is sent is told, whatever delivers it."""
    message = EmailMessage("Subject", "Body", "a@shop.example", ["b@shop.example"], connection=EmailBackend())
    with probe_effects() as probe:
        message.send()
    assert ["mail"] == probe.writes


@pytest.mark.parametrize("url", ["/shop/orders/17/", "/"])
def test_route(url):
    """A request starts its route, as the resolver knows it, with those that include it."""
    with probe_effects() as probe, override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]):
        assert 200 == Client().post(url).status_code
    assert f"POST {url.replace('17', '<int:order>')}" == probe.triggers[-1]


def test_async_route():
    """An asynchronous request starts its route, too."""
    with probe_effects() as probe, override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]):
        asyncio.run(AsyncClient().get("/shop/orders/17/"))
    assert "GET /shop/orders/<int:order>/" == probe.triggers[-1]


class Command(BaseCommand):
    """A command that does nothing."""

    requires_system_checks = ()

    def handle(self, **_options):
        """Do nothing."""


def test_command():
    """A management command starts work under its name."""
    with probe_effects() as probe:
        call_command(Command())
    assert [f"command:{Command.__module__.rpartition('.')[2]}"] == probe.triggers


def test_signal():
    """A signal of models starts its receivers; one without receivers starts nothing."""

    def receive(**_named):
        pass

    with probe_effects() as probe:
        post_save.send(sender=object)
        assert [] == probe.triggers
        post_save.connect(receive)
        post_save.send(sender=object)
        post_save.disconnect(receive)
    assert ["signal:post_save"] == probe.triggers


def prepare(order):
    """Return the order."""
    return order


def test_task():
    """A task that is sent is told by its function."""
    tasks = pytest.importorskip("django_tasks")
    with probe_effects() as probe:
        tasks.task(prepare).enqueue(17)
    assert [f"tasks:{__name__}.prepare"] == probe.writes
