"""How a clip moves: feelings, head, eyes, speech, and the way out of the picture; one value per frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avce.data.synthetic.nuisance import Light, Nuisance, draw_light
from avce.data.synthetic.stills import draw_label

Track = NDArray[np.float64]
"""One number per frame."""


@dataclass(frozen=True)
class Motion:
    """A clip's course.

    Attributes:
        valence: Label of each frame.
        arousal: Label of each frame.
        yaw, pitch, roll: Of the head, in radians.
        gaze_x, gaze_y: In [-1, 1].
        blink: 0 open to 1 closed.
        speech_open, speech_round: 0 to 1.
        across, up: Of the head against its place, in units of the head.
        out: How far the person has walked out of the picture, in widths of it; 0 while there.
        light: The lamp.
        noise: Of the sensor.
        noise_seed: Of the first frame.
    """

    valence: Track
    arousal: Track
    yaw: Track
    pitch: Track
    roll: Track
    gaze_x: Track
    gaze_y: Track
    blink: Track
    speech_open: Track
    speech_round: Track
    across: Track
    up: Track
    out: Track
    light: Light
    noise: float
    noise_seed: int

    def nuisance(self, frame: int) -> Nuisance:
        """Everything of one frame that is no label."""
        return Nuisance(
            yaw_rad=float(self.yaw[frame]),
            pitch_rad=float(self.pitch[frame]),
            roll_rad=float(self.roll[frame]),
            gaze=(float(self.gaze_x[frame]), float(self.gaze_y[frame])),
            blink=float(self.blink[frame]),
            speech_open=float(self.speech_open[frame]),
            speech_round=float(self.speech_round[frame]),
            light=self.light,
            noise=self.noise,
            noise_seed=self.noise_seed + frame,
        )


def _ease(x: Track) -> Track:
    x = np.clip(x, 0, 1)
    return np.asarray(x * x * (3 - 2 * x))


def _sway(rng: np.random.Generator, time_s: Track, amplitude: float, periods_s: tuple[float, float]) -> Track:
    """A sum of four slow waves that stays within twice the amplitude."""
    total = np.zeros_like(time_s)
    for _ in range(4):
        period = rng.uniform(*periods_s)
        total += np.sin(2 * np.pi * (time_s / period + rng.uniform()))
    return np.asarray(np.clip(amplitude * total / np.sqrt(2), -2 * amplitude, 2 * amplitude))


def _feelings(rng: np.random.Generator, time_s: Track) -> tuple[Track, Track]:
    """From one random point of the disc to the next, with rests; never a jump."""
    values = np.zeros((len(time_s), 2))
    start, here = 0.0, np.array(draw_label(rng))
    while start <= time_s[-1]:
        there = np.array(draw_label(rng))
        rest, travel = rng.uniform(0.2, 1.0), rng.uniform(0.8, 2.2)
        share = _ease((time_s - start - rest) / travel)[:, None]
        now = time_s >= start
        values[now] = (here + share * (there - here))[now]
        start, here = start + rest + travel, there
    return values[:, 0], values[:, 1]


def _blinks(rng: np.random.Generator, time_s: Track) -> Track:
    closed = np.zeros_like(time_s)
    at = rng.uniform(0.5, 4)
    while at < time_s[-1]:
        closed = np.maximum(closed, np.exp(-(((time_s - at) / 0.075) ** 2)))
        at += rng.uniform(1.5, 6)
    return closed


def _speech(rng: np.random.Generator, time_s: Track) -> tuple[Track, Track]:
    """Syllables, four or five a second, in phrases with pauses."""
    phrase = np.clip(1.5 * _sway(rng, time_s, 0.7, (2, 6)), 0, 1)
    syllables = np.clip(0.5 + _sway(rng, time_s, 0.35, (0.18, 0.4)), 0, 1)
    rounding = np.clip(_sway(rng, time_s, 0.4, (0.3, 0.9)), 0, 1)
    return 0.4 * phrase * syllables, 0.5 * phrase * rounding


def _absence(rng: np.random.Generator, time_s: Track) -> Track:
    """Out of the picture for about a sixth of the clip, in its middle part; 0 elsewhere."""
    length = time_s[-1] + time_s[1] if len(time_s) > 1 else 1.0
    walk = min(0.5, 0.1 * length)
    leave = length * rng.uniform(0.3, 0.5)
    back = leave + walk + length / 6
    side = rng.choice([-1.0, 1.0])
    return np.asarray(side * (_ease((time_s - leave) / walk) - _ease((time_s - back) / walk)))


def draw_motion(rng: np.random.Generator, frames: int, fps: float, *, leaves: bool) -> Motion:
    """Draw a clip's course.

    Args:
        rng: Source of chance.
        frames: Number of frames.
        fps: Frames per second.
        leaves: Whether the person walks out of the picture and comes back.
    """
    time_s = np.arange(frames) / fps
    valence, arousal = _feelings(rng, time_s)
    speech_open, speech_round = _speech(rng, time_s)
    return Motion(
        valence=valence,
        arousal=arousal,
        yaw=_sway(rng, time_s, 0.17, (2.5, 7)),
        pitch=_sway(rng, time_s, 0.07, (1.5, 5)),
        roll=_sway(rng, time_s, 0.06, (3, 8)),
        gaze_x=np.clip(_sway(rng, time_s, 0.35, (1, 4)), -1, 1),
        gaze_y=np.clip(_sway(rng, time_s, 0.25, (1, 4)), -1, 1),
        blink=_blinks(rng, time_s),
        speech_open=speech_open,
        speech_round=speech_round,
        across=_sway(rng, time_s, 0.16, (3, 8)),
        up=_sway(rng, time_s, 0.05, (2, 6)),
        out=_absence(rng, time_s) if leaves else np.zeros(frames),
        light=draw_light(rng),
        noise=float(rng.uniform(0, 2.5)),
        noise_seed=int(rng.integers(2**31)),
    )
