"""The gate: whether a deployment may begin."""
