"""Rows and files: tables, sessions, the file store, and one query module per noun."""
