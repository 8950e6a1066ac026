"""Tests of the scripts that made what is shipped."""
