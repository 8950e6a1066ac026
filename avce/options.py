"""Every option of the product, without torch: flags, forms and stored configurations all come from here.

Each field carries its help text (``description``), its range, and where its default comes from
(``json_schema_extra["source"]``: "poster", "authors' code", "measured here", …).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from avce.errors import OptionError


class _Explained(StrEnum):
    """A name as it stands in options and files, with words for those who choose and a label for tables and legends."""

    _value_: str
    words: str
    label: str

    def __new__(cls, value: str, words: str = "", label: str = "") -> Self:
        """One line of a table below; without a label the name itself serves."""
        member = str.__new__(cls, value)
        member._value_, member.words, member.label = value, words, label or value
        return member


class Method(_Explained):
    """The table of training methods. A new one is the module ``avce.methods.<name>`` and one line here."""

    AVCE = (
        "avce",
        "supervised, plus a contrast between two views of each feature (the poster's method)",
        "AVCE",
    )
    CAF = "caf", "contrastive adversarial learning, the authors' earlier method", "CAF"
    HASANI = "hasani", "residual network with squared error, the poster's first baseline", "Hasani et al."
    HASANI_LSTM = (
        "hasani_lstm",
        "the same with an LSTM over clips: looks at the frames before too",
        "Hasani et al., clips",
    )
    SUPERVISED = "supervised", "squared error and correlation terms alone: the ablation of AVCE", "Supervised"


CLIP_METHODS = frozenset({Method.HASANI_LSTM})
"""Methods that learn from clips and judge a frame by those before it as well."""

OWN_ENCODER = frozenset({Method.HASANI, Method.HASANI_LSTM})
"""Methods that bring their own encoder, whatever the backbone."""


class Backbone(_Explained):
    """The table of encoders. A new one is the module ``avce.models.<name>`` and one line here."""

    ALEXNET = "alexnet", "the poster's"
    RESNET18 = "resnet18", "deeper, slow on CPU"
    EFFICIENTNET_LITE0 = "efficientnet_lite0", "can start from ImageNet"
    COMPACT = "compact", "made for two cores"
    INCEPTION_RESNET = "inception_resnet", "Hasani-style's net under any method"
    TINY = "tiny", "for trying things out"


class Axis(StrEnum):
    """The two outputs of every model, in the order of the last dimension of predictions."""

    VALENCE = "valence"
    AROUSAL = "arousal"


class Head(StrEnum):
    """Heads a map can be drawn for: R (used for prediction), and H through either view."""

    R = "R"
    H = "H"
    """Of the attentive view."""
    H_N = "H_n"
    """Of the inattentive view."""


class MapFrames(StrEnum):
    """Which frames of a video get activation maps."""

    CHOSEN = "chosen"
    EVERY = "every"
    PEAKS = "peaks"
    ALL = "all"


class Split(StrEnum):
    """Parts of a data set."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


Runtime = Literal["torch", "onnx"]
"""What runs a network when it predicts."""


def _source(text: str) -> dict[str, Any]:
    return {"source": text}


class Options(BaseModel):
    """Base: unknown names are refused, values are checked, instances do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Self:
        """Build from plain values.

        Raises:
            OptionError: One line naming each field at fault, what was expected and what came.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(str(part) for part in fault['loc']) or cls.__name__}: {fault['msg']}"
                f" (got {fault['input']!r})"
                for fault in error.errors()
            )
            raise OptionError(f"{cls.__name__}: {faults}") from error


class SynthOptions(Options):
    """What ``avce synth`` draws."""

    kind: Literal["stills", "affwild"] = Field(
        "stills", description="Face crops with a csv, or talking-head clips in Aff-Wild layout."
    )
    subjects: int = Field(24, ge=1, le=10_000, description="Number of identities.")
    per_subject: int = Field(40, ge=1, le=10_000, description="Stills per identity (kind stills).")
    clips: int = Field(4, ge=1, le=10_000, description="Number of clips (kind affwild).")
    seconds: float = Field(6.0, gt=0, le=3600, description="Length of each clip in seconds (kind affwild).")
    fps: float = Field(25.0, gt=0, le=120, description="Frames per second of clips.")
    size: int = Field(160, ge=64, le=1024, description="Side of a still in pixels.")
    width: int = Field(320, ge=64, le=4096, description="Width of a clip in pixels.")
    height: int = Field(240, ge=64, le=4096, description="Height of a clip in pixels.")
    gaps: bool = Field(
        default=True, description="Let the face leave the picture for a moment in every third clip."
    )
    seed: int = Field(0, ge=0, description="Same seed, same pictures, byte for byte.")


