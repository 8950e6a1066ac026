"""A view of the user's own: registered by a file, trained with, and not needed again for predicting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from avce.cli import main
from avce.data.prepared import Prepared
from avce.errors import OptionError
from avce.inspection import inspect_face
from avce.options import Head, TrainOptions, train_options
from avce.training.checkpoint import load_predictor
from avce.training.estimate import measure
from avce.training.loop import train
from avce.training.start import start_method
from avce.transforms import VIEWS, own
from avce.transforms.own import load_views, loaded_files

CAPPED = """
import cvxpy as cp

from avce.transforms import register_cvxpy_view


def capped(n):
    z, p = cp.Parameter(n), cp.Variable(n)
    objective = cp.Maximize(z @ p - cp.sum_squares(p) / 2)
    return cp.Problem(objective, [p >= 0, cp.sum(p) == 1, p <= 0.4]), z, p


register_cvxpy_view("capped", capped)
"""


@pytest.fixture
def forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing was loaded before, and what a test loads is taken off the table after it."""
    before = set(VIEWS)
    monkeypatch.setattr(own, "_loaded", {})
    yield
    forget(before)


def forget(before: set[str]) -> None:
    for name in set(VIEWS) - before:
        del VIEWS[name]


@pytest.fixture
def file(tmp_path: Path, forgotten: None) -> Path:
    path = tmp_path / "my_views.py"
    path.write_text(CAPPED)
    return path


def options(**more: object) -> TrainOptions:
    chosen = {"attentive_view": "capped"}
    return train_options(
        preset="smoke", method="avce", epochs=1, batch_size=16, feature_dim=6, avce=chosen, **more
    )


def test_a_run_with_it_learns_predicts_elsewhere_and_goes_on_here(
    toy_data: Prepared, tmp_path: Path, file: Path
) -> None:
    assert load_views(file) == load_views(file) == ("capped",)
    assert loaded_files() == (file,)
    fresh = {key: value.clone() for key, value in start_method(options())[0].state_dict().items()}
    trained = train(options(), toy_data, tmp_path / "run")
    crops = toy_data.crops_rgb_u8(np.arange(4))
    values = load_predictor(trained.best).predict(crops)
    assert not torch.equal(
        load_predictor(trained.best).method.state_dict()["H.out.weight"], fresh["H.out.weight"]
    )

    forget({"sparsemax", "softmax", "entmax15"})  # another machine, where nobody registered it
    predictor = load_predictor(trained.best)
    assert predictor.predict(crops) == pytest.approx(values, abs=1e-6)
    images = torch.zeros(1, 3, 64, 64)
    assert predictor.method.head_output(images, Head.R).shape == (1, 2)
    with pytest.raises(OptionError, match=r"expected one of sparsemax.*got 'capped'"):
        predictor.method.head_output(images, Head.H)
    with pytest.raises(OptionError, match=r"expected one of sparsemax.*got 'capped'"):
        inspect_face(predictor, crops[0])
    with pytest.raises(OptionError, match=r"expected one of sparsemax.*got 'capped'.*--views"):
        train(options(), toy_data, tmp_path / "other")


def test_the_command_takes_it_from_a_file(toy_data: Prepared, tmp_path: Path, file: Path) -> None:
    given = [
        "--data",
        str(toy_data.folder),
        "--out",
        str(tmp_path / "run"),
        "--preset",
        "smoke",
        "--epochs",
        "1",
    ]
    main(["train", *given, "--views", str(file), "--avce-attentive-view", "capped", "--feature-dim", "6"])
    assert load_predictor(tmp_path / "run").options.avce.attentive_view == "capped"


def test_what_a_step_costs_is_measured_with_it(file: Path) -> None:
    load_views(file)
    measured = measure(options(), None, budget_s=0.2)
    assert measured.solver_s > 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, r"gone\.py, which is no file"),
        ("import cvxpy\n", r"gone\.py to call .*register_cvxpy_view.*registered nothing"),
        ("1 / 0\n", r"gone\.py broke off with ZeroDivisionError"),
        ("def\n", r"gone\.py broke off with SyntaxError"),
        (CAPPED.replace('"capped"', '"softmax"'), r"broke off with OptionError: view: 'softmax' is taken"),
    ],
)
def test_a_file_of_no_use_is_refused_in_one_line(
    forgotten: None, tmp_path: Path, text: str | None, reason: str
) -> None:
    if text is not None:
        (tmp_path / "gone.py").write_text(text)
    with pytest.raises(OptionError, match=reason) as raised:
        load_views(tmp_path / "gone.py")
    assert "\n" not in str(raised.value)
    assert loaded_files() == ()
