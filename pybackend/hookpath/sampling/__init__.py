"""See design: the sampling room."""
