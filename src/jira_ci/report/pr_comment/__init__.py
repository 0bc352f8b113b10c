"""The one comment on a pull or merge request: its text, what it knows, and keeping it the only one."""
