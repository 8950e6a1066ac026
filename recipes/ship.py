"""Put a checkpoint in the place of the starter model: ``python -m recipes.ship FOLDER``.

Takes a checkpoint, or the output folder of a training run, with the encoder EfficientNet-Lite0; stores its weights in
half precision, its card, and the checksums of both under ``avce/weights/starter``. Measure it and write its card
afterwards: ``python -m benchmarks.starter --json avce/weights/starter/figures.json``, then ``python -m recipes.card``.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import Any

from avce.errors import CheckpointError
from avce.options import Backbone
from avce.training.checkpoint import load_predictor, save_checkpoint
from avce.training.folder import CARD_FILE, MODEL_FILE
from avce.weights import ROOT, STARTER, SUMS_FILE

MOST_BYTES = 12_000_000
KEPT = ("crop", "epoch", "rule", "validation", "data")
"""What of the card goes along; the rest is written anew."""


def ship(source: Path, root: Path = ROOT, **changes: Any) -> Path:
    """Write the shipped folder; returns it.

    Args:
        source: Checkpoint to ship.
        root: Folder of shipped weights.
        changes: Entries of the card in place of the checkpoint's own, such as ``crop``.

    Raises:
        CheckpointError: Not a checkpoint, another encoder, or too large.
    """
    predictor = load_predictor(source)
    if predictor.options.backbone is not Backbone.EFFICIENTNET_LITE0:
        raise CheckpointError(
            f"{source}: expected the encoder efficientnet_lite0, which presets that start from {STARTER} name,"
            f" got {predictor.options.backbone.value}"
        )
    half = {k: v.half() if v.is_floating_point() else v for k, v in predictor.method.state_dict().items()}
    info = {name: predictor.info[name] for name in KEPT if name in predictor.info}
    folder = root / STARTER
    others = {path.name: path.read_bytes() for path in folder.glob("*") if path.is_file()}
    options = predictor.options.model_copy(update={"pretrained": "none"})
    save_checkpoint(folder, half, options, {**info, "name": STARTER, "flip": True, **changes})
    size = sum((folder / name).stat().st_size for name in (MODEL_FILE, CARD_FILE))
    if size > MOST_BYTES:
        raise CheckpointError(f"{source}: expected at most {MOST_BYTES:,} bytes, got {size:,}")
    sums = []
    for name in (CARD_FILE, MODEL_FILE):
        (folder / name).chmod(0o644)
        sums.append(f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n")
    (folder / SUMS_FILE).write_text("".join(sums), "utf-8")
    for name, content in others.items():  # figures and card text, until they are made again
        if not (folder / name).exists():
            (folder / name).write_bytes(content)
    return folder


def main() -> None:
    """Read the command line and ship."""
    parser = argparse.ArgumentParser(description="Put a checkpoint in the place of the starter model.")
    parser.add_argument("checkpoint", type=Path, help="checkpoint, or output folder of a training run")
    print(f"wrote {ship(parser.parse_args().checkpoint)}")


if __name__ == "__main__":
    main()
