"""Schema changes, applied by ``python -m workers.migrate`` (which ``make run`` does)."""
