"""Whose policy counts, what it says, and what may tighten it."""
