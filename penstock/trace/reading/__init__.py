"""Reads what files have of a run: log lines of any kind, spans of OpenTelemetry and Jaeger."""
