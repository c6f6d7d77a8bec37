"""See design: the training room."""
