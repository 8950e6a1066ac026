"""Labels of one video from a text file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avce.errors import DataError
from avce.video.labels import labels_on, read_labels


def test_one_line_per_frame_with_a_header_as_in_aff_wild2() -> None:
    table = read_labels("valence,arousal\n0.1,0.2\n-5,-5\n-0.3,0\n", "a.txt")
    assert table.to_numpy().tolist() == [[0, 0.1, 0.2], [2, -0.3, 0]]


def test_lines_without_a_header_are_valence_and_arousal() -> None:
    assert read_labels("0.1,0.2\n0.3,0.4", "a.txt")["frame"].tolist() == [0, 1]


def test_a_frame_column_decides_and_other_columns_do_not_matter() -> None:
    table = read_labels("who,Frame,arousal,valence\nme,7,0.5,-0.5\nme,3,1,0\n", "a.csv")
    assert table.to_numpy().tolist() == [[3, 0, 1], [7, -0.5, 0.5]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty file"),
        ("hello", "first line is 'hello'"),
        ("valence,arousal\n2,0", r"line 2: expected numbers within \[-1, 1\], got 2"),
        ("valence,arousal\nx,0", "line 2: expected a number, got 'x'"),
        ("frame,valence,arousal\n1,0,0\n1,0,0", "frame 1 has two labels"),
        ("valence,arousal\n-5,-5", "no line has a label"),
    ],
)
def test_a_bad_file_is_named_with_its_line(text: str, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read_labels(text, "mine.csv")
    assert "mine.csv" in str(caught.value)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        table = read_labels(text, "any.csv")
    except DataError:
        return
    assert table[["valence", "arousal"]].abs().to_numpy().max() <= 1


def test_labels_stand_at_the_frames_own_times_and_unlabelled_frames_stay() -> None:
    frames = pd.DataFrame({"frame": [0, 1, 2], "pts_ms": [0.0, 33.0, 70.0]})
    table = labels_on(read_labels("frame,valence,arousal\n2,0.5,0.5", "a"), frames)
    assert table["pts_ms"].tolist() == [0.0, 33.0, 70.0]
    assert np.isnan(table["valence"][0])
    assert table["valence"][2] == 0.5


def test_lines_may_end_as_on_any_system() -> None:
    tables = [read_labels(end.join(["valence,arousal", "0.1,0.2", "0.3,0.4"]), "x.csv") for end in "\n\r"]
    assert tables[0].equals(tables[1])
    assert len(tables[0]) == 2
