"""The poster's figure: maps of key frames tied to the curves of several models (see :mod:`avce.poster.make`)."""
