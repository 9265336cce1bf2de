"""Commands that begin with penstock in an existing project: ``discover`` and ``init``."""
