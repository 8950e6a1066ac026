"""Faces that belong to nobody: seeded, license-free stills and clips with known valence and arousal.

A small three-dimensional head is deformed by muscle actions, painted, lit and photographed. The label decides the
actions (:mod:`.expression`); everything else is identity (:mod:`.identity`) or nuisance (:mod:`.nuisance`). Labels
are true by construction and say nothing about how people judge real faces.
"""

from __future__ import annotations

from pathlib import Path

from avce.data.synthetic.clips import write_clips
from avce.data.synthetic.identity import Identity, draw_identity
from avce.data.synthetic.nuisance import Light, Nuisance, draw_light, draw_nuisance
from avce.data.synthetic.render import render_face
from avce.data.synthetic.stills import render_still, write_stills
from avce.files import replace_folder
from avce.options import SynthOptions
from avce.progress import Reporter

__all__ = [
    "Identity",
    "Light",
    "Nuisance",
    "draw_identity",
    "draw_light",
    "draw_nuisance",
    "render_face",
    "render_still",
    "synthesize",
]


def synthesize(out: Path, options: SynthOptions, reporter: Reporter | None = None) -> Path:
    """Write a data set of synthetic faces.

    ``stills``: ``images/SNNN/NNN.jpg`` and ``labels.csv`` (image, subject, valence, arousal, split).
    ``affwild``: ``videos/train/NNN.mp4``, ``annotations/train/{valence,arousal}/NNN.txt`` (one number per frame) and,
    not part of Aff-Wild, ``meta/NNN.csv`` with true boxes and states.

    Args:
        out: Folder to write; an existing one is replaced once the new one is complete.
        options: What to draw.
        reporter: Told of every picture; may stop the work.

    Returns:
        ``out``.
    """
    reporter = reporter or Reporter()
    reporter.stage("synthesize")
    write = {"stills": write_stills, "affwild": write_clips}[options.kind]
    with replace_folder(out) as folder:
        write(folder, options, reporter)
    return out
