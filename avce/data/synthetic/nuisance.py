"""What changes between pictures of one person and says nothing about valence or arousal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]
"""Red, green, blue of a light, around 1."""


@dataclass(frozen=True)
class Light:
    """One lamp and what the room gives back.

    Attributes:
        azimuth_rad: From the camera's side to the picture's right.
        elevation_rad: Above the horizon.
        colour: Colour of the lamp.
        ambient: Share of light that comes from everywhere.
        ambient_colour: Colour of that share.
        exposure: Brightness of the picture.
    """

    azimuth_rad: float = 0.5
    elevation_rad: float = 0.6
    colour: Colour = (1.0, 1.0, 1.0)
    ambient: float = 0.45
    ambient_colour: Colour = (1.0, 1.0, 1.0)
    exposure: float = 1.0


@dataclass(frozen=True)
class Nuisance:
    """Pose, speech, light, place, camera. The default is a frontal, still, well lit, sharp picture.

    Attributes:
        yaw_rad: Head turned, positive to the picture's right.
        pitch_rad: Head nodded, positive down.
        roll_rad: Head tilted, positive clockwise in the picture.
        gaze: Where the eyes look, right and up, in [-1, 1].
        blink: 0 open to 1 closed.
        speech_open: Jaw motion of speech, 0 to 1.
        speech_round: Rounding of the lips, 0 to 1.
        light: The lamp.
        background_seed: Which background.
        shift: The crop's centre against the face's, in shares of the face's side.
        zoom: Factor on the size of the face in the crop.
        blur_px: Standard deviation of the camera's blur at 160 pixels.
        noise: Standard deviation of the sensor's noise, in levels of 255.
        noise_seed: Which noise.
    """

    yaw_rad: float = 0.0
    pitch_rad: float = 0.0
    roll_rad: float = 0.0
    gaze: tuple[float, float] = (0.0, 0.0)
    blink: float = 0.0
    speech_open: float = 0.0
    speech_round: float = 0.0
    light: Light = Light()
    background_seed: int = 0
    shift: tuple[float, float] = (0.0, 0.0)
    zoom: float = 1.0
    blur_px: float = 0.0
    noise: float = 0.0
    noise_seed: int = 0


def draw_light(rng: np.random.Generator) -> Light:
    """Draw a lamp: anything from a window at the side to a lamp in front, warm to cold."""
    warmth = rng.normal(0, 0.09)
    return Light(
        azimuth_rad=float(rng.uniform(-1.1, 1.1)),
        elevation_rad=float(rng.uniform(0.1, 1.0)),
        colour=(1.0 + warmth, 1.0, 1.0 - warmth),
        ambient=float(rng.uniform(0.35, 0.65)),
        ambient_colour=(1.0 - 0.6 * warmth, 1.0, 1.0 + 0.6 * warmth),
        exposure=float(np.exp(rng.normal(0, 0.13))),
    )


def draw_nuisance(rng: np.random.Generator) -> Nuisance:
    """Draw everything that a still of a known expression leaves open."""
    speaks = rng.random() < 0.25
    return Nuisance(
        yaw_rad=float(np.clip(rng.normal(0, 0.2), -0.48, 0.48)),
        pitch_rad=float(np.clip(rng.normal(0, 0.1), -0.26, 0.26)),
        roll_rad=float(np.clip(rng.normal(0, 0.07), -0.22, 0.22)),
        gaze=(float(np.clip(rng.normal(0, 0.35), -1, 1)), float(np.clip(rng.normal(0, 0.25), -1, 1))),
        blink=float(rng.uniform(0.3, 1.0)) if rng.random() < 0.03 else 0.0,
        speech_open=float(rng.uniform(0, 0.35)) if speaks else 0.0,
        speech_round=float(rng.uniform(0, 0.5)) if speaks else 0.0,
        light=draw_light(rng),
        background_seed=int(rng.integers(2**31)),
        shift=(float(rng.normal(0, 0.025)), float(rng.normal(0, 0.025))),
        zoom=float(np.exp(rng.normal(0, 0.045))),
        blur_px=float(rng.exponential(0.35)) if rng.random() < 0.5 else 0.0,
        noise=float(rng.uniform(0, 4)),
        noise_seed=int(rng.integers(2**31)),
    )
