"""The pages. They read and act through :mod:`workers.client` only, and never load torch."""
