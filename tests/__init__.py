"""Tests; they mirror the source tree. A package, so that ``tests/avce`` cannot hide ``avce``."""
