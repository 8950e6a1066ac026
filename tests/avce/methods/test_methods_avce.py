"""AVCE's step: the combined one, and the authors' one against its description written out plainly."""

from __future__ import annotations

import copy
import math
import re

import pytest
import torch
from methods_support import PlainEngine, batch_of
from torch import nn

from avce.errors import OptionError
from avce.methods import build_method
from avce.models.heads import Bottleneck
from avce.options import FIDELITY, AvceOptions, Head, Method, TrainOptions, train_options
from avce.transforms import softmax, sparsemax


def method_of(**avce):
    torch.manual_seed(0)
    return build_method(TrainOptions(backbone="tiny", input_size=32, dropout=0.0, avce=avce))


class Recorder:
    """Keeps each loss and its gradients; moves nothing."""

    def __init__(self, method):
        self.method, self.losses, self.grads, self.names = method, [], [], []

    def update(self, loss, *names):
        self.method.zero_grad()
        loss.backward()
        self.losses.append(loss.item())
        self.names.append(names)
        self.grads.append(
            {n: p.grad.clone() for n, p in self.method.named_parameters() if p.grad is not None}
        )


def authors_losses(net, images, targets):
    """Both losses of the authors' step, from its description; nothing of :mod:`avce.objectives` is used.

    loss 1 = MSE_v + MSE_a − 1e-4 · AVCE + .5 (1 − PCC) + .5 (1 − CCC);
    loss 2 = relu(1 − ‖v(Sp z) − v(Sm z)‖²) + .01 · Σ (hold − 1), hold = distance of normalised v vectors.
    """
    z = net.bottleneck(net.encoder(images))
    z_a, z_n = sparsemax(z), softmax(z)
    x, y_a, y_n = net.R(z), net.H(z_a), net.H(z_n)

    def f(x, y):
        nx, ny = x.pow(2).sum(1).sqrt(), y.pow(2).sum(1).sqrt()
        theta = torch.acos((x * y).sum(1) / (2 * nx * ny))  # departure 1
        angular = 1 - 0.25 * theta / math.pi
        intensity = 0.8 * (1 - (ny - nx).abs())  # departure 2
        penalty = 0.1 * 0.5 * (torch.sign(x[:, 0]) != torch.sign(y[:, 0])).float()
        return (angular + intensity).unsqueeze(1) - penalty  # departure 3: (B, 1) − (B) is (B, B)

    f_a, f_n = f(x, y_a), f(x, y_n)
    score = f_a.sum() - 0.5 * f_n.sum() - 0.005 / 2 * (f_a**2).sum() - 0.5 / 2 * (f_n**2).sum()  # departure 4
    error = ((x - targets) ** 2).mean(0).sum()
    correlations = []
    for axis in range(2):
        p, t = x[:, axis], targets[:, axis]
        cov = ((p - p.mean()) * (t - t.mean())).mean()
        vp, vt = p.var(correction=0), t.var(correction=0)
        correlations.append((cov / (vp * vt).sqrt(), 2 * cov / (vp + vt + (p.mean() - t.mean()) ** 2)))
    pcc = (correlations[0][0] + correlations[1][0]) / 2
    ccc = (correlations[0][1] + correlations[1][1]) / 2
    first = error - 1e-4 * score + 0.5 * (1 - pcc) + 0.5 * (1 - ccc)

    v_a, v_n, v_z = net.v(z_a), net.v(z_n), net.v(z)
    push = torch.relu(1 - ((v_a - v_n) ** 2).sum(1)).mean()
    unit = nn.functional.normalize
    hold = [(unit(v) - unit(v_z)).pow(2).sum(1).add(1e-20).sqrt() for v in (v_a, v_n)]
    second = push + 0.01 * sum((h - 1).sum() for h in hold)
    return first, second


