"""``penstock who RESOURCE``: the steps of all flows that write a resource, read it, or are started by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.check.questions.resource_users import ORDER, describe_user, draw_users, find_users, list_resources
from penstock.cli.questions.answers import add_question, open_application, print_json, print_mermaid
from penstock.cli.terminal import CLEAN, apply_style, pluralize, table
from penstock.render.wording import escape_line

if TYPE_CHECKING:
    import argparse

    from penstock.check.questions.application import Application
    from penstock.check.questions.resource_users import ResourceUser, ResourceUsers

WITNESSES = {
    "": "declared",
    "masked": "declared",
    "unexercised": "declared",
    "undeclared-effect": "seen, not declared",
    "undeclared-trigger": "seen, not declared",
    "effect-never-seen": "declared, never seen",
    "trigger-never-seen": "declared, never seen",
    "route-unknown": "declared, unknown to the application",
}
"""How the state of a use is called, where its own name does not say it."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_question(commands, "who", run, "list the steps that use a table, topic, host or file")
    parser.add_argument(
        "resource",
        metavar="RESOURCE",
        nargs="?",
        help="such as postgres:parts, kafka:orders or https://crm.example; without it, all resources are listed",
    )


def run(parsed: argparse.Namespace) -> int:
    """Print the answer."""
    application = open_application(parsed)
    answers = [find_users(application, parsed.resource)] if parsed.resource else list_resources(application)
    if parsed.format == "json":
        print_json({"version": 1, "resources": [_describe(application, answer) for answer in answers]})
    elif parsed.format == "mermaid":
        for answer in answers:
            print_mermaid(draw_users(application, answer))
    elif parsed.resource:
        _print_users(application, answers[0])
    else:
        _print_resources(answers)
    return CLEAN


def _describe(application: Application, answer: ResourceUsers) -> dict[str, object]:
    return {
        "resource": answer.resource,
        "users": [dict(describe_user(application, user)) for user in answer.users],
    }


def _print_users(application: Application, answer: ResourceUsers) -> None:
    for number, verb in enumerate(verb for verb in ORDER if answer.having(verb)):
        if number:
            print()
        print(apply_style(f"{_heading(verb)} {escape_line(answer.resource)}", "1"))
        for line in table([_row(application, user, answer) for user in answer.having(verb)]):
            print(f"  {line}")


def _heading(verb: str) -> str:
    return {"writes": "writes", "starts on": "is started by", "reads": "reads"}[verb]


def _row(application: Application, user: ResourceUser, answer: ResourceUsers) -> tuple[str, ...]:
    step = application.step(user.node)
    witness = WITNESSES.get(user.use.state, user.use.state)
    spelling = "" if user.use.resource == answer.resource else f" as {user.use.resource}"
    return escape_line(str(user.node)), escape_line(f"{witness}{spelling}"), escape_line(step.where)


def _print_resources(answers: list[ResourceUsers]) -> None:
    if not answers:
        print("No step declares an effect or a trigger.")
        return
    rows = []
    for answer in answers:
        counts = [
            f"{word} {pluralize(len(answer.having(verb)), 'step')}"
            for verb, word in (("writes", "written by"), ("starts on", "starts"), ("reads", "read by"))
            if answer.having(verb)
        ]
        rows.append((escape_line(answer.resource), ", ".join(counts)))
    for line in table(rows):
        print(line)
