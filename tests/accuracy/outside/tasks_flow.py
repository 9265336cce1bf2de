"""How Huey sends and executes tasks, declared from outside: two flows, of which in immediate mode one runs inside the other."""

from huey import api
from in_place import put

from penstock import flow

send = flow("send", title="How Huey sends a task")
work = flow("work", title="How Huey executes a task")

enqueue = send.step(after=["__call__", "schedule", "map"])

put(send.entrypoint, api.TaskWrapper, "__call__")
put(send.entrypoint, api.TaskWrapper, "schedule")
put(send.entrypoint, api.TaskWrapper, "map")
put(lambda function: send.entrypoint(enqueue(function)), api.Huey, "enqueue")
put(send.step(after="enqueue"), api.Huey, "_enqueue_chord")
put(send.step(after="enqueue"), api.Huey, "_pipeline_results")
put(send.step(after="enqueue"), api.Huey, "serialize_task")

put(work.entrypoint, api.Huey, "execute")
put(work.step(after="execute"), api.Huey, "ready_to_run")
put(work.step(after="ready_to_run"), api.Huey, "is_revoked")
put(work.step(after="is_revoked"), api.Huey, "_execute")
put(work.step(after="_execute"), api.Huey, "_run_pre_execute")
put(work.step(after="_execute"), api.Huey, "build_error_result")
put(work.step(after=["_execute", "build_error_result", "_check_chord"]), api.Huey, "put_result")
put(work.step(after="_execute"), api.Huey, "_run_post_execute")
put(
    work.step(after=["is_revoked", "_run_pre_execute", "build_error_result", "_run_post_execute"]),
    api.Huey,
    "_check_chord",
)
put(work.step(after="_run_post_execute"), api.Huey, "_requeue_task")
put(work.step(after=["ready_to_run", "_requeue_task"]), api.Huey, "add_schedule")
