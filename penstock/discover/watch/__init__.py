"""Runs inside the watched processes; imports nothing of the application, and nothing of penstock but the table of effects."""
