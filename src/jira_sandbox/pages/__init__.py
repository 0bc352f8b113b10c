"""What a person looks at: the sandbox's pages, which show what a team would see in Jira."""
