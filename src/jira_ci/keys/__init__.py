"""Issue keys: what a key is, and which texts of a run may hold some."""
