"""What follows a deployment: fix versions, the issues' and the change's transitions, release notes."""
