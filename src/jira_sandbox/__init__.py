"""A pretend Jira Cloud site over HTTP on loopback, as strict as Jira's documents; it shares no code with the client."""
