"""What people and the CI are told: the console, pages, step outputs; everything masked and inert."""
