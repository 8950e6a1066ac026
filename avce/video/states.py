"""What can be said about one face in one frame. Torch-free."""

from __future__ import annotations

from enum import StrEnum


class FrameState(StrEnum):
    """The one state of a track in a decoded frame; values exist for ``detected`` and ``tracked`` only."""

    DETECTED = "detected"
    """The detector found the face in this very frame."""

    TRACKED = "tracked"
    """The face was followed here from the last detection, and still looks like it."""

    LOST = "lost"
    """This person's face is not in the frame, others' are; it may come back under the same id."""

    LOW_QUALITY = "low_quality"
    """A face is there, but below the wanted score or size: the box is kept, values are not."""

    NO_FACE = "no_face"
    """No face of anybody in the frame; such a row has no track."""

    CUT = "cut"
    """The picture changed at once: the track ends here, and faces after the cut get new ids."""


STATES_WITH_VALUES = frozenset({FrameState.DETECTED, FrameState.TRACKED})
"""States for which a model is asked."""
