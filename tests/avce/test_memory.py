"""Memory that is freed stays with the process while it runs networks, and goes back when told."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

SCRIPT = """
import json, resource, sys
import psutil, torch
from avce.memory import give_back_memory, keep_freed_memory
from avce.methods import build_method
from avce.options import train_options

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def rss_mb():
    return psutil.Process().memory_info().rss / 2**20

def work():
    for _ in range(3):
        blocks = [torch.ones(10 * 2**20) for _ in range(4)]  # 40 MB each

if "build" in sys.argv:
    build_method(train_options(preset="smoke"))
    kept = keep_freed_memory()
else:
    kept = False
work()
start = faults()
work()
again, full = faults() - start, rss_mb()
give_back_memory()
print(json.dumps({"kept": kept, "faults": again, "given_back_mb": full - rss_mb()}))
"""


# With one of these set, glibc itself would do otherwise.
SETTINGS = ("GLIBC_TUNABLES", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")


def measured(*arguments):
    plain = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        env=plain, check=True, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def kept():
    found = measured("build")
    if not found["kept"]:
        pytest.skip("the C library here is not glibc: there is nothing to set")
    return found


def test_building_a_network_keeps_what_is_freed(kept):
    untouched = measured()
    assert untouched["faults"] > 10_000  # 4 kB each: 480 MB were fetched again
    assert kept["faults"] < untouched["faults"] / 20


def test_what_is_free_can_be_given_back(kept):
    assert kept["given_back_mb"] > 100
