"""Files of the checkout: nothing of one machine in them, no dead link, a complete lock."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.tree import ROOT, pyproject, text_files

# Written so that this file does not find itself.
MACHINE_PATHS = re.compile(r"(?<![\w.:/])/(?:wo[r]k|ro[o]t|ho[m]e|opt/whe[e]ls|opt/py[p]i|Use[r]s)/")
PACKAGE_HOSTS = re.compile(
    r"py[p]i\.org|pytho[n]hosted\.org|download\.pytor[c]h\.org|registry\.np[m]js|--(?:extra-)?index-u[r]l|--find-li[n]ks"
)
GPU_ONLY = ("nvidia-", "cuda-", "triton")  # what torch's builds for GPUs bring along
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)|<img[^>]+src=\"(?!https?:)([^\"]+)\"")


def lock() -> dict[str, str]:
    """Package → version, from constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def requirements() -> list[Requirement]:
    """What pyproject.toml asks for, with and without the development extra."""
    project = pyproject()["project"]
    return [
        Requirement(text) for text in [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    ]


@pytest.mark.parametrize(
    ("what", "pattern"), [("a folder of one machine", MACHINE_PATHS), ("a package host", PACKAGE_HOSTS)]
)
def test_no_file_names(what: str, pattern: re.Pattern[str]) -> None:
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in text_files().items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == [], f"these lines name {what}"


def test_every_link_in_the_documents_leads_somewhere() -> None:
    dead = [
        f"{name}: {target}"
        for name, text in text_files().items()
        if name.endswith(".md")
        for target in (first or second for first, second in LINK.findall(text))
        if not (ROOT / Path(name).parent / target).exists()
    ]
    assert dead == []


@pytest.mark.parametrize("requirement", requirements(), ids=lambda requirement: requirement.name)
def test_a_requirement_is_locked_in_a_version_that_it_allows(requirement: Requirement) -> None:
    version = lock().get(canonicalize_name(requirement.name))
    assert version is not None, f"{requirement.name} is not in constraints.txt"
    assert requirement.specifier.contains(version, prereleases=True)


def everything_needed() -> set[str]:
    """Names of all packages that the requirements bring along, read from what is installed."""
    needed: set[str] = set()
    waiting = requirements()
    while waiting:
        requirement = waiting.pop()
        for text in metadata.requires(requirement.name) or []:
            further = Requirement(text)
            extras = requirement.extras or {""}
            wanted = further.marker is None or any(further.marker.evaluate({"extra": e}) for e in extras)
            if wanted and canonicalize_name(further.name) not in needed:
                needed.add(canonicalize_name(further.name))
                waiting.append(further)
    return needed | {canonicalize_name(requirement.name) for requirement in requirements()}


def test_the_lock_is_complete_and_holds_nothing_else() -> None:
    gpu_builds = {name for name in everything_needed() if name.startswith(GPU_ONLY)}
    # Needed by Python before 3.11.3 only.
    assert set(lock()) - {"async-timeout"} == everything_needed() - gpu_builds - {"async-timeout"}


def test_the_lock_holds_nothing_that_only_one_kind_of_machine_has() -> None:
    assert [name for name in lock() if name.startswith(GPU_ONLY)] == []


def test_the_ci_script_runs_what_a_person_types() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert script.rstrip().endswith("exec make test")
