"""What a help desk does in a day: tickets come in over the web and by mail, and are worked on."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import django
from django.test.utils import setup_test_environment

os.environ["DJANGO_SETTINGS_MODULE"] = "desk_settings"
django.setup()
setup_test_environment()

from django.contrib.auth import get_user_model  # noqa: E402 - Django has to be set up first
from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import TestCase  # noqa: E402
from django.urls import reverse  # noqa: E402
from helpdesk.email import process_email  # noqa: E402
from helpdesk.models import Queue, Ticket  # noqa: E402
from helpdesk.update_ticket import update_ticket  # noqa: E402

MAIL = """From: Ada <ada@example.org>
To: help@example.org
Cc: eve@example.org
Subject: {subject}
Message-Id: <{number}@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=XX

--XX
Content-Type: text/plain

It does not work.
--XX
Content-Type: text/plain
Content-Disposition: attachment; filename=a.txt

a,b
--XX--
"""


def setUpModule():
    """Make the tables."""
    connection.creation.create_test_db(verbosity=0)


class TestDesk(TestCase):
    """A day."""

    def setUp(self):
        """Open a queue, with a member of staff."""
        self.enterContext(mock.patch("requests.post"))
        options = {"allow_public_submission": True, "allow_email_submission": True}
        self.queue = Queue.objects.create(
            title="Q", slug="q", new_ticket_cc="boss@example.org", email_address="help@example.org", **options
        )
        self.user = get_user_model().objects.create_superuser("staff", "staff@example.org", "x")

    def submit(self, **more):
        """Open a ticket on the web."""
        form = {"queue": self.queue.id, "title": "T", "body": "B", "submitter_email": "ada@example.org", "priority": 3}
        return self.client.post(reverse("helpdesk:submit"), {**form, **more})

    def receive(self, tmp_path, *subjects):
        """Let mails come in."""
        for number, subject in enumerate(subjects):
            (tmp_path / str(number)).write_text(MAIL.format(subject=subject, number=number))
        Queue.objects.filter(id=self.queue.id).update(email_box_type="local", email_box_local_dir=str(tmp_path))
        process_email(quiet=True)

    def folder(self):
        """Return an empty folder."""
        return Path(self.enterContext(TemporaryDirectory()))

    def test_web(self):
        """A visitor opens a ticket."""
        assert self.submit().status_code == 302

    def test_web_with_a_file(self):
        """With a file."""
        self.submit(attachment=SimpleUploadedFile("a.txt", b"a,b"))

    def test_web_without_an_address(self):
        """Without an address, there is no ticket."""
        self.submit(submitter_email="")
        assert not Ticket.objects.exists()

    def test_staff(self):
        """Staff open a ticket for somebody."""
        self.client.force_login(self.user)
        self.submit(assigned_to=self.user.id, body="see #1")

    def test_mail(self):
        """Two mails are two tickets."""
        self.receive(self.folder(), "New thing", "Another")
        assert Ticket.objects.count() == 2

    def test_reply(self):
        """A reply belongs to its ticket."""
        self.submit()
        self.receive(self.folder(), f"Re: [q-{Ticket.objects.get().id}] T")
        assert Ticket.objects.count() == 1

    def test_resolved(self):
        """A ticket is resolved."""
        self.submit()
        update = {"comment": "done", "new_status": Ticket.RESOLVED_STATUS, "public": True, "owner": self.user.id}
        update_ticket(self.user, Ticket.objects.get(), **update)

    def test_answer_with_a_file(self):
        """An answer with a file, and another priority."""
        self.submit()
        files = [SimpleUploadedFile("a.txt", b"a,b")]
        update_ticket(self.user, Ticket.objects.get(), comment="hi", files=files, public=True, priority=1)

    def test_pages(self):
        """The pages of a ticket and of the desk."""
        self.submit()
        ticket = Ticket.objects.get().id
        self.client.force_login(self.user)
        self.client.get(reverse("helpdesk:view", args=[ticket]))
        self.client.get(reverse("helpdesk:list"))
        update = {"comment": "see #1", "public": "1", "title": "N", "priority": 2, "queue": self.queue.id}
        self.client.post(reverse("helpdesk:update", args=[ticket]), update)
