"""Facial emotion in the valence-arousal plane: the science of AVCE Studio, usable alone.

Importing this package is cheap: torch, cvxpy and OpenCV load with the modules that need them.
"""

__version__ = "0.1.0"
