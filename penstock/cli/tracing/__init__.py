"""The command that traces a run."""
