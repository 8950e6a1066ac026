"""Tests of the house itself: directions, names that must agree, and files that must not drift."""