class PrepareOptions(Options):
    """How images and videos become face crops. Part of the fingerprint of a prepared data set."""

    layout: str = Field("auto", description="Name of a layout, or auto to recognise it.")
    detect: Literal["auto", "always", "never"] = Field(
        "auto",
        description="Find faces first. auto: yes for videos and for pictures that are clearly not tight crops.",
    )
    margin: float = Field(
        0.25, ge=0.0, le=2.0, description="Context around the detector's box, as a share of its side."
    )
    size: int = Field(128, ge=32, le=512, description="Side of the stored crop in pixels.")
    every_nth_frame: int = Field(1, ge=1, le=1000, description="Keep one frame in n of videos.")
    min_score: float = Field(
        0.6, ge=0, le=1, description="Faces below this detector score count as not found."
    )
    val_share: float = Field(
        0.15, ge=0.0, le=0.5, description="Share of subjects for validation where owners gave no split."
    )
    test_share: float = Field(
        0.15, ge=0.0, le=0.5, description="Share of subjects for test where owners gave no split."
    )
    label_scale: Literal["auto", "-1..1", "-10..10", "1..9", "1..7", "0..1"] = Field(
        "auto", description="Scale of the labels on disk; ambiguous ones are asked for, never guessed."
    )
    weak_labels: dict[str, tuple[float, float]] | None = Field(
        None, description="Valence and arousal for each category name (folder or column of categories)."
    )
    seed: int = Field(0, ge=0, description="Seed of the splits.")
    splits: Literal["owners", "ours"] = Field(
        "owners",
        description="owners: splits that came with the data are kept, missing ones are made. ours: all are made anew, no"
        " subject in two of them.",
    )
    folds: int = Field(
        0,
        ge=0,
        le=50,
        description="Cut into so many parts for cross-validation, in place of the owners' splits; 0: no folds.",
    )
    fold: int = Field(
        0,
        ge=0,
        lt=50,
        description="With folds: this one is test, the next one val, all others train; from 0.",
    )
    exclude: tuple[str, ...] = Field(
        (),
        description="Pictures or rows to leave out, named as the doctor names them: 'images/7.jpg', 'clip.mp4 frames 60-74',"
        " 'labels.csv, row 7'. Stored with the data set.",
    )

    @model_validator(mode="after")
    def _folds_fit(self) -> Self:
        if self.folds in {1, 2}:
            raise ValueError(
                f"folds: expected 0 or at least 3 (train, val and test need one each), got {self.folds}"
            )
        if self.fold >= max(self.folds, 1):
            raise ValueError(f"fold: expected a number below folds ({self.folds}), got {self.fold}")
        return self


