"""The benchmark of the transforms, small: its figures have their names, and it counts what it should."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from avce.errors import SolverError
from avce.transforms import transform
from benchmarks import transforms
from benchmarks._report import SCHEMA, run


def test_the_figures_and_the_file_are_what_others_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def once(work: Callable[[], object], **_: int) -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    monkeypatch.setattr(transforms, "median_seconds", once)
    monkeypatch.setattr(transforms, "BATCH", 4)
    run("", lambda: transforms.measure(200), ["--json", str(tmp_path / "figures.json")])
    report = json.loads((tmp_path / "figures.json").read_text())
    assert report["schema"] == SCHEMA
    assert report["machine"]["cores"] > 0
    figures = report["figures"]
    assert {"exact_vs_cvxpy_rows", "ecos_vs_cvxpy_rows", "exact_vs_entmax"} <= set(figures)
    assert 0 < figures["max_abs_error_ecos"] <= 1e-6
    assert (figures["silent_failures"], figures["loud_failures"], figures["rows_per_view"]) == (0, 0, 200)


def test_rows_are_of_every_kind() -> None:
    rows = transforms.random_rows(1000, torch.Generator().manual_seed(0))
    sizes = rows.abs().amax(1)
    assert (sizes == 0).any()
    assert sizes.max() > 1e3
    assert sizes[sizes > 0].min() < 1e-2
    assert any(len(row.unique()) < 20 for row in rows if row.any())


@pytest.mark.parametrize(("what", "worst"), [(2e-6, pytest.approx(2e-6, rel=1e-3)), (float("nan"), 0.0)])
def test_a_wrong_row_and_a_row_without_numbers_are_silent_failures(
    monkeypatch: pytest.MonkeyPatch, what: float, worst: float
) -> None:
    def solved(scores, *, view, solver="exact"):
        p = transform(scores, view=view)
        if solver == "ecos" and view == "softmax":
            p[3] += what
        return p

    monkeypatch.setattr(transforms, "transform", solved)
    found = transforms.errors(100)
    assert (found["silent_failures"], found["loud_failures"]) == (1, 0)
    assert found["max_abs_error_ecos"] == worst


def test_a_row_that_raises_is_counted_as_loud_and_its_batch_is_still_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def solved(scores, *, view, solver="exact"):
        if solver == "ecos" and (scores == 0).all(1).any():
            raise SolverError("row of zeros")
        return transform(scores, view=view) + (1e-3 if solver == "ecos" else 0)

    monkeypatch.setattr(transforms, "transform", solved)
    found = transforms.errors(100)
    zeros = int((transforms.random_rows(100, torch.Generator().manual_seed(1)) == 0).all(1).sum())
    assert zeros > 0
    assert found["loud_failures"] == 2 * zeros
    assert found["silent_failures"] == 2 * (100 - zeros)
