"""The card of the starter model says what was measured on the weights that are shipped."""

from __future__ import annotations

import json
from pathlib import Path

from avce.training.folder import read_card
from avce.weights import ROOT, STARTER, card_text, checksums
from recipes.card import PAGE, write_card

FOLDER: Path = ROOT / STARTER


def test_the_card_in_the_package_and_in_the_documents_is_what_the_measured_figures_give() -> None:
    figures, training = (
        json.loads((FOLDER / name).read_text("utf-8")) for name in ("figures.json", "training.json")
    )
    text = write_card(figures, training, checksums(STARTER), read_card(STARTER))
    assert card_text(STARTER) == text, "run: python -m recipes.card"
    assert PAGE.read_text("utf-8") == text, "run: python -m recipes.card"


def test_the_card_names_labels_rights_failures_and_uses_that_are_out_of_the_question() -> None:
    text = card_text(STARTER)
    for words in (
        "weak",
        "rights",
        "film frames",
        "Where it fails",
        "must not be used",
        "Replace it",
        "skin",
        "glasses",
    ):
        assert words in text
    assert checksums(STARTER)["model.safetensors"] in text
