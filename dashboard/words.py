"""Plain words for the field's terms: help texts, labels and badges, the same on every page."""

from __future__ import annotations

from datetime import datetime

from avce.options import Method
from workers.states import JobKind, JobState

VALENCE = "How pleasant the expression looks: −1 is very unpleasant, 0 neutral, +1 very pleasant."
AROUSAL = "How activated the expression looks: −1 is asleep or very calm, +1 is very excited."
WHAT_THEY_ARE = (
    "**Valence** says how pleasant a facial expression looks, from −1 (very unpleasant) to +1 (very pleasant). "
    "**Arousal** says how activated it looks, from −1 (very calm) to +1 (very excited). Together they are a point "
    "on the *circumplex*: happiness lies right and up, fear and anger left and up, sadness left and down, calm "
    "right and down."
)
WHAT_THEY_ARE_NOT = (
    "They describe how an **expression looks to observers**, frame by frame. They do not say what a person "
    "feels, intends or is like, and they are no basis for a decision about a person."
)

METRICS: dict[str, tuple[str, str]] = {
    "rmse": ("RMSE", "Root mean squared error, on the scale of the labels. 0 is perfect; lower is better."),
    "sagr": (
        "SAGR",
        "Sign agreement: share of samples whose prediction has the label's sign. Higher is better.",
    ),
    "pcc": (
        "PCC",
        "Pearson correlation: do predictions rise and fall with the labels? Ignores scale and offset.",
    ),
    "ccc": (
        "CCC",
        "Concordance correlation: like PCC, and also punishes wrong scale and offset. 1 is perfect, a constant scores 0.",
    ),
}

KINDS: dict[JobKind, tuple[str, str]] = {
    JobKind.IMPORT: ("Import", ":material/upload:"),
    JobKind.SYNTH: ("Draw faces", ":material/brush:"),
    JobKind.TRAIN: ("Train", ":material/model_training:"),
    JobKind.EVALUATE: ("Evaluate", ":material/fact_check:"),
    JobKind.ANALYZE: ("Analyse video", ":material/movie:"),
    JobKind.SEGMENT: ("Help with a video", ":material/movie:"),
    JobKind.MAPS: ("Activation maps", ":material/blur_on:"),
    JobKind.INSPECT: ("Inspect face", ":material/biotech:"),
    JobKind.POSTER: ("Poster figure", ":material/dashboard:"),
    JobKind.OVERLAY: ("Annotated video", ":material/video_settings:"),
    JobKind.COST: ("Measure cost", ":material/timer:"),
}
STATES: dict[JobState, tuple[str, str]] = {
    JobState.QUEUED: ("queued", "gray"),
    JobState.RUNNING: ("running", "blue"),
    JobState.PAUSED: ("paused", "violet"),
    JobState.SUCCEEDED: ("done", "green"),
    JobState.FAILED: ("failed", "red"),
    JobState.CANCELLED: ("cancelled", "orange"),
}

FRAME_STATES: dict[str, str] = {
    "detected": "the detector found the face in this very frame",
    "tracked": "the face was followed here from a frame nearby",
    "lost": "this face is out of sight, others are not",
    "low_quality": "a face is there, too small or too uncertain to be given values",
    "no_face": "no face in the picture, so no value",
    "cut": "the scene changes here; faces after it are new ones",
}


def method_name(method: str) -> str:
    """Name of a method as printed in the literature."""
    return Method(method).label if method in set(Method) else str(method)


def number(value: float | None, digits: int = 3) -> str:
    """A figure for reading; an en dash where there is none."""
    if value is None or value != value:  # noqa: PLR0124 — nan is the only number unequal to itself
        return "–"
    rounded = round(value, digits) + 0.0  # adding zero turns −0.0 into 0.0
    return f"{rounded:.{digits}f}".replace("-", "−")


PROTOCOLS = {
    "concatenated": "all samples together",
    "per_video": "mean over videos",
    "authors": "with the quirks of the authors' code",
}


def stamp(moment: datetime) -> str:
    """A moment in local time, short: ``24 Nov, 14:05``."""
    local = moment.astimezone()
    return f"{local.day} {local:%b, %H:%M}"
