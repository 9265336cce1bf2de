"""The one extension point of the running application: an observer is called for each step that begins."""

from penstock._runtime.events import Finish, Observer, StepEvent, track_steps

__all__ = ["Finish", "Observer", "StepEvent", "track_steps"]