class AvceOptions(Options):
    """The AVCE objective. Defaults are the sound form; ``fidelity`` presets live in :data:`FIDELITY`."""

    alpha: float = Field(
        0.5, ge=0, description="Weight of the push term.", json_schema_extra=_source("authors' code")
    )
    beta: float = Field(
        0.005,
        ge=0,
        description="Weight of the squared pull term (beta / 2).",
        json_schema_extra=_source("authors' code"),
    )
    gamma: float = Field(
        0.5,
        ge=0,
        description="Weight of the squared push term (gamma / 2).",
        json_schema_extra=_source("authors' code"),
    )
    weight: float = Field(
        1e-3,
        ge=0,
        description="Weight of the contrast in the total loss.",
        json_schema_extra=_source("authors' later rewrite"),
    )
    ramp: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of the run in which the weights of contrast and hold/push rise from 0 to theirs.",
        json_schema_extra=_source("our choice; authors' code: 0"),
    )
    hold_push_weight: float = Field(
        1e-2,
        ge=0,
        description="Weight of the hold/push regulariser in the combined loss.",
        json_schema_extra=_source("our choice"),
    )
    hold_weight: float = Field(
        0.01, ge=0, description="Weight of hold against push.", json_schema_extra=_source("authors' code")
    )
    attentive_view: str = Field(
        "sparsemax", description="Named view that makes z_a.", json_schema_extra=_source("poster")
    )
    inattentive_view: str = Field(
        "softmax", description="Named view that makes z_n.", json_schema_extra=_source("poster")
    )
    solver: Literal["exact", "ecos", "cvxpy", "cvxpy_default"] = Field(
        "exact",
        description="Closed form, ECOS called directly, one CVXPY problem per row solved by ECOS, or the same by the solver that"
        " CVXPY picks, believed as it is.",
        json_schema_extra=_source("cvxpy is the poster's way; cvxpy_default: departure 5"),
    )
    inattentive_solver: Literal["same", "exact", "ecos", "cvxpy", "cvxpy_default"] = Field(
        "same",
        description="Of the inattentive view alone, where it is not the same.",
        json_schema_extra=_source("authors' code: exact, departure 5"),
    )
    product_pairs: Literal["matched", "shuffled"] = Field(
        "matched",
        description="Pairs (x, y_n) of the product term: the same sample, or shuffled over the batch.",
    )
    squared_terms: bool = Field(
        default=True,
        description="Square f in the beta and gamma terms (relative predictive coding); the poster's text lost the squares.",
    )
    angle: Literal["true", "halved_cosine"] = Field(
        "true",
        description="halved_cosine divides the cosine by two and scales the angle by .25.",
        json_schema_extra=_source("departure 1"),
    )
    intensity_term: bool = Field(
        default=False, description="Add .8 (1 - | |y|-|x| |) to f.", json_schema_extra=_source("departure 2")
    )
    sign_penalty: Literal["none", "paired", "broadcast"] = Field(
        "none",
        description="Subtract .1 x .5 from f where signs of valence differ; broadcast repeats the authors' (B,1)-(B) slip.",
        json_schema_extra=_source("departures 2 and 3"),
    )
    reduction: Literal["mean", "sum"] = Field(
        "mean", description="Over the batch.", json_schema_extra=_source("departure 4")
    )
    two_step: bool = Field(
        default=False,
        description="Authors' second optimiser step on the regulariser instead of one combined backward pass.",
        json_schema_extra=_source("authors' code"),
    )
    keep_eval_after_validation: bool = Field(
        default=False,
        description="Leave networks in eval mode after the first validation.",
        json_schema_extra=_source("departure 7"),
    )
    dropout_at_test: bool = Field(
        default=False,
        description="ResNet18's head keeps dropping features when predicting.",
        json_schema_extra=_source("departure 8"),
    )
    validation_protocol: Literal["concatenated", "authors"] = Field(
        "concatenated",
        description="What validation figures are computed under while training, and the best checkpoint chosen.",
        json_schema_extra=_source("authors: departure 9"),
    )


FIDELITY: dict[str, dict[str, Any]] = {
    "sound": {},
    "poster": {"weight": 1e-4, "squared_terms": False, "solver": "ecos"},
    "authors": {
        "weight": 1e-4,
        "solver": "cvxpy_default",
        "inattentive_solver": "exact",
        "angle": "halved_cosine",
        "intensity_term": True,
        "sign_penalty": "broadcast",
        "reduction": "sum",
        "two_step": True,
        "hold_push_weight": 1.0,
        "keep_eval_after_validation": True,
        "dropout_at_test": True,
        "validation_protocol": "authors",
    },
}
"""Named sets of switches for :class:`AvceOptions` ("Where the authors' code departs")."""


