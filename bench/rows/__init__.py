"""The rows of the table of speed and memory, each measured beside its peer in the same run."""