def test_the_authors_step_is_the_one_described():
    torch.manual_seed(0)
    method = build_method(train_options(preset="authors", backbone="tiny", input_size=32, dropout=0.0))
    batch = batch_of()
    recorder = Recorder(method)
    method.training_step(batch, recorder)
    assert recorder.names == [("main", "heads"), ("main", "metric")]
    # nothing moved between the two losses, and batch normalisation uses the batch itself: one forward pass will do
    for number, loss in enumerate(authors_losses(method, batch.images, batch.targets)):
        method.zero_grad()
        loss.backward(retain_graph=True)
        assert recorder.losses[number] == pytest.approx(loss.item(), rel=1e-5)
        for name, parameter in method.named_parameters():
            if parameter.grad is not None:
                found = recorder.grads[number][name]
                torch.testing.assert_close(
                    found, parameter.grad, atol=2e-5, rtol=2e-3, msg=lambda m, n=name: f"{n}: {m}"
                )


def test_the_second_step_sees_the_weights_that_the_first_one_moved():
    method = method_of(two_step=True, hold_push_weight=1.0)
    batch, before = batch_of(), None
    moved = copy.deepcopy(method)
    engine = PlainEngine(method)
    method.training_step(batch, engine)
    assert engine.calls == [("main", "heads"), ("main", "metric")]
    before = dict(moved.named_parameters())
    changed = {
        name.split(".")[0] for name, p in method.named_parameters() if not torch.equal(p, before[name])
    }
    assert changed == {"encoder", "bottleneck", "R", "H", "v"}


def test_the_combined_step_is_one_update_on_the_weighted_sum():
    method = method_of(weight=0.02, hold_push_weight=0.3)
    recorder = Recorder(method)
    losses = method.training_step(batch_of(), recorder)
    assert recorder.names == [("main", "heads", "metric")]
    supervised = losses["mse"] + 0.5 * (1 - losses["pcc"]) + 0.5 * (1 - losses["ccc"])
    expected = supervised - 0.02 * losses["avce"] + 0.3 * losses["hold_push"]
    assert losses["loss"] == pytest.approx(expected, abs=1e-5)


def test_without_weights_the_step_is_the_supervised_one():
    avce = method_of(weight=0.0, hold_push_weight=0.0)
    torch.manual_seed(0)
    plain = build_method(avce.options.model_copy(update={"method": Method.SUPERVISED}))
    plain.load_state_dict({k: v for k, v in avce.state_dict().items() if k in plain.state_dict()})
    for method in (avce, plain):
        method.training_step(batch_of(), PlainEngine(method))
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(avce.state_dict()[name], value, atol=1e-6, rtol=1e-5)


def test_features_are_not_negative_and_views_lie_on_the_simplex():
    method = method_of()
    z = method.feature(batch_of().images)
    assert (z >= 0).all()
    for view in method.views(z):
        torch.testing.assert_close(view.sum(1), torch.ones(24))


@pytest.mark.parametrize("solver", ["ecos", "cvxpy"])
def test_training_through_a_solver_follows_training_in_closed_form(solver):
    exact, solved = method_of(), method_of(solver=solver)
    batch = batch_of(6)
    for method in (exact, solved):
        engine = PlainEngine(method)
        for _ in range(2):
            method.training_step(batch, engine)
    for name, value in exact.state_dict().items():
        torch.testing.assert_close(solved.state_dict()[name], value, atol=2e-3, rtol=1e-2)


@pytest.mark.parametrize(
    "switch",
    [
        {"angle": "halved_cosine"},
        {"intensity_term": True},
        {"sign_penalty": "paired"},
        {"sign_penalty": "broadcast"},
        {"reduction": "sum"},
        {"squared_terms": False},
        {"product_pairs": "shuffled"},
        {"inattentive_view": "entmax15"},
    ],
    ids=str,
)
def test_every_switch_changes_the_contrast(switch):
    values = []
    for method in (method_of(), method_of(**switch)):
        with torch.no_grad():
            method.R.out.bias.sub_(method(batch_of().images).mean(0))  # predictions of both signs
        values.append(method.training_step(batch_of(), Recorder(method))["avce"])
    assert values[0] != pytest.approx(values[1], abs=1e-7)


def test_views_and_solvers_are_checked_before_training():
    with pytest.raises(OptionError, match="expected one of sparsemax"):
        method_of(attentive_view="hardmax").optimizers()
    with pytest.raises(OptionError, match=r"entmax15.*offers exact"):
        method_of(inattentive_view="entmax15", solver="ecos").optimizers()


