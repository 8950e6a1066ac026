"""Networks: encoders, heads, and the import of public weights. The table of encoders is in ``encoders``."""
