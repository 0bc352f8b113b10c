"""What starts jira-ci where nothing of it is installed: the action, and the archive."""
