"""The git command line, asked about a checkout that may be shallow, partial, strange, or not there at all."""
