"""Evidence from traces of OpenTelemetry and Jaeger."""
