"""One run from end to end: its log lines and spans, laid over the declared flows."""
