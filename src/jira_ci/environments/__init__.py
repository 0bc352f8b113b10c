"""An environment name and the type by which Jira knows it."""
