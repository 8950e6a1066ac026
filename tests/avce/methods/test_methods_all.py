"""What holds for every method."""

from __future__ import annotations

import math
from importlib import import_module

import pytest
import torch
from methods_support import PlainEngine, batch_of

from avce.errors import OptionError
from avce.methods import build_method
from avce.methods.base import main_optimizer
from avce.models.heads import Regressor
from avce.objectives.agreement import mse
from avce.options import Head, Method, TrainOptions, train_options


def method_of(name, **more):
    torch.manual_seed(0)
    given = {"backbone": "tiny", "input_size": 32, "dropout": 0.0, "clip_length": 2}
    return build_method(TrainOptions(method=name, **given, **more))


@pytest.fixture(params=list(Method))
def method(request):
    return method_of(request.param)


def test_every_line_of_the_table_explains_itself_and_has_its_module():
    for name in Method:
        assert name.words
        assert name.label
        assert callable(import_module(f"avce.methods.{name}").build)
    assert Method("caf") is Method.CAF


def test_every_method_predicts_valence_and_arousal(method):
    method.eval()
    images = batch_of().images
    x = method(images)
    assert x.shape == (24, 2)
    torch.testing.assert_close(method.head_output(images, Head.R), x)


def test_every_method_learns_an_easy_task(method):
    engine, batch = PlainEngine(method), batch_of()
    before = mse(method(batch.images), batch.targets).sum().item()
    for _ in range(40):
        losses = method.training_step(batch, engine)
        assert all(isinstance(value, float) and math.isfinite(value) for value in losses.values())
    assert {"loss", "mse"} <= set(losses)
    assert mse(method(batch.images), batch.targets).sum().item() < 0.3 * before


@pytest.mark.parametrize("name", list(Method))
def test_a_label_without_weight_changes_nothing(name):
    after = []
    for change in (0.0, -1.0):
        batch = batch_of()
        batch.weights[12:] = 0
        batch.targets[12:] = batch.targets[12:] * (1 + change)  # as they are, and all neutral
        learnt = method_of(name)
        learnt.train()
        torch.manual_seed(0)
        learnt.training_step(batch, PlainEngine(learnt))
        after.append(learnt.state_dict())
    assert all(torch.equal(value, after[1][key]) for key, value in after[0].items())


def test_every_weight_belongs_to_exactly_one_optimizer(method):
    held = [p for o in method.optimizers().values() for group in o.param_groups for p in group["params"]]
    assert len(held) == len({id(p) for p in held})
    assert {id(p) for p in held} == {id(p) for p in method.parameters()}
    assert "main" in method.optimizers()


def test_what_predicts_is_in_the_main_optimizer(method):
    method(batch_of().images).sum().backward()
    used = {id(p) for p in method.parameters() if p.grad is not None}
    main = method.optimizers()["main"]
    assert used <= {id(p) for group in main.param_groups for p in group["params"]}


def test_the_same_seed_and_batches_give_the_same_weights(method):
    again = method_of(method.options.method)
    for each in (method, again):
        torch.manual_seed(5)
        engine = PlainEngine(each)
        for seed in range(3):
            each.training_step(batch_of(seed=seed), engine)
    for name, value in method.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_the_map_layer_is_part_of_the_encoder_once(method):
    assert any(module is method.map_layer for module in method.encoder.modules())
    names = list(method.state_dict())
    assert not any("map_layer" in name for name in names)


def test_only_avce_has_head_h(method):
    images = batch_of().images
    if method.options.method is Method.AVCE:
        assert method.head_output(images, Head.H).abs().max() < 0.5
    else:
        with pytest.raises(OptionError, match="head R only, got H"):
            method.head_output(images, Head.H)


@pytest.mark.parametrize("preset", ["quick", "poster", "authors", "smoke"])
def test_presets_build_and_step(preset):
    torch.manual_seed(0)
    method = build_method(train_options(preset=preset, backbone="tiny", input_size=32))
    losses = method.training_step(batch_of(8), PlainEngine(method))
    assert all(math.isfinite(value) for value in losses.values())


def test_a_batch_without_strong_emotions_only_regresses():
    method, batch = method_of(Method.CAF), batch_of(8)
    batch.targets = batch.targets * 0
    engine = PlainEngine(method)
    losses = method.training_step(batch, engine)
    assert engine.calls == [("main",)]
    assert losses["critic"] == losses["adversarial"] == 0


def test_cafs_multiplier_ascends_and_is_saved():
    method = method_of(Method.CAF)
    method.training_step(batch_of(), PlainEngine(method))
    assert method.multiplier.item() != 0
    assert "multiplier" in method.state_dict()


def test_weight_decay_spares_biases_and_normalisation():
    method = method_of(Method.SUPERVISED, weight_decay=0.1)
    for group in main_optimizer(method.parameters(), method.options).param_groups:
        assert all((p.ndim > 1) == (group["weight_decay"] > 0) for p in group["params"])


@pytest.mark.parametrize(("name", "kind"), [("adamw", "AdamW"), ("adam", "Adam"), ("sgd", "SGD")])
def test_the_optimizer_is_the_one_asked_for(name, kind):
    assert type(method_of(Method.SUPERVISED, optimizer=name).optimizers()["main"]).__name__ == kind


def test_dropout_at_test_is_the_authors_slip_and_off_by_default():
    z = torch.rand(4, 8)
    sound, slip = (Regressor(8, 0.5, dropout_at_test=on).eval() for on in (False, True))
    assert torch.equal(sound(z), sound(z))
    assert not torch.equal(slip(z), slip(z))
    options = {"dropout": 0.5, "avce": {"dropout_at_test": True}, "method": "supervised", "input_size": 32}
    assert build_method(TrainOptions.parse({**options, "backbone": "resnet18"})).R.dropout_at_test
    assert not build_method(TrainOptions.parse({**options, "backbone": "tiny"})).R.dropout_at_test


def test_every_method_steps_in_mixed_precision(method):
    with torch.autocast("cpu", torch.bfloat16):
        losses = method.training_step(batch_of(), PlainEngine(method))
    assert all(math.isfinite(value) for value in losses.values())
    assert all(p.dtype is torch.float32 for p in method.parameters())
