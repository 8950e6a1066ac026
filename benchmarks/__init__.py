"""Measurements behind the numbers in the documentation; each module runs as ``python -m benchmarks.NAME --json FILE``."""
