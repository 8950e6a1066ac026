"""Losses as small pure functions: agreement with the label, the AVCE contrast, hold and push, CAF's adversary."""
