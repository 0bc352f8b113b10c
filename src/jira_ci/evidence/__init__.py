"""What an auditor asks for: every deployment of a period, with its change and its record, and those without."""
