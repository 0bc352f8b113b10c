"""One module for each command: straight lines over the rest."""
