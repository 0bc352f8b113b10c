"""A report, from its plan to what Jira made of it."""
