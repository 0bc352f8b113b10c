"""What ``init`` finds in a repository, and the files it makes of that."""