def test_each_view_may_have_a_solver_of_its_own(monkeypatch):
    used = []
    monkeypatch.setattr(
        "avce.methods.avce.transform", lambda z, *, view, solver: used.append((view, solver)) or z.softmax(-1)
    )
    for avce in (
        FIDELITY["authors"],
        {},
        {"solver": "ecos"},
        {"solver": "ecos", "inattentive_solver": "cvxpy"},
    ):
        method_of(**avce).views(torch.ones(2, 4))
    assert used == [
        ("sparsemax", "cvxpy_default"), ("softmax", "exact"), ("sparsemax", "exact"), ("softmax", "exact"),
        ("sparsemax", "ecos"), ("softmax", "ecos"), ("sparsemax", "ecos"), ("softmax", "cvxpy"),
    ]  # fmt: skip


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 7, 8, 9])  # 6 is a function that torch has no more
def test_every_departure_of_the_authors_code_is_a_switch_that_fidelity_sets(number):
    switches = [
        name
        for name, field in AvceOptions.model_fields.items()
        if re.search(rf"departures?\b.*\b{number}\b", str((field.json_schema_extra or {}).get("source")))
    ]
    assert switches
    sound, authors = AvceOptions(), AvceOptions(**FIDELITY["authors"])
    for name in switches:
        assert getattr(authors, name) != getattr(sound, name) == AvceOptions.model_fields[name].default


def test_both_views_pass_through_one_head():
    method = method_of()
    assert [name for name, _ in method.named_children()] == ["encoder", "bottleneck", "R", "H", "v"]
    images = batch_of().images
    torch.testing.assert_close(
        method.head_output(images, Head.H), method.H(sparsemax(method.feature(images)))
    )
    torch.testing.assert_close(
        method.head_output(images, Head.H_N), method.H(softmax(method.feature(images)))
    )


def test_the_contrast_and_the_regulariser_are_learnt_at_their_default_weights():
    method, batch = method_of(), batch_of()
    engine = PlainEngine(method)
    first = method.training_step(batch, engine)
    for _ in range(60):
        last = method.training_step(batch, engine)
    assert last["avce"] > first["avce"] + 0.1
    assert last["hold_push"] < 0.5 < first["hold_push"]


def test_heads_of_the_authors_preset_move_by_sgd():
    for preset, kind in {"quick": "Adam", "poster": "SGD", "authors": "SGD"}.items():
        method = build_method(train_options(preset=preset, backbone="tiny", input_size=32))
        optimizers = method.optimizers()
        assert [type(optimizers[name]).__name__ for name in ("heads", "metric")] == [kind, kind]


def test_a_normalised_bottleneck_keeps_most_entries_of_z_alive_whatever_its_bias():
    torch.manual_seed(0)
    features = torch.randn(64, 40)
    alive = {}
    for norm in ("none", "batch"):
        bottleneck = Bottleneck(40, 32, norm)
        with torch.no_grad():
            bottleneck[0].bias.fill_(-5.0)  # where a few large steps may push it
        alive[norm] = (bottleneck(features) > 0).any(0).float().mean().item()
    assert alive["none"] < 0.1
    assert alive["batch"] == 1.0


def test_contrast_and_hold_push_come_in_over_the_ramp():
    batch = batch_of(8, size=32)
    losses = {}
    for done, ramp in [(0.0, 0.5), (0.25, 0.5), (0.5, 0.5), (0.0, 0.0)]:
        method = method_of(ramp=ramp, weight=1.0, hold_push_weight=1.0)
        method.done = done
        recorder = Recorder(method)
        losses[done, ramp] = method.training_step(batch, recorder)["loss"]
        plain = method_of(weight=0.0, hold_push_weight=0.0)
        losses["supervised"] = plain.training_step(batch, Recorder(plain))["loss"]
    assert losses[0.0, 0.5] == pytest.approx(losses["supervised"])
    assert losses[0.5, 0.5] == pytest.approx(losses[0.0, 0.0])
    half = (losses[0.0, 0.5] + losses[0.5, 0.5]) / 2
    assert losses[0.25, 0.5] == pytest.approx(half, abs=1e-5)
    assert losses[0.5, 0.5] != pytest.approx(losses["supervised"], abs=1e-3)
