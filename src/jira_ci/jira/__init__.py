"""What Jira is told and what it answers, and the one session that asks."""