class TrainOptions(Options):
    """One training run, complete: the same options, data and seed give the same run."""

    method: Method = Field(Method.AVCE, description="Training method.")
    backbone: Backbone = Field(Backbone.COMPACT, description="Encoder.")
    epochs: int = Field(20, ge=1, le=10_000, description="Passes over the training split.")
    batch_size: int = Field(64, ge=2, le=4096, description="Samples per step; PCC and CCC need at least two.")
    input_size: int = Field(96, ge=32, le=512, description="Side of the network's input in pixels.")
    grey: bool = Field(default=False, description="Train and predict on grey pictures.")
    clip_length: int = Field(
        16,
        ge=2,
        le=512,
        description="Frames of a clip, for method hasani_lstm alone: a value comes from its frame and those before it.",
        json_schema_extra=_source("our choice"),
    )
    pretrained: str = Field(
        "none",
        description="Where the weights start: none (fresh), imagenet or starter (both for EfficientNet-Lite0), the"
        " folder of a checkpoint with the same encoder, or a .pth or .t7 file of the encoder's weights, such as"
        " torchvision's. What of it fits is taken and told in the log.",
        json_schema_extra={"flag": "start-from"},
    )
    feature_dim: int = Field(
        32,
        ge=2,
        le=4096,
        description="Size d of the bottleneck feature z.",
        json_schema_extra=_source("poster"),
    )
    bottleneck_norm: Literal["none", "batch"] = Field(
        "none",
        description="Normalise z over the batch before its ReLU (AVCE and supervised), so that its entries stay alive.",
        json_schema_extra=_source("our choice; authors' code: none"),
    )
    dropout: float = Field(0.2, ge=0, lt=1, description="Dropout in the head R.")
    learning_rate: float = Field(2e-3, gt=0, description="Peak learning rate of encoder and R.")
    head_learning_rate: float = Field(
        2e-3,
        gt=0,
        description="Learning rate of H and the regulariser's head.",
        json_schema_extra=_source("our choice; authors' code: 1e-2 with sgd"),
    )
    head_optimizer: Literal["adam", "sgd"] = Field(
        "adam",
        description="Optimiser of H and the regulariser's head. With sgd and small weights of the contrast they hardly move.",
        json_schema_extra=_source("measured here; authors' code: sgd"),
    )
    optimizer: Literal["adamw", "adam", "sgd"] = Field("adamw", description="Optimiser of encoder and R.")
    betas: tuple[float, float] = Field((0.9, 0.99), description="Adam's moments.")
    weight_decay: float = Field(0.02, ge=0, description="Decoupled weight decay.")
    schedule: Literal["one_cycle", "cosine", "poster_multistep", "caf_step", "constant"] = Field(
        "one_cycle",
        description="Learning rate over iterations; poster_multistep and caf_step are those of the authors' code, for AVCE and"
        " for CAF.",
    )
    augment: Literal["none", "poster", "strong"] = Field("poster", description="Picture augmentation.")
    mse_weight: float = Field(
        1.0, ge=0, description="Weight of the squared error.", json_schema_extra=_source("poster")
    )
    pcc_weight: float = Field(
        0.5, ge=0, description="Weight of 1 - PCC.", json_schema_extra=_source("authors' code")
    )
    ccc_weight: float = Field(
        0.5, ge=0, description="Weight of 1 - CCC.", json_schema_extra=_source("authors' code")
    )
    grad_clip: float = Field(1.0, ge=0, description="Largest norm of the gradient; 0 switches clipping off.")
    ema_decay: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Decay of the averaged weights used for validation; 0 switches averaging off.",
    )
    mixed_precision: Literal["no", "fp16", "bf16"] = Field(
        "no", description="Half precision on devices that have it."
    )
    validate_every: int = Field(
        0,
        ge=0,
        description="Validate after every n-th iteration and after the last, not at the end of each epoch; early stopping and"
        " kept epochs go by these validations. 0: at the end of each epoch.",
        json_schema_extra=_source("our choice; authors' code: 250"),
    )
    early_stopping_epochs: int = Field(
        0,
        ge=0,
        description="Stop after so many epochs without a better mean CCC on validation; 0 never stops early.",
    )
    keep_every: int = Field(
        0,
        ge=0,
        description="Keep the weights of every n-th epoch too, so that the inspector's slider shows training move one face;"
        " each takes as much room as the checkpoint itself. 0 keeps the best epoch alone.",
    )
    best_rule: Literal["mean_ccc"] = Field(
        "mean_ccc", description="Which validation figure chooses the best checkpoint."
    )
    seed: int = Field(0, ge=0, description="Seed of weights, order and augmentation.")
    num_threads: int = Field(0, ge=0, le=512, description="Compute threads; 0 takes what the machine offers.")
    avce: AvceOptions = Field(default_factory=AvceOptions, description="The AVCE objective.")

    @model_validator(mode="after")
    def _a_batch_holds_a_clip(self) -> Self:
        if self.method in CLIP_METHODS and self.batch_size < self.clip_length:
            raise ValueError(
                f"batch_size={self.batch_size} is less than a clip of clip_length={self.clip_length} frames; choose a larger"
                " batch or shorter clips"
            )
        return self

    @model_validator(mode="after")
    def _start_fits_the_encoder(self) -> Self:
        if self.pretrained not in {"imagenet", "starter"}:
            return self
        if self.method in OWN_ENCODER:
            raise ValueError(
                f"pretrained={self.pretrained} fits no net of method {self.method.value}, which brings its own encoder; choose"
                " none, or the folder of a checkpoint of this method"
            )
        if self.backbone is not Backbone.EFFICIENTNET_LITE0:
            raise ValueError(
                f"pretrained={self.pretrained} is at hand for backbone efficientnet_lite0 only, got"
                f" {self.backbone.value}; choose that backbone, or none"
            )
        return self


