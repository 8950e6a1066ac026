"""Import of public weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from avce.errors import CheckpointError
from avce.models.weights import load_matching, read_state


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(2, 3), nn.Linear(3, 1)


def test_what_fits_is_loaded_and_the_rest_is_reported():
    net = Small()
    state = {"module.a.weight": torch.ones(3, 2), "a.bias": torch.ones(4), "classifier.weight": torch.ones(2)}
    report = load_matching(net, state, source="public.pth")
    assert report.loaded == ("a.weight",)
    assert report.reshaped == ("a.bias",)
    assert report.unused == ("classifier.weight",)
    assert report.missing == ("b.weight", "b.bias")
    assert (net.a.weight == 1).all()
    assert str(report).startswith("public.pth: 1 tensors loaded; 1 reshaped (a.bias); 1 unused")


def test_weights_of_another_network_are_refused():
    with pytest.raises(CheckpointError, match=r"no tensor fits Small; expected names such as a.weight"):
        load_matching(Small(), {"conv.weight": torch.ones(2)})


@pytest.mark.parametrize("wrap", [None, "state_dict", "net"])
def test_t7_files_are_read_as_tensors(tmp_path, wrap):
    state = Small().state_dict()
    path = tmp_path / "encoder.t7"
    torch.save(state if wrap is None else {wrap: state, "epoch": 3}, path)
    assert set(read_state(path)) == set(state)


def test_files_that_would_run_code_or_hold_no_tensors_are_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return print, ("run",)

    for number, content in enumerate([Evil(), {"epoch": 3}, [torch.ones(2)]]):
        path = tmp_path / f"{number}.t7"
        torch.save(content, path)
        with pytest.raises(CheckpointError, match=path.name):
            read_state(path)
    broken = tmp_path / "broken.t7"
    broken.write_bytes(b"no weights")
    with pytest.raises(CheckpointError, match=r"broken\.t7"):
        read_state(broken)
