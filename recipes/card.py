"""Write the card of the starter model from what was measured: ``python -m recipes.card [--reports FOLDER …]``.

Reads ``figures.json`` (of ``python -m benchmarks.starter``) and ``training.json`` beside the weights, and writes
``card.md`` there and the same text to ``docs/starter.md``. ``--reports`` first takes the ``report.json`` of runs of the
recipe, the shipped one and those which left a source out, into ``training.json``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from avce.files import write_json
from avce.training.folder import CARD_FILE, MODEL_FILE
from avce.weights import CARD_TEXT, ROOT, STARTER, checksums

PAGE = Path(__file__).resolve().parents[1] / "docs" / "starter.md"
SETS = {
    "fer": ("FER2013, test split", "weak"),
    "photo": ("photographs, test split", "weak"),
    "photo_clean": ("photographs without film frames", "weak"),
    "render": ("rendered, subjects not trained on", "exact"),
    "clip": ("rendered clips, frame by frame", "exact"),
}
CHANGES = {
    "mirror": "mirrored (before both are averaged)", "shift": "box moved by 4 % and 3 %", "larger_box": "box 8 % larger",
    "smaller_box": "box 8 % smaller", "blur": "blurred (σ 2 of 128 px)", "darker": "darker (γ 1.8)", "lighter": "lighter (γ .55)",
}  # fmt: skip
SOURCES = {"fer": "FER2013", "photographs": "photographs", "rendered": "rendered"}


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the first column is words."""
    rule = "|" + "|".join(["---"] + ["---:"] * (len(heads) - 1)) + "|"
    return "\n".join([f"| {' | '.join(heads)} |", rule, *(f"| {' | '.join(row)} |" for row in rows)])


def signed(value: float) -> str:
    """Two digits with a sign."""
    return f"{value:+.2f}".replace("-", "−")


def _with_interval(values: Mapping[str, Any]) -> str:
    low, high = values["ccc_interval"]
    return f"{values['ccc']:.2f} [{low:.2f}, {high:.2f}]"


def agreement_table(sets: Mapping[str, Any]) -> str:
    """CCC with intervals, PCC and spread for each test set."""
    rows = []
    for name, (words, labels) in SETS.items():
        v, a = sets[name]["valence"], sets[name]["arousal"]
        rows.append(
            (f"{words} ({labels})", f"{sets[name]['n']:,}", _with_interval(v), _with_interval(a),
             f"{v['pcc']:.2f} / {a['pcc']:.2f}", f"{v['sd']:.2f} / {a['sd']:.2f}")
        )  # fmt: skip
    return table(("test set (labels)", "n", "CCC valence", "CCC arousal", "PCC V / A", "spread V / A"), rows)


def category_table(sets: Mapping[str, Any]) -> str:
    """Mean answer for each category, on both real sets."""
    names = sorted({*sets["fer"]["categories"], *sets["photo"]["categories"]})

    def cell(which: str, name: str) -> str:
        found = sets[which]["categories"].get(name)
        return "–" if not found else f"{signed(found['valence'])} / {signed(found['arousal'])} ({found['n']})"

    return table(
        ("named", "FER2013: V / A (n)", "photographs: V / A (n)"),
        ((name, cell("fer", name), cell("photo", name)) for name in names),
    )


def left_out_table(reports: Mapping[str, Any]) -> str:
    """CCC on each set, of the shipped run and of those that never saw one of the sources."""
    rows = []
    for left, report in reports.items():
        words = "nothing (as shipped)" if not left else SOURCES[left]
        cells = [
            f"{'**' if name == left else ''}{report[name]['valence']['ccc']:.2f} / {report[name]['arousal']['ccc']:.2f}"
            f"{'**' if name == left else ''}"
            for name in SOURCES
        ]
        rows.append((words, f"{report['steps']:,}", *cells))
    return table(
        ("left out in training", "steps", *(f"CCC V / A on {words}" for words in SOURCES.values())), rows
    )


