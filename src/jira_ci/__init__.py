"""Tells Jira what any CI pipeline built and where it deployed it."""

__version__ = "0.1.0"
