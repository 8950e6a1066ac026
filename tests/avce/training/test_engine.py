"""What moves weights: clipping as the presets have it, and the scale of the loss in fp16, one for all optimisers."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file

from avce.methods import build_method
from avce.options import train_options
from avce.training.engine import Engine

SMALL = {"backbone": "tiny", "input_size": 32, "dropout": 0.0, "schedule": "constant"}
AUTHORS_OPTIMIZERS = {"optimizer": "adam", "head_optimizer": "sgd"}
METHODS = {
    "avce": AUTHORS_OPTIMIZERS,
    "avce, SGD alone": {"optimizer": "sgd", "head_optimizer": "sgd"},
    "avce in two steps": {**AUTHORS_OPTIMIZERS, "avce": {"two_step": True}},
    "caf": {"method": "caf", "optimizer": "sgd"},
}


def engine_of(**given) -> Engine:
    torch.manual_seed(0)
    options = train_options(**SMALL | given)
    engine = Engine(build_method(options), options, total_steps=100)
    engine.method.train()
    return engine


def scaled(engine: Engine, **given) -> Engine:
    """As on a GPU in fp16, while the networks compute in full precision: so moves can be compared."""
    engine.scaler = torch.amp.GradScaler("cpu", **given)
    return engine


def step(engine: Engine, number: int = 0) -> None:
    generator = torch.Generator().manual_seed(number)
    batch = SimpleNamespace(
        images=torch.randn(16, 3, 32, 32, generator=generator),
        targets=2 * torch.rand(16, 2, generator=generator) - 1,
        weights=torch.ones(16),
    )
    engine.begin_step()
    engine.method.training_step(batch, engine)
    engine.end_step()


def weights(engine: Engine) -> dict[str, torch.Tensor]:
    """By optimiser."""
    return {
        name: torch.cat([p.detach().flatten() for group in o.param_groups for p in group["params"]])
        for name, o in engine.optimizers.items()
    }


def watched(engine: Engine) -> list[str]:
    """A list that every optimiser writes its name to when it steps, and the scaler ``scale`` when it updates."""
    seen: list[str] = []
    for name, optimizer in engine.optimizers.items():
        optimizer.register_step_post_hook(lambda *_, name=name: seen.append(name))
    update = engine.scaler.update
    engine.scaler.update = lambda: (seen.append("scale"), update())
    return seen


# the scale of the loss ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("grad_clip", [0.0, 1e-2])
@pytest.mark.parametrize("given", METHODS.values(), ids=METHODS)
def test_every_optimiser_moves_as_in_full_precision(given, grad_clip):
    plain, other = engine_of(grad_clip=grad_clip, **given), scaled(engine_of(grad_clip=grad_clip, **given))
    before = weights(plain)
    for number in range(3):
        step(plain, number)
        step(other, number)
    for name, found in weights(other).items():
        moved = weights(plain)[name] - before[name]
        assert moved.abs().max() > 0
        torch.testing.assert_close(found - before[name], moved, rtol=1e-4, atol=1e-9, msg=name)


@pytest.mark.parametrize(
    ("two_step", "order"),
    [
        (False, ["main", "heads", "metric", "scale"]),
        (True, ["main", "heads", "scale", "main", "metric", "scale"]),
    ],
)
def test_the_scale_moves_once_when_all_named_optimisers_have_stepped(two_step, order):
    engine = scaled(engine_of(avce={"two_step": two_step}))
    seen = watched(engine)
    step(engine)
    assert seen == order


@pytest.mark.parametrize("grad_clip", [0.0, 1.0])
@pytest.mark.parametrize(
    ("two_step", "stepped"), [(False, ["scale"]), (True, ["scale", "main", "metric", "scale"])]
)
def test_where_one_gradient_overflows_no_named_optimiser_steps(two_step, stepped, grad_clip):
    engine = scaled(engine_of(**AUTHORS_OPTIMIZERS, grad_clip=grad_clip, avce={"two_step": two_step}))
    seen, before = watched(engine), weights(engine)
    overflow = next(engine.method.H.parameters()).register_hook(lambda grad: torch.full_like(grad, torch.inf))
    step(engine)
    assert seen == stepped
    assert engine.scaler.get_scale() == 2.0**15
    still = [name for name in engine.optimizers if name not in stepped]
    for name in still:
        assert torch.equal(weights(engine)[name], before[name])
        assert not engine.optimizers[name].state  # no moments of a step that was none
    overflow.remove()
    step(engine)
    for name, value in weights(engine).items():
        assert value.isfinite().all()
        assert not torch.equal(value, before[name])


def test_an_overflow_in_weights_that_were_not_to_move_is_nothing():
    engine = scaled(engine_of(**AUTHORS_OPTIMIZERS))
    seen = watched(engine)
    next(engine.method.R.parameters()).register_hook(lambda grad: torch.full_like(grad, torch.inf))
    engine.update(sum(p.sum() for p in engine.method.parameters()), "heads")
    assert seen == ["heads", "scale"]
    assert engine.scaler.get_scale() == 2.0**16


def test_the_scale_is_part_of_the_state(tmp_path):
    whole = scaled(engine_of(), growth_interval=3)
    for number in range(2):
        step(whole, number)
    tensors, plain = whole.state()
    save_file(tensors, tmp_path / "state.safetensors")
    resumed = scaled(engine_of())
    resumed.load_state(load_file(tmp_path / "state.safetensors"), json.loads(json.dumps(plain)))
    for engine in (whole, resumed):
        step(engine, 2)
        assert engine.scaler.get_scale() == 2.0**17  # grown after three steps
    for name, value in weights(whole).items():
        assert torch.equal(value, weights(resumed)[name])
    assert whole.scaler.state_dict() == resumed.scaler.state_dict()


def test_a_run_may_move_between_machines_with_and_without_fp16():
    plain, other = engine_of(), scaled(engine_of())
    step(plain)
    step(other)
    for source, target in ((plain, scaled(engine_of())), (other, engine_of())):
        target.load_state(*source.state())
        step(target, 1)
        assert target.step == 2


# clipping -----------------------------------------------------------------------------------------------------


def moved_by_a_large_gradient(engine: Engine) -> float:
    """Length of the first step of H under a gradient of 1,000 for each weight, in units of its learning rate."""
    before = weights(engine)["heads"]
    engine.begin_step()
    engine.update(sum(1_000 * p.sum() for p in engine.method.H.parameters()), "heads")
    moved = weights(engine)["heads"] - before
    return float(moved.norm()) / engine.options.head_learning_rate


@pytest.mark.parametrize("preset", ["poster", "authors"])
def test_the_presets_of_poster_and_authors_clip_nothing_unless_asked_to(preset):
    engine = engine_of(preset=preset)
    gradient = 1_000 * len(weights(engine)["heads"]) ** 0.5
    assert moved_by_a_large_gradient(engine) == pytest.approx(gradient, rel=1e-4)
    asked = engine_of(preset=preset, grad_clip=2.0)
    assert moved_by_a_large_gradient(asked) == pytest.approx(2.0, rel=1e-3)


def test_the_sound_form_clips_at_norm_one():
    engine = engine_of(fidelity="sound", head_optimizer="sgd", head_learning_rate=1e-2)
    assert moved_by_a_large_gradient(engine) == pytest.approx(1.0, rel=1e-3)
