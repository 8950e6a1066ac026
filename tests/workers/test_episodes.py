"""Moments by a rule, over all analyses: what the rows say, faces as corrected."""

from __future__ import annotations

import numpy as np
import pytest

from avce.video.events import episodes, parse_rule, runs_of
from workers import client
from workers.states import JobKind, JobState
from workers.store import analyses, segments, series
from workers.store.session import reading, writing
from workers.store.tables import (
    Analysis,
    AnalysisRun,
    Dataset,
    FaceSeries,
    FaceTrack,
    Job,
    Run,
    TrajectoryPoint,
    Video,
)

RULE = "V > 0.5 for 0.2 s"


@pytest.fixture(autouse=True, params=[True, False], ids=["packed faces", "points alone"])
def is_packed(request, monkeypatch):
    """Each test with complete analyses, and with ones that are still at work: the same moments."""
    monkeypatch.setattr(f"{__name__}.PACKED", request.param)


PACKED = True


def add_analysis(name, run_id, faces):
    """Rows of an analysis; ``faces`` maps a track to its valences by frame, ``None`` where it is lost."""
    analysis_id = add_points(name, run_id, faces)
    if PACKED:
        with writing() as session:
            series.write(session, analysis_id)
    return analysis_id


def add_points(name, run_id, faces):
    with writing() as session:
        video = Video(name=name, sha256="0" * 64, frames=50, fps=25.0, duration_s=2.0)
        session.add(video)
        session.flush()
        analysis = Analysis(video_id=video.id, options={})
        session.add(analysis)
        session.flush()
        session.add(AnalysisRun(analysis_id=analysis.id, position=0, run_id=run_id))
        session.add(
            Job(
                kind=JobKind.ANALYZE, state=JobState.SUCCEEDED, queue="video", title=name, analysis_id=analysis.id
            )
        )  # fmt: skip
        for track, values in faces.items():
            session.add(
                FaceTrack(analysis_id=analysis.id, track=track, first_frame=0, last_frame=49, n_points=50)
            )
            for frame, value in values.items():
                seen = {"x0": 0.0, "y0": 0.0, "x1": 9.0, "y1": 9.0} if value is not None else {}
                session.add(
                    TrajectoryPoint(
                        analysis_id=analysis.id, run_id=run_id, frame=frame, pts_ms=40.0 * frame, track=track,
                        state="lost" if value is None else "detected", valence=value,
                        arousal=None if value is None else 0.1 * value, confidence=0.9, **seen,
                    )
                )  # fmt: skip
        return analysis.id


def add_run():
    """A run to judge faces with; its id."""
    with writing() as session:
        dataset = Dataset(name="d", source={})
        session.add(dataset)
        session.flush()
        run = Run(name="mine", dataset_id=dataset.id, method="avce", backbone="tiny", options={})
        session.add(run)
        session.flush()
        return run.id


@pytest.fixture
def run_id(home):
    return add_run()


def high(*frames):
    """Fifty frames, high in the given ones."""
    return {frame: 0.8 if frame in frames else 0.1 for frame in range(50)}


@pytest.fixture
def two(run_id):
    """An older analysis with two faces, and a newer one with one."""
    older = add_analysis("older.mp4", run_id, {1: high(*range(5, 15)), 2: high(*range(40, 43))})
    newer = add_analysis("newer.mp4", run_id, {1: high(*range(10), *range(20, 30))})
    return older, newer


def told(found):
    return [(e.video.name, e.track, e.first_frame, e.last_frame) for e in found]


def test_moments_are_found_in_all_analyses_newest_first(two):
    found = client.search_episodes(RULE)
    assert told(found) == [("newer.mp4", 1, 0, 9), ("newer.mp4", 1, 20, 29), ("older.mp4", 1, 5, 14)]
    assert (found[2].start_s, found[2].end_s) == (0.2, 0.6)
    assert found[2].duration_s == pytest.approx(0.4)
    assert found[2].valence == pytest.approx(0.8)
    assert 5 <= found[2].frame <= 14
    assert found[2].face == "face 1"


def test_they_are_those_that_the_trajectories_say(two):
    for rule in (
        RULE,
        "V > 0.05",
        "V < 0.5 and A > 0",
        "intensity > 0.8",
        "intensity < 0.2 for 100 ms",
        "V < -2",
    ):
        expected = [
            (event.track, event.first_frame, event.last_frame)
            for analysis in reversed(two)
            for event in sorted(
                episodes(client.trajectory(analysis), parse_rule(rule)), key=lambda e: (e.track, e.start_ms)
            )
        ]
        assert [(e.track, e.first_frame, e.last_frame) for e in client.search_episodes(rule)] == expected, (
            rule
        )


def test_a_lost_face_ends_a_moment(run_id):
    values = high(*range(20))
    values[10] = None
    add_analysis("gap.mp4", run_id, {1: values})
    assert [e[2:] for e in told(client.search_episodes(RULE))] == [(0, 9), (11, 19)]


def test_corrections_of_faces_count(run_id):
    first = dict.fromkeys(range(4), 0.8)
    second = dict.fromkeys(range(4, 8), 0.8)
    analysis = add_analysis("parts.mp4", run_id, {1: first, 2: second})
    assert client.search_episodes(RULE) == []
    client.merge_tracks(analysis, 2, 1)
    client.rename_track(analysis, 1, "Ada")
    (found,) = client.search_episodes(RULE)
    assert (found.face, found.first_frame, found.last_frame) == ("Ada", 0, 7)
    client.exclude_track(analysis, 1)
    assert client.search_episodes(RULE) == []


def test_only_some_runs_and_only_so_many(two, run_id):
    assert client.search_episodes(RULE, run_ids=["other"]) == []
    assert len(client.search_episodes(RULE, run_ids=[run_id], limit=2)) == 2
    with pytest.raises(client.ClientError, match="limit"):
        client.search_episodes(RULE, limit=0)


def test_packed_faces_are_the_runs_of_the_points(run_id):
    values = high(*range(20)) | {10: None}
    del values[30]
    analysis = add_points("gap.mp4", run_id, {1: values, 2: dict.fromkeys(range(5))})
    with writing() as session:
        (row,) = series.packed(session, analysis)  # a face without a value has nothing to find
        series.store(session, analysis, [row])
    (was, now) = (
        list(runs_of(client.trajectory(analysis, track=1))),
        list(series.unpacked(1, row["pieces"], row["track_ms"], row["samples"])),
    )
    assert len(was) == len(now) == 3
    for one, other in zip(was, now, strict=True):
        for name in ("track", "frames", "ms", "valence", "arousal", "ends_ms", "track_ms"):
            assert np.array_equal(getattr(one, name), getattr(other, name)), name


def test_packed_faces_go_with_their_points(run_id):
    for remove in (analyses.clear_points, segments.drop_unfinished):
        analysis = add_points("again.mp4", run_id, {1: high(1)})
        with writing() as session:
            series.write(session, analysis)
            assert session.query(FaceSeries).count() == 1
            remove(session, analysis)
        with reading() as session:
            assert session.query(FaceSeries).count() == 0


def test_a_rule_that_cannot_be_read_is_refused_in_words(home):
    with pytest.raises(client.ClientError, match="cannot read 'happy'"):
        client.search_episodes("happy")
