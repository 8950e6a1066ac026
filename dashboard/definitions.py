"""What every column of every table means, in one place: the hover of its head, wherever it stands."""

from __future__ import annotations

COLUMNS: dict[str, str] = {
    # who and what
    "Run": "A model that was trained here, or the starter model that comes along.",
    "Seeds together": "Runs that differ by their seed alone, as one row.",
    "Published": "A result printed elsewhere, with its source; never ranked beside rows measured here.",
    "Model": "The run whose values these are.",
    "Curve": "A run's values, or the labels of the video.",
    "Option": "An option of training on which the chosen runs differ.",
    "View": "A view of the feature z: attentive, or inattentive.",
    "Solved by": "How the view was computed: by its closed form, or as a convex program.",
    # data
    "Split": "Training teaches, validation chooses the best epoch, test is seen by no model before it is measured.",
    "Samples": "Faces with a label.",
    "Subjects": "Different people; an en dash where the data do not say who is who.",
    "Measured on": "The data set and its split.",
    "When": "How long ago it was measured.",
    # frames
    "State": "What is known of the face in a frame.",
    "Meaning": "What the state says.",
    "Frames": "Decoded frames in this state.",
    "Share": "Of all decoded frames.",
    "Frames with a value": "Frames in which a face was seen well enough to be given values.",
    "Frame": "Number of the frame in the video, counted from 0.",
    "Chosen for": "Why this frame stands for the video: a peak, a turning point, the largest gap between models, or your choice.",
    "Valence": "How pleasant the expression looks, from −1 (very unpleasant) to +1 (very pleasant).",
    "Arousal": "How activated the expression looks, from −1 (very calm) to +1 (very excited).",
    # two runs against each other
    "First − second": "A figure of the first run less that of the second, on the same faces.",
    "Difference": "Of the figures over all these faces.",
    "Labels in": "The quadrant of valence and arousal in which the label lies.",
    "Faces": "Faces whose label lies there.",
    # work
    "Worker": "A process that does jobs; its name and host.",
    "Queues": "The kinds of jobs that it takes.",
    "Works on": "The job that it is doing now.",
}


def meaning_of(head: str) -> str:
    """The definition of a column without one of its own; empty where none is known."""
    return COLUMNS.get(head, "")
