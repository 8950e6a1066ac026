"""Files that others read."""

from __future__ import annotations

import json
import math

import pytest

from avce.cli.console import print_json
from avce.files import finite, natural


def test_what_is_undefined_or_infinite_becomes_null_at_any_depth():
    value = {
        "ccc": math.nan,
        "interval": (0.1, math.inf),
        "n": 3,
        "word": "nan",
        "rows": [{"pcc": -math.inf}],
    }
    assert finite(value) == {
        "ccc": None,
        "interval": [0.1, None],
        "n": 3,
        "word": "nan",
        "rows": [{"pcc": None}],
    }


def test_printed_json_is_read_by_a_strict_parser(capsys):
    def refuse(constant):
        pytest.fail(f"{constant} is no JSON")

    print_json({"pcc": math.nan, "ccc": 0.5})
    assert json.loads(capsys.readouterr().out, parse_constant=refuse) == {"pcc": None, "ccc": 0.5}


def test_names_are_sorted_as_people_count_and_whatever_looks_like_a_number_is_text():
    names = ["f10.png", "f2.png", "f².png", "1²3", "1", "٣"]
    assert sorted(names[:2], key=natural) == ["f2.png", "f10.png"]
    assert [natural(name)[0] for name in names] == ["f", "f", "f².png", "", "", ""]
