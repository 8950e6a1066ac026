"""One module per page, each with ``page()``; the table of them is :mod:`dashboard.navigation`."""
