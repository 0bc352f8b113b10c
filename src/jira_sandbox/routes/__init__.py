"""What the site answers: the routes of Jira's APIs and of the sandbox itself, and the JSON they tell."""
