"""The Jira sites of the settings and the file: how each is reached, and with which credential."""
