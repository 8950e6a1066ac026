"""Corrections of faces: stored beside the rows, applied to what is read, and taken back."""

from __future__ import annotations

import pytest

from workers import client
from workers.states import JobKind, JobState
from workers.store.session import writing
from workers.store.tables import (
    Analysis,
    AnalysisRun,
    Dataset,
    FaceTrack,
    Job,
    Run,
    TrajectoryPoint,
    Video,
)

BOX = {"x0": 0.0, "y0": 0.0, "x1": 40.0, "y1": 40.0, "confidence": 0.9, "state": "detected"}
SEEN = {1: range(10), 2: range(12, 20), 3: range(5, 20)}
"""Frames of each face; the first two may be one person, the third is seen beside both."""


@pytest.fixture
def analysis(home):
    """A finished analysis of twenty frames with three faces; valence is a tenth of the track's number."""
    with writing() as session:
        dataset = Dataset(name="d", source={})
        video = Video(name="clip.mp4", sha256="0" * 64, frames=20, fps=25.0, duration_s=0.8)
        session.add_all([dataset, video])
        session.flush()
        run = Run(name="r", dataset_id=dataset.id, method="avce", backbone="tiny", options={})
        analysis = Analysis(video_id=video.id, options={})
        session.add_all([run, analysis])
        session.flush()
        session.add(AnalysisRun(analysis_id=analysis.id, position=0, run_id=run.id))
        session.add(
            Job(
                kind=JobKind.ANALYZE, state=JobState.SUCCEEDED, queue="video", title="t", analysis_id=analysis.id
            )
        )  # fmt: skip
        for track, frames in SEEN.items():
            session.add(
                FaceTrack(
                    analysis_id=analysis.id, track=track, first_frame=min(frames), last_frame=max(frames),
                    n_points=len(frames),
                )
            )  # fmt: skip
            session.add_all(
                TrajectoryPoint(
                    analysis_id=analysis.id, run_id=run.id, frame=frame, pts_ms=40.0 * frame, track=track,
                    valence=track / 10, arousal=-track / 10, **BOX,
                )
                for frame in frames
            )  # fmt: skip
        return analysis.id


def by_id(records):
    return {record.track: record for record in records}


def test_faces_are_told_with_what_the_runs_say_of_them(analysis):
    records = client.tracks(analysis)
    assert [(r.track, r.name, r.frames) for r in records] == [
        (3, "face 3", 15), (1, "face 1", 10), (2, "face 2", 8),
    ]  # fmt: skip
    (mean,) = by_id(records)[2].mean.values()
    assert mean == pytest.approx((0.2, -0.2))


def test_a_name_is_given_and_taken_away(analysis):
    assert by_id(client.rename_track(analysis, 2, "  Ada\n Lovelace "))[2].name == "Ada Lovelace"
    assert by_id(client.rename_track(analysis, 2, ""))[2].name == "face 2"
    with pytest.raises(client.ClientError, match="at most 80"):
        client.rename_track(analysis, 2, "x" * 81)


def test_two_faces_become_one_everywhere_and_two_again(analysis):
    before = client.trajectory(analysis)
    merged = by_id(client.merge_tracks(analysis, 2, 1))
    assert (merged[1].merged, merged[1].frames, merged[1].first_frame, merged[1].last_frame) == (
        [2],
        18,
        0,
        19,
    )
    (mean,) = merged[1].mean.values()
    assert mean[0] == pytest.approx((10 * 0.1 + 8 * 0.2) / 18)
    assert 2 not in merged
    assert set(client.trajectory(analysis)["track"]) == {1, 3}
    assert client.trajectory(analysis, track=1)["frame"].tolist() == [*range(10), *range(12, 20)]
    lines = list(client.trajectory_csv(analysis))
    assert lines[-2].startswith("19,760.0,1,detected,0.2,")
    assert len(lines) == 1 + len(before)
    client.split_track(analysis, 2)
    assert client.trajectory(analysis).equals(before)


