"""See design: the inference room."""
