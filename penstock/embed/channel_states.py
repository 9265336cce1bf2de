"""The channels between flows on a map, each as certain as what was seen of its two ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.model import Edge

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from penstock.model import Flow
    from penstock.model.finding_kinds import State
    from penstock.model.resources import Vocabulary

_FROM_WORST: tuple[State, ...] = ("never-seen", "undeclared", "unexercised", "confirmed", "")


class ChannelStates:
    """What is known of the channels between flows.

    Args:
        flows: The flows.
        vocabulary: The words for resources.
    """

    def __init__(self, flows: Sequence[Flow], vocabulary: Vocabulary) -> None:
        self._uses = {flow.full_name: flow.uses for flow in flows}
        self._vocabulary = vocabulary

    def make_edge(self, source: str, target: str, channels: Iterable[str]) -> Edge:
        """Return an edge between two flows, by their full names; it is as doubtful as the most doubtful of its channels."""
        verdicts = [self._judge(source, target, channel) for channel in channels]
        state, note = min(verdicts, key=lambda verdict: _FROM_WORST.index(verdict[0]))
        origin = "seen" if state == "undeclared" else "declared"
        return Edge(source=source, target=target, label=", ".join(channels), state=state, note=note, origin=origin)

    def _judge(self, source: str, target: str, channel: str) -> tuple[State, str]:
        """Return the state of a channel, and its reason; both are empty unless both flows were checked."""
        writing = [use for use in self._uses[source] if use.verb == "writes" and use.resource == channel]
        heard = [use for use in self._uses[target] if use.verb == "starts on"]
        starting = [use for use in heard if self._vocabulary.agree(channel, use.resource)]
        if not (writing and starting):
            return "", ""
        for uses in (writing, starting):
            if all(use.refuted and use.origin == "declared" for use in uses):
                return "never-seen", uses[0].note
        if all(use.origin == "seen" for use in writing):
            return "undeclared", writing[0].note
        is_confirmed = all(any(use.state == "confirmed" for use in uses) for uses in (writing, starting))
        return ("confirmed" if is_confirmed else "unexercised"), ""
