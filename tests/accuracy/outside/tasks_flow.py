"""How Huey sends and executes tasks, declared from outside: two flows, of which in immediate mode one runs inside the other."""

from penstock import flow

send = flow("send", title="How Huey sends a task")
work = flow("work", title="How Huey executes a task")

enqueue = send.step(after=["__call__", "schedule", "map"])

send.entrypoint().patch("huey.api:TaskWrapper.__call__")
send.entrypoint().patch("huey.api:TaskWrapper.schedule")
send.entrypoint().patch("huey.api:TaskWrapper.map")
enqueue.patch("huey.api:Huey.enqueue")
send.entrypoint().patch("huey.api:Huey.enqueue")
send.step(after="enqueue").patch("huey.api:Huey._enqueue_chord")
send.step(after="enqueue").patch("huey.api:Huey._pipeline_results")
send.step(after="enqueue").patch("huey.api:Huey.serialize_task")

work.entrypoint().patch("huey.api:Huey.execute")
work.step(after="execute").patch("huey.api:Huey.ready_to_run")
work.step(after="ready_to_run").patch("huey.api:Huey.is_revoked")
work.step(after="is_revoked").patch("huey.api:Huey._execute")
work.step(after="_execute").patch("huey.api:Huey._run_pre_execute")
work.step(after="_execute").patch("huey.api:Huey.build_error_result")
work.step(after=["_execute", "build_error_result", "_check_chord"]).patch("huey.api:Huey.put_result")
work.step(after="_execute").patch("huey.api:Huey._run_post_execute")
work.step(after=["is_revoked", "_run_pre_execute", "build_error_result", "_run_post_execute"]).patch(
    "huey.api:Huey._check_chord"
)
work.step(after="_run_post_execute").patch("huey.api:Huey._requeue_task")
work.step(after=["ready_to_run", "_requeue_task"]).patch("huey.api:Huey.add_schedule")
