"""Results printed elsewhere, each with its source and protocol. No torch.

Rows of different ``dataset`` or ``protocol`` must never be ranked against each other: show them beside a
run's figures, with the source in sight.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Evidence(StrEnum):
    """How a number came to be known."""

    POSTER = "printed on the poster"
    REPORTED = "reported by its authors, not confirmed by us"
    MEASURED = "measured by us"


@dataclass(frozen=True)
class PublishedResult:
    """One row of a table printed elsewhere.

    Attributes:
        method: Name of the system as its source prints it.
        dataset: Data set and, where known, split.
        protocol: What the source says, or leaves open, about how figures were computed.
        source: Where the numbers are printed.
        evidence: How they came to be known here.
        valence: Figure name (``rmse``, ``sagr``, ``pcc``, ``ccc``) to value; figures not printed are absent.
        arousal: The same for arousal.
        system: Key of the drawing colour: ``avce``, ``caf``, ``hasani``, ``trivial`` or ``other``.
        note: What a reader must know before comparing.
    """

    method: str
    dataset: str
    protocol: str
    source: str
    evidence: Evidence
    valence: dict[str, float] = field(default_factory=dict)
    arousal: dict[str, float] = field(default_factory=dict)
    system: str = "other"
    note: str = ""

    @property
    def key(self) -> str:
        """Stable short name, unique over :data:`PUBLISHED`."""
        words = f"{self.method} {self.dataset} {self.evidence.name}".lower()
        return "-".join("".join(c if c.isalnum() else " " for c in words).split())


POSTER = (
    "Kim & Song, Emotion-aware Multi-view Contrastive Learning for Facial Emotion Recognition,"
    " ECCV 2022, poster"
)
HASANI = (
    "Hasani & Mahoor, Facial Affect Estimation in the Wild Using Deep Residual and Convolutional Networks,"
    " CVPRW 2017, arXiv 1705.07884, abstract"
)
TRIVIAL = "trivial predictor, from the labels of the split"
POSTER_PROTOCOL = "not printed; the authors' public code mixes n and n - 1 and averages RMSE over batches"
CONTEXT = "not printed; for context"
AFF_WILD = "Aff-Wild"
AFF_WILD_TEST = "Aff-Wild challenge test set"
AFFECTNET = "AffectNet validation (3,999 images)"


def _row(
    method: str,
    dataset: str,
    protocol: str,
    source: str,
    evidence: Evidence,
    *,
    system: str = "other",
    note: str = "",
    **figures: tuple[float | None, float | None],
) -> PublishedResult:
    """A row from ``name=(valence, arousal)``; ``None`` where a figure is not printed."""
    valence = {name: v for name, (v, _) in figures.items() if v is not None}
    arousal = {name: a for name, (_, a) in figures.items() if a is not None}
    return PublishedResult(method, dataset, protocol, source, evidence, valence, arousal, system, note)


PUBLISHED: list[PublishedResult] = [
    _row(
        "Hasani et al.", AFF_WILD, POSTER_PROTOCOL, POSTER, Evidence.POSTER, system="hasani",
        rmse=(0.27, 0.36), sagr=(0.57, 0.74), ccc=(0.36, 0.19),
        note="The authors' own abstract gives other figures on another split; both rows are kept.",
    ),
    _row(
        "CAF (AlexNet)", AFF_WILD, POSTER_PROTOCOL, POSTER, Evidence.POSTER, system="caf",
        rmse=(0.24, 0.21), sagr=(0.68, 0.78), ccc=(0.54, 0.56),
    ),
    _row(
        "AVCE (AlexNet)", AFF_WILD, POSTER_PROTOCOL, POSTER, Evidence.POSTER, system="avce",
        rmse=(0.154, 0.154), sagr=(0.849, 0.795), ccc=(0.682, 0.594),
    ),
    _row(
        "Hasani & Mahoor", AFF_WILD_TEST, "not printed; the challenge's own split", HASANI, Evidence.REPORTED,
        system="hasani", rmse=(0.4, 0.3), ccc=(0.04, 0.29),
        note="Another split than the poster's row of the same system.",
    ),
    _row(
        "EmotiEffLib enet_b0_8_va_mtl", AFFECTNET, CONTEXT, "EmotiEffLib", Evidence.REPORTED,
        rmse=(0.434, 0.387), ccc=(0.594, 0.549),
    ),
    _row(
        "CAGE MaxViT", AFFECTNET, CONTEXT, "CAGE", Evidence.REPORTED, ccc=(0.716, 0.642),
    ),
    _row(
        "py-feat 2", AFFECTNET, CONTEXT, "py-feat 2", Evidence.REPORTED, ccc=(0.535, 0.482),
    ),
    _row(
        "mean predictor", AFFECTNET, "concatenated", TRIVIAL, Evidence.MEASURED, system="trivial",
        rmse=(0.466, 0.379), ccc=(0.0, 0.0), note="Looks at no picture; a model must beat it.",
    ),
    _row(
        "always positive arousal", AFFECTNET, "concatenated", TRIVIAL, Evidence.MEASURED, system="trivial",
        sagr=(None, 0.773), note="Looks at no picture; why SAGR of arousal alone says little.",
    ),
]  # fmt: skip
"""Rows in the order of the poster's table, then by data set."""


def published(*, dataset: str | None = None) -> list[PublishedResult]:
    """Rows of one data set (its name's beginning is enough, case ignored), or all."""
    wanted = (dataset or "").casefold()
    return [row for row in PUBLISHED if row.dataset.casefold().startswith(wanted)]
