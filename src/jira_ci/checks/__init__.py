"""What the command ``check`` tests, and how it is told."""
