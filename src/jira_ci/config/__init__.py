""".jira-ci.yml and its relatives: read strictly, checked, every error with its line."""
