"""What was reported before: closing it, marking it as rolled back, taking it out again."""
