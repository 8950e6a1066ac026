"""Training: one loop for all methods, and the checkpoints it writes."""