_AUTHORS_SETTINGS: dict[str, Any] = {
    "backbone": "alexnet",
    "epochs": 100,
    "batch_size": 256,
    "input_size": 224,
    "learning_rate": 1e-4,
    "head_learning_rate": 1e-2,
    "head_optimizer": "sgd",
    "optimizer": "adam",
    "betas": (0.5, 0.9),
    "weight_decay": 0.0,
    "schedule": "poster_multistep",
    "augment": "poster",
    "grad_clip": 0.0,  # of clipping neither the poster nor the code speaks
}
"""Settings of the authors' code for AlexNet, common to the presets poster and authors."""

PRESETS: dict[str, dict[str, Any]] = {
    "quick": {
        "backbone": "compact",
        "epochs": 50,
        "batch_size": 64,
        "input_size": 96,
        "augment": "strong",
        "learning_rate": 4e-3,
        "weight_decay": 0.05,
        "ema_decay": 0.995,
        "mse_weight": 2.0,
    },
    "poster": {
        **_AUTHORS_SETTINGS,
        "pcc_weight": 0.0,
        "ccc_weight": 0.0,
        "avce": FIDELITY["poster"],
    },
    "authors": {
        **_AUTHORS_SETTINGS,
        "validate_every": 250,  # with the first validation the networks leave train mode for good
        "avce": FIDELITY["authors"],
    },
    "fine_tune": {
        "backbone": "efficientnet_lite0",
        "pretrained": "starter",
        "grey": True,
        "epochs": 8,
        "batch_size": 32,
        "input_size": 96,
        "augment": "strong",
        "learning_rate": 2e-4,
        "head_learning_rate": 1e-3,
        "ema_decay": 0.99,
        "mse_weight": 2.0,
    },
    "smoke": {"backbone": "tiny", "epochs": 2, "batch_size": 32, "input_size": 64, "augment": "none"},
}
"""Named starting points for :class:`TrainOptions`; explicit options win over a preset."""


class EvaluateOptions(Options):
    """How predictions are turned into figures."""

    split: Split = Field(Split.TEST, description="Part of the data set to evaluate on.")
    protocol: Literal["concatenated", "per_video", "authors"] = Field(
        "concatenated",
        description="Over all frames together, mean over videos, or with the quirks of the authors' code.",
    )
    zero_labels: Literal["excluded", "counted_wrong", "own_class"] = Field(
        "excluded", description="What SAGR does with labels that are exactly zero."
    )
    bootstrap: int = Field(
        1000,
        ge=0,
        le=100_000,
        description="Resamples of subjects or videos for the intervals; 0 switches them off.",
    )
    confidence: float = Field(0.95, gt=0.5, lt=1, description="Coverage of the intervals.")
    band_coverage: float = Field(
        0.9,
        gt=0,
        lt=1,
        description="Share of new faces whose true value shall lie in the band around the model's (conformal).",
        json_schema_extra=_source("our choice"),
    )
    batch_size: int = Field(64, ge=1, le=4096, description="Pictures per forward pass.")
    seed: int = Field(0, ge=0, description="Seed of the bootstrap.")


