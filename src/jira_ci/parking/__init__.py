"""Deployments that wait for their change without a runner: the note on the change, and the sweep that starts them."""
