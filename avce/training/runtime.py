"""What runs a trained network when it predicts: torch itself, or ONNX Runtime with the same numbers.

ONNX Runtime computes on the processor and fuses layers ahead, which pays for EfficientNet-Lite0 and single faces (the
table is in docs/results.md). Activation maps need gradients and always use torch.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import torch
from torch import Tensor

from avce.errors import OptionError
from avce.methods.base import Method
from avce.methods.clips import ClipMethod
from avce.options import Runtime

Forward = Callable[[Tensor], Tensor]

TOLERANCE = 1e-4
"""How far values of ONNX Runtime may be from torch's."""
_EXPORTED, _PROBED = 2, 3  # batches of different sizes: that of the probe shows that the batch size is free


def find_device(wanted: str | torch.device, runtime: Runtime = "torch") -> torch.device:
    """The device that was asked for; ``auto`` is the GPU where there is one and torch runs the networks.

    Raises:
        OptionError: A GPU was asked for and there is none.
    """
    if wanted == "auto":
        return torch.device("cuda" if runtime == "torch" and torch.cuda.is_available() else "cpu")
    device = torch.device(wanted)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise OptionError(f"device: expected a GPU for {device}, torch finds none here; choose auto or cpu")
    return device


def choose_forward(method: Method, runtime: Runtime, precision: Literal["full", "half"]) -> Forward | None:
    """What predicts in place of the method; ``None``: the method itself, by torch in full precision.

    Raises:
        OptionError: See :func:`onnx_forward`; or half precision by ONNX Runtime, which is exported in full.
    """
    if isinstance(method, ClipMethod) and (runtime == "onnx" or precision == "half"):
        raise OptionError(
            f"runtime {runtime}, precision {precision}: method {method.options.method.value} looks at several frames, which is"
            " done by torch in full precision only; choose runtime torch and precision full"
        )
    if runtime == "onnx":
        if precision == "half":
            raise _refusal("precision half is for torch; choose runtime torch, or precision full")
        return onnx_forward(method)
    return half_forward(method) if precision == "half" else None


def half_forward(method: Method) -> Forward:
    """A method's forward pass under autocast: fp16 on a GPU, bfloat16 on the processor; values come in float32."""
    device = next(method.parameters()).device.type
    kind = torch.float16 if device == "cuda" else torch.bfloat16

    def forward(images: Tensor) -> Tensor:
        with torch.autocast(device, dtype=kind):
            values: Tensor = method(images)
        return values.float()

    return forward


def onnx_forward(method: Method) -> Forward:
    """A method's forward pass by ONNX Runtime, ``(B, 3, S, S) -> (B, 2)`` for any B, with as many threads as torch.

    Exports once, in memory, which takes a second or two.

    Args:
        method: The networks, in eval mode. Their weights are copied: later changes do not count.

    Raises:
        OptionError: The packages are missing, the networks lie on another device than the processor, they cannot be
            exported, or their exported form gives other numbers.
    """
    onnxruntime = _packages()
    device = next(method.parameters()).device
    if device.type != "cpu":
        raise _refusal(f"expected networks on the processor (cpu), got them on {device}")
    size = method.options.input_size
    session = _session(onnxruntime, _export(method, size))
    name = session.get_inputs()[0].name

    def forward(images: Tensor) -> Tensor:
        return torch.from_numpy(session.run(None, {name: images.contiguous().numpy()})[0])

    _check(method, forward, size)
    return forward


def _packages() -> Any:
    """ONNX Runtime; the exporter needs ``onnx`` beside it."""
    try:
        import_module("onnx")
        return import_module("onnxruntime")
    except ImportError as error:
        raise _refusal(
            f"expected the packages onnx and onnxruntime, could not load them ({error});"
            " install them (pip install onnx onnxruntime)"
        ) from error


def _export(method: Method, size: int) -> bytes:
    """The networks as an ONNX model. The older exporter needs one package less, and suits every encoder."""
    try:
        with TemporaryDirectory() as folder, _quiet(), torch.no_grad():
            file = Path(folder, "model.onnx")
            torch.onnx.export(
                method,
                (torch.zeros(_EXPORTED, 3, size, size),),
                file,
                dynamo=False,
                input_names=["images"],
                output_names=["values"],
                dynamic_axes={"images": {0: "batch"}, "values": {0: "batch"}},
            )
            return file.read_bytes()
    except (RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:160]
        raise _refusal(f"{_made_of(method)} cannot be exported ({reason})") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """No warnings of the exporter (its age, each check of a shape): the probe finds what is wrong.

    When it fails it also writes the whole graph to standard output, where the commands' JSON goes; no setting stops it.
    """
    names = vars(import_module("torch._C"))
    log = names["_jit_onnx_log"]
    names["_jit_onnx_log"] = lambda *_: None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        names["_jit_onnx_log"] = log


def _session(onnxruntime: Any, model: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    # Decoding and face detection want the cores between two batches.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


@torch.inference_mode()
def _check(method: Method, forward: Forward, size: int) -> None:
    """Refuse an exported form with other numbers, such as that of a head that keeps dropping at random."""
    images = torch.randn(_PROBED, 3, size, size, generator=torch.Generator().manual_seed(0))
    apart = float((method(images) - forward(images)).abs().max())
    if not apart <= TOLERANCE:
        raise _refusal(
            f"expected the numbers of torch within {TOLERANCE:g}, {_made_of(method)} is {apart:.2g} away"
        )


def _made_of(method: Method) -> str:
    options = method.options
    return f"{options.method.value} on {options.backbone.value} at input_size {options.input_size}"


def _refusal(reason: str) -> OptionError:
    return OptionError(f"runtime onnx: {reason}; or choose runtime torch")
