"""Label tables: read strictly, refused with file, row and reason."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from data_builders import write
from hypothesis import given, settings
from hypothesis import strategies as st

from avce.data.sources import open_source
from avce.data.tables import ROW, numbers, parse_csv, read_table
from avce.errors import DataError


@pytest.mark.parametrize(
    "text", ["a,b\n1,2\n", "\ufeffa,b\r\n1,2\r\n", "a;b\n1;2\n\n\n", "a\tb\n1\t2", 'a,b\n"1","2"\n']
)
def test_separators_line_ends_and_marks_of_the_wild_are_understood(text):
    table = parse_csv(text.encode(), "x.csv")
    assert table[["a", "b"]].to_numpy().tolist() == [["1", "2"]]
    assert table[ROW].tolist() == [2]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"a,b\n1\n", "row 2: expected 2 fields"),
        (b"a,b\n1,2\n1,2,3\n", "row 3: expected 2 fields"),
        (b"a,a\n1,2\n", "one name per column"),
        (b"a,b\n1,\xe9\n", "row 2: expected UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-8"),
        (b"a,b\n1,\x002\n", "row 2: expected text"),
        (b'a,b\n"1,2\n', "row 2"),
        (",".join(f"c{k}" for k in range(10_000)).encode(), "at most 512 columns, got 10,000"),
    ],
)
def test_odd_files_are_refused_with_row_and_reason(data, message):
    with pytest.raises(DataError, match=r"x\.csv.*" + message):
        parse_csv(data, "x.csv")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet='01,;\t\n\r"a.-é\ufeff', max_size=200).map(str.encode))
def test_any_bytes_give_a_table_or_a_reason(data):
    try:
        table = parse_csv(data, "x.csv")
    except DataError as error:
        assert "x.csv" in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert ROW in table
        assert table[ROW].is_monotonic_increasing


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-1, 1), st.text(alphabet="ab c/_.é", max_size=8).map(str.strip)),
        min_size=1,
        max_size=20,
    )
)
def test_what_was_written_is_read_back(rows):
    frame = pd.DataFrame(rows, columns=["valence", "name"])
    table = parse_csv(frame.to_csv(index=False).encode(), "x.csv")
    assert table["name"].tolist() == frame["name"].tolist()
    np.testing.assert_array_equal(numbers(table, "valence", "x.csv"), frame["valence"])


@pytest.mark.parametrize("value", ["nan", "", "inf", "high", "1,5", "0x1"])
def test_labels_that_are_no_numbers_are_named_by_row(value):
    table = parse_csv(f'valence;x\n0.5;1\n"{value}";2\n'.encode(), "x.csv")
    with pytest.raises(DataError, match=r"x\.csv, row 3, column valence"):
        numbers(table, "valence", "x.csv")


def test_parquet_and_csv_say_the_same(tmp_path):
    frame = pd.DataFrame({"image": ["a.jpg", "b.jpg"], "valence": [0.5, -0.25], "arousal": [0, 1]})
    frame.to_parquet(tmp_path / "x.parquet")
    frame.to_csv(tmp_path / "x.csv", index=False)
    with open_source(tmp_path) as source:
        one, other = read_table(source, "x.parquet"), read_table(source, "x.csv")
    for axis in ("valence", "arousal"):
        np.testing.assert_array_equal(numbers(one, axis, ""), numbers(other, axis, ""))
    assert one["image"].tolist() == other["image"].tolist()


def test_a_broken_parquet_file_is_refused(tmp_path):
    with (
        open_source(write(tmp_path, {"x.parquet": b"PAR1 nothing PAR1"})) as source,
        pytest.raises(DataError, match="parquet"),
    ):
        read_table(source, "x.parquet")
