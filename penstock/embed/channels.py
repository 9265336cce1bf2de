"""The index of channels: every table, topic, host and file that flows use, and which steps write, read or follow it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.check.questions.application import Application
from penstock.check.questions.resource_users import list_resources
from penstock.embed.language import ENGLISH
from penstock.embed.overview import Selection
from penstock.render.use_status import view_use

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.check.questions.application import Node
    from penstock.check.questions.resource_users import ResourceUser, ResourceUsers
    from penstock.embed.language import Language
    from penstock.embed.site import Site
    from penstock.model import Flow


@dataclass(frozen=True, slots=True)
class UsingStep:
    """A step in the index.

    Attributes:
        flow: Its flow.
        step: Its name.
        state: Why the use is not as declared and confirmed, in words, or an empty string.
        is_fault: Whether runs leave no doubt that it is wrong.
    """

    flow: Flow
    step: str
    state: str = ""
    is_fault: bool = False


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A resource in the index.

    Attributes:
        channel: The resource.
        writers: The steps that write it.
        followers: The steps that it starts, then those that read it.
        selection: The flows that use it, and the resource itself, for its map.
    """

    channel: str
    writers: tuple[UsingStep, ...]
    followers: tuple[UsingStep, ...]
    selection: Selection


def name_channel_columns(*, diagrams: bool, language: Language = ENGLISH) -> tuple[str, ...]:
    """Return the heads of the columns of the index."""
    heads = (language.gettext("Channel"), language.gettext("Written by"), language.gettext("Starts, or is read by"))
    return (*heads, language.gettext("Map")) if diagrams else heads


def view_channels(site: Site, selection: Selection) -> list[ChannelRow]:
    """Return the rows of the index, for the flows of a selection and the channels that it names."""
    application = Application(site.select(selection), site.drawing.vocabulary)
    rows = [_view_row(application, users, selection) for users in list_resources(application)]
    if not selection.channels:
        return rows
    return [row for row in rows if site.drawing.vocabulary.find(row.channel, selection.channels)]


def _view_row(application: Application, users: ResourceUsers, selection: Selection) -> ChannelRow:
    return ChannelRow(
        users.resource,
        _list_steps(application, users, ("writes",)),
        _list_steps(application, users, ("starts on", "reads")),
        Selection(
            services=selection.services, tags=selection.tags, modules=selection.modules, channels=(users.resource,)
        ),
    )


def _list_steps(application: Application, users: ResourceUsers, verbs: Sequence[str]) -> tuple[UsingStep, ...]:
    views: dict[Node, UsingStep] = {}
    for user in (user for verb in verbs for user in users.having(verb)):
        view = _view_user(application.by_name[user.node.flow], user)
        views[user.node] = max(view, views.get(user.node, view), key=lambda view: (view.is_fault, bool(view.state)))
    return tuple(views.values())


def _view_user(flow: Flow, user: ResourceUser) -> UsingStep:
    if user.use not in flow.uses:  # it was not checked
        return UsingStep(flow, user.node.step)
    channel = view_use(user.use)
    is_only_seen = user.use.state == "seen" and user.use.verb == "writes"
    return UsingStep(flow, user.node.step, "seen" if is_only_seen else channel.words, channel.is_fault)
