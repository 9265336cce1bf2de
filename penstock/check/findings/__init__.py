"""Findings: what is wrong, and how each kind of report says so."""

from penstock.check.findings.finding import Finding, findings

__all__ = ["Finding", "findings"]