def sensitivity_table(moves: Mapping[str, Any]) -> str:
    """Mean change of the answer, per set."""
    rows = [
        (words, *(f"{moves[n][change]['valence']:.3f} / {moves[n][change]['arousal']:.3f}" for n in ("fer", "photo", "render")))
        for change, words in CHANGES.items()
    ]  # fmt: skip
    return table(("change of the picture", "FER2013: V / A", "photographs: V / A", "rendered: V / A"), rows)


def subgroup_table(groups: Mapping[str, Mapping[str, Any]]) -> str:
    """Agreement and bias by group of rendered subjects: all of them, and those that were not trained on."""

    def cells(group: Mapping[str, Any] | None) -> tuple[str, str, str]:
        if group is None:
            return "0", "–", "–"
        ccc = f"{group['ccc_v']:.2f} / {group['ccc_a']:.2f}"
        return str(group["subjects"]), ccc, f"{signed(group['bias_v'])} / {signed(group['bias_a'])}"

    rows = [
        (name, *cells(group), *cells(groups["held_out"].get(name))) for name, group in groups["all"].items()
    ]
    heads = ("subjects", "CCC V / A", "bias V / A")
    return table(("group", *heads, *(f"held out: {head}" for head in heads)), rows)


def write_card(figures: Mapping[str, Any], reports: Mapping[str, Any], sums: Mapping[str, str], card: Mapping[str, Any]) -> str:  # fmt: skip
    """The whole text."""
    numbers, sets = figures["figures"], figures["sets"]
    left_out = ""
    if len(reports) > 1:
        left_out = LEFT_OUT.format(table=left_out_table(reports))
    return TEXT.format(
        sha=sums[MODEL_FILE],
        margin=card["crop"]["margin"],
        steps=reports[""]["steps"] if "" in reports else "?",
        agreement=agreement_table(sets),
        categories=category_table(sets),
        left_out=left_out,
        alone=ALONE if card.get("flip") and not figures.get("flip") else "",
        found="; ".join(
            f"{SETS[n][0].split(',')[0]} {sets[n]['found']:.0%}" for n in ("fer", "photo", "render")
        ),
        jitter=numbers["jitter"],
        sensitivity=sensitivity_table(figures["sensitivity"]),
        subgroups=subgroup_table(figures["subgroups"]),
        batch_1=numbers["ms_per_face_batch_1"],
        batch_32=numbers["ms_per_face"],
        processor=figures["machine"]["processor"],
    )


LEFT_OUT = """
Trained on two sources and tested on all three. The figure of a source that was left out (bold) says what is to be expected
on pictures from elsewhere. Those runs were shorter than the shipped one, which accounts for a part of the difference, as the
other columns show. Pictures are taken whole here, without a detector.

{table}
"""

ALONE = """
The figures here are of the face alone, without its mirror image. On 400 validation pictures of each set the mean of both
gave CCC .741 / .374 in place of .730 / .359 (FER2013), .746 / .469 in place of .730 / .464 (photographs), and the same on
rendered faces.
"""

TEXT = (Path(__file__).parent / "card_template.md").read_text("utf-8")


def main() -> None:
    """Read the command line and write."""
    parser = argparse.ArgumentParser(description="Write the card of the starter model.")
    parser.add_argument(
        "--reports", type=Path, nargs="+", metavar="FILE", help="report.json of runs of the recipe"
    )
    folder = ROOT / STARTER
    if given := parser.parse_args().reports:
        reports = [json.loads(path.read_text("utf-8")) for path in given]
        write_json(folder / "training.json", {report["left_out"]: report for report in reports})
    figures, training, card = (
        json.loads((folder / name).read_text("utf-8"))
        for name in ("figures.json", "training.json", CARD_FILE)
    )
    text = write_card(figures, training, checksums(STARTER), card)
    for path in (folder / CARD_TEXT, PAGE):
        path.write_text(text, "utf-8")
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
