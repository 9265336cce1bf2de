"""The page about other queues, with a Redis and a worker of RQ's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs/how-to/other-queues.md"
SEND = """
import jobs

flow_id, job = jobs.handle_request(17)
print(flow_id, job.id)
"""
RECEIVE = """
import sys
import jobs

print(jobs.FlowJob.fetch(sys.argv[1], connection=jobs.queue.connection).return_value())
"""


def test_rq(redis_url, tmp_path):
    """A job that is sent in a run is worked off in the same run, by a worker in another process."""
    pytest.importorskip("rq")
    written = re.search(r"`jobs\.py`:\n\n```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert written
    (tmp_path / "jobs.py").write_text(written[1], "utf-8")
    environment = {**os.environ, "REDIS_URL": redis_url}

    def run(*command):
        options = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True}
        return subprocess.run([sys.executable, *command], **options, check=True, timeout=60).stdout.split()

    flow_id, job_id = run("-c", SEND)
    run("-m", "rq.cli", "worker", "--url", redis_url, "--job-class", "jobs.FlowJob", "--burst")

    assert [flow_id] == run("-c", RECEIVE, job_id)
