"""The CI system: what it says of the run, what it is asked about the repository, and what it takes."""
