"""AffectNet, 8 labels: ``{train_set,val_set}/images/N.jpg`` with ``annotations/N_{exp,val,aro,lnd}.npy``.

Pictures are face crops. The files hold one number each, often as text. -2 means not rated.
"""

from __future__ import annotations

import io

import numpy as np

from avce.data.findings import finding
from avce.data.labels import IMAGE_ENDINGS, LabelIndex, make_table, split_of
from avce.data.layouts.affectnet import EXPRESSIONS
from avce.data.layouts.base import Recognition, match_names
from avce.data.layouts.lists import INVALID
from avce.data.sources import Source
from avce.errors import DataError
from avce.files import natural
from avce.options import PrepareOptions

NAME = "affectnet_npy"

_LABEL = r"(?P<root>(?:.*/)?)(?P<part>[^/]+)/annotations/(?P<number>[^/]+)_val\.npy"
MAX_BYTES = 1 << 20


def recognise(source: Source) -> Recognition | None:
    """Files ``annotations/N_val.npy`` with their ``N_aro.npy``."""
    if source.focus is not None:
        return None
    labels = match_names(source.names(), _LABEL)
    if not labels or labels[0][0].replace("_val.npy", "_aro.npy") not in source:
        return None
    return Recognition(0.95, f"{len(labels):,} files such as {labels[0][0]}", labels[0]["root"])


def read(source: Source, options: PrepareOptions) -> LabelIndex:
    """One row per rated picture.

    Raises:
        DataError: A file that holds no number, a label outside [-1, 1] that is not -2, or one without its other axis.
    """
    del options
    seen = recognise(source)
    if seen is None:
        raise DataError(
            f"{source.title}: expected <part>/annotations/N_val.npy (AffectNet, 8 labels), found none"
        )
    rows, missing, unrated = [], [], []
    for match in sorted(match_names(source.names(), _LABEL), key=lambda match: natural(match[0])):
        stem, key = match[0].removesuffix("_val.npy"), match[0]
        folder = f"{match['root']}{match['part']}/images/{match['number']}"
        image = next((folder + ending for ending in IMAGE_ENDINGS if folder + ending in source), None)
        if image is None:
            missing.append(key)
            continue
        valence, arousal = (_number(source, f"{stem}_{axis}.npy") for axis in ("val", "aro"))
        if INVALID in (valence, arousal):
            unrated.append(image)
            continue
        expression = int(_number(source, f"{stem}_exp.npy")) if f"{stem}_exp.npy" in source else -1
        category = EXPRESSIONS[expression] if 0 <= expression < len(EXPRESSIONS) else ""
        rows.append((image, valence, arousal, category, split_of(match["part"]), key))
    notes = []
    if missing:
        notes.append(
            finding("warning", f"{len(missing):,} labels have no picture", "They are left out.", missing)
        )
    if unrated:
        notes.append(
            finding("info", f"{len(unrated):,} pictures are not rated (-2)", "They are left out.", unrated)
        )
    image_, valence_, arousal_, category_, split_, key_ = zip(*rows, strict=True) if rows else ((),) * 6
    table = make_table(
        len(rows), image=list(image_), valence=np.asarray(valence_, float), arousal=np.asarray(arousal_, float), category=list(category_),
        split=list(split_), label_file=list(key_),
    )  # fmt: skip
    return LabelIndex(table, NAME, seen.reason, notes, source, pictures="crops")


def _number(source: Source, key: str) -> float:
    """The one number of a npy file; nothing in it is executed."""
    try:
        array = np.load(io.BytesIO(source.read(key, limit=MAX_BYTES)), allow_pickle=False)
        value = float(array.reshape(-1)[0]) if array.size == 1 else np.nan
    except (ValueError, TypeError, OSError, EOFError, SyntaxError, MemoryError, OverflowError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"{source.where(key)}: expected a npy file with one number, it cannot be read ({error})"
        ) from error
    if not np.isfinite(value):
        raise DataError(
            f"{source.where(key)}: expected a npy file with one number, got an array of shape {array.shape}"
        )
    return value
