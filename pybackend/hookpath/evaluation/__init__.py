"""See design: the evaluation room."""