class AnalyzeOptions(Options):
    """How a video becomes a trajectory."""

    start_s: float = Field(0.0, ge=0, description="Skip frames before this time.")
    stop_s: float | None = Field(None, ge=0, description="Stop before this time; empty: to the end.")
    every_nth_frame: int = Field(
        1, ge=1, le=1000, description="Predict on one frame in n; all decoded frames stay in the output."
    )
    target_fps: float | None = Field(
        None,
        gt=0,
        le=1000,
        description="Predict on about so many frames a second, whatever the video's own rate; empty: see every_nth_frame.",
    )
    smooth_s: float = Field(
        0.0,
        ge=0,
        le=60,
        description="Window of a running mean, given beside the values and never in their place; 0: none.",
    )
    detect_every: int = Field(
        5, ge=1, le=100, description="Run the detector on one frame in n and track between."
    )
    min_score: float = Field(
        0.6, ge=0, le=1, description="Faces below this detector score are marked low_quality or ignored."
    )
    min_face_px: int = Field(
        24, ge=8, le=1000, description="Faces with a smaller side are marked low_quality."
    )
    max_faces: int = Field(8, ge=1, le=64, description="Largest number of tracks at a time.")
    lost_after_s: float = Field(1.0, ge=0, description="How long a track survives without its face.")
    batch_size: int = Field(32, ge=1, le=1024, description="Faces per forward pass.")
    flip: bool | None = Field(
        None,
        description="Average with the mirrored face: steadier, twice the work of the network. Empty: as the checkpoint says,"
        " which for the starter model is yes.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Where networks run. auto: on the GPU where there is one, else on the processor."
    )
    precision: Literal["full", "half"] = Field(
        "full",
        description="half: faster on a GPU (fp16; bfloat16 on a processor), with values that may differ by some hundredths.",
    )
    runtime: Runtime = Field(
        "torch",
        description="What runs the network. onnx: ONNX Runtime, the same numbers within 1e-4, faster on the processor for"
        " efficientnet_lite0 and resnet18.",
        json_schema_extra=_source("measured here"),
    )

    @model_validator(mode="after")
    def _thins_in_one_way(self) -> Self:
        if self.target_fps is not None and self.every_nth_frame > 1:
            raise ValueError(
                f"target_fps: give either this or every_nth_frame, got {self.target_fps:g} and"
                f" {self.every_nth_frame}; leave every_nth_frame at 1"
            )
        return self


MOST_MAP_FRAMES = 256
"""Most frames of one job of maps: each takes all models, heads and outputs, and some files."""


class MapOptions(Options):
    """Which activation maps to draw, and over which frames."""

    which: MapFrames = Field(
        MapFrames.CHOSEN,
        description="Frames that get maps: those chosen, every n-th with a face, peaks and turning points, or all with a"
        f" face; at most {MOST_MAP_FRAMES}.",
    )
    every: int = Field(10, ge=1, le=100_000, description="Take one frame in so many of those with a face.")
    axes: tuple[Axis, ...] = Field((Axis.VALENCE, Axis.AROUSAL), description="Outputs to explain.")
    heads: tuple[Head, ...] = Field(
        (Head.R,),
        description="R predicts; H judges the attentive view, H_n is H of the inattentive one (AVCE only).",
    )
    features: bool = Field(
        default=False, description="Also the mean activation of the encoder, whatever the output."
    )
    scores: bool = Field(
        default=True, description="Add sparsity, deletion, insertion and the random-weights check."
    )


class PosterOptions(Options):
    """What stands on a poster figure: maps of key frames tied to the curves."""

    frames: tuple[int, ...] = Field(
        (),
        max_length=8,
        description="Key frames; empty: chosen, largest gap between models, peaks, then turning points.",
    )
    count: int = Field(
        5, ge=1, le=8, description="How many key frames to choose.", json_schema_extra=_source("poster")
    )
    map: Literal["both", "valence", "arousal", "features"] = Field(
        "both",
        description="Map in the tiles: mean of both outputs' maps, one output's, or the mean activation of the encoder.",
    )
    opacity: float = Field(0.5, ge=0, le=1, description="Share of the map's colour over the face.")


def train_options(*, preset: str | None = None, fidelity: str | None = None, **given: Any) -> TrainOptions:
    """Options from a preset, a fidelity and explicit values, the later winning over the earlier.

    Args:
        preset: Key of :data:`PRESETS`.
        fidelity: Key of :data:`FIDELITY`, for the AVCE part.
        given: Fields of :class:`TrainOptions`; ``None`` means "not given". ``avce`` may be a dict.

    Raises:
        OptionError: Unknown preset, fidelity, field or value.
    """
    values: dict[str, Any] = {}
    for name, table, chosen in (("preset", PRESETS, preset), ("fidelity", FIDELITY, fidelity)):
        if chosen is None:
            continue
        if chosen not in table:
            raise OptionError(f"{name}: expected one of {', '.join(table)}, got {chosen!r}")
        values |= table[chosen] if name == "preset" else {"avce": {**values.get("avce", {}), **table[chosen]}}
    explicit = {name: value for name, value in given.items() if value is not None}
    if isinstance(explicit.get("avce"), dict):
        explicit["avce"] = {**values.get("avce", {}), **explicit["avce"]}
    return TrainOptions.parse(values | explicit)