def test_faces_seen_at_once_are_not_one_person(analysis):
    with pytest.raises(client.ClientError, match="both are seen in frame 5"):
        client.merge_tracks(analysis, 3, 1)
    with pytest.raises(client.ClientError, match="one already"):
        client.merge_tracks(analysis, 1, 1)
    client.merge_tracks(analysis, 2, 1)
    with pytest.raises(client.ClientError, match="one already"):
        client.merge_tracks(analysis, 1, 2)
    with pytest.raises(client.ClientError, match="both are seen"):
        client.merge_tracks(analysis, 1, 3)


def test_an_excluded_face_counts_nowhere_and_no_frame_is_lost(analysis):
    before = client.trajectory(analysis)
    records = by_id(client.exclude_track(analysis, 3))
    assert records[3].is_excluded
    table = client.trajectory(analysis)
    assert set(table["track"].dropna()) == {1, 2}
    assert table["frame"].unique().tolist() == list(range(20))
    assert table.loc[table["frame"].isin([10, 11]), "state"].tolist() == ["no_face", "no_face"]
    assert client.trajectory(analysis, track=3).empty
    lines = list(client.trajectory_csv(analysis))
    assert lines[11] == "10,400.0,,no_face,,,,,,,\n"
    client.exclude_track(analysis, 3, is_excluded=False)
    assert client.trajectory(analysis).equals(before)


def test_all_corrections_are_taken_back_at_once(analysis):
    before = client.trajectory(analysis), client.tracks(analysis)
    client.rename_track(analysis, 1, "Ada")
    client.merge_tracks(analysis, 2, 1)
    client.exclude_track(analysis, 3)
    client.reset_tracks(analysis)
    assert client.trajectory(analysis).equals(before[0])
    assert client.tracks(analysis) == before[1]


@pytest.mark.parametrize("change", [client.exclude_track, client.split_track])
def test_faces_that_are_not_there_are_refused(analysis, change):
    with pytest.raises(client.ClientError, match=r"no such face; it has 1, 2, 3"):
        change(analysis, 9)
    with pytest.raises(client.NotFoundError):
        change("nope", 1)


def test_a_running_mean_comes_in_columns_of_its_own_and_before_thinning(analysis):
    table = client.trajectory(analysis, smooth_s=0.2)
    assert table["valence"].equals(client.trajectory(analysis)["valence"])
    assert table["valence_smoothed"].round(9).equals(table["valence"])
    thin = client.trajectory(analysis, smooth_s=0.2, max_points=10)
    assert thin["frame"].unique().tolist() == [0, 4, 8, 12, 16]
    assert thin["valence_smoothed"].notna().all()


def test_csv_portions_never_part_a_frame(analysis, monkeypatch):
    client.exclude_track(analysis, 2)
    whole = list(client.trajectory_csv(analysis))
    monkeypatch.setattr("workers.store.analyses.ROWS_PER_READ", 3)
    assert list(client.trajectory_csv(analysis)) == whole


def test_a_neutral_stretch_gives_columns_of_their_own_and_is_taken_back(analysis):
    client.merge_tracks(analysis, 2, 1)
    before = client.trajectory(analysis)
    assert by_id(client.set_neutral(analysis, 1, 8, 13))[1].neutral == (8, 13)
    table = client.trajectory(analysis, is_calibrated=True)
    assert table[before.columns].equals(before)
    mine = table[table["track"] == 1].set_index("frame")
    # Frames 8 and 9 are of the first track (.1), 12 and 13 of the second (.2).
    assert mine.loc[0, "valence_calibrated"] == pytest.approx(0.1 - 0.15)
    assert mine.loc[19, "arousal_calibrated"] == pytest.approx(-0.2 + 0.15)
    assert table.loc[table["track"] == 3, "valence_calibrated"].isna().all()
    assert by_id(client.clear_neutral(analysis, 1))[1].neutral is None
    assert client.trajectory(analysis, is_calibrated=True)["valence_calibrated"].isna().all()


def test_a_neutral_stretch_must_show_the_face(analysis):
    with pytest.raises(client.ClientError, match="found none from 10 to 11"):
        client.set_neutral(analysis, 1, 10, 11)
    with pytest.raises(client.ClientError, match="in order"):
        client.set_neutral(analysis, 1, 5, 4)
