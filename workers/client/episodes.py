"""Find moments by a rule in all analysed videos."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from avce.video.events import parse_rule
from workers.client._door import door
from workers.errors import ClientError
from workers.records import EpisodeRecord
from workers.store import episodes
from workers.store.session import reading

MOST_EPISODES = 10_000


@door
def search_episodes(
    rule: str, *, run_ids: Sequence[str] | None = None, limit: int = 200
) -> list[EpisodeRecord]:
    """Stretches in which a face meets a rule for long enough, in all analyses.

    Args:
        rule: Such as ``V < -.3 and A > .5 for 2 s``; see :func:`avce.video.events.parse_rule`.
        run_ids: Only by the values of these runs; ``None``: of all.
        limit: At most so many, newest analysis first.
    """
    if not 0 < limit <= MOST_EPISODES:
        raise ClientError(f"limit: expected 1 to {MOST_EPISODES} episodes, got {limit}")
    parsed = parse_rule(rule)
    with reading() as session:
        return list(islice(episodes.find(session, parsed, run_ids=run_ids), limit))
