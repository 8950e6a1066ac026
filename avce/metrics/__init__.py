"""How well predictions fit labels: pure functions, protocols, streaming sums, and cluster bootstraps.

Everything here works on NumPy arrays in float64 and needs no torch. Moments are population moments
(divided by n) unless a protocol says otherwise; an undefined figure is ``nan``, never 0.
"""
