"""The simulation, some seeds in each run: none fails, each kind of fault is felt, and each kind of end is reached."""

from __future__ import annotations

import os
from collections import Counter
from os import sched_getaffinity

import pytest

from tests.sim.__main__ import command, results
from tests.sim.faults import FAULTS
from tests.sim.world import Result

SEEDS = int(os.environ.get("INGESTD_SIM_SEEDS", "400"))
ENDS = {
    "messages": "received deleted given_back lost expired",
    "lines": "alb,accepted alb,duplicate alb,dead_lettered alb,given_back alb,skipped alb,dropped"
    " cloudfront,accepted cloudfront,duplicate cloudfront,dead_lettered cloudfront,given_back cloudfront,skipped"
    " cloudfront,dropped"
    " lambda_logs,accepted lambda_logs,duplicate lambda_logs,dead_lettered lambda_logs,given_back lambda_logs,skipped"
    " lambda_logs,dropped"
    " lambda_json,accepted lambda_json,duplicate lambda_json,dropped envelope,dead_lettered envelope,skipped",
    "objects": "read access_denied broken_off checksum_mismatch control_object credentials cut dropped no_such_key replaced"
    " stopping test_event truncated unavailable unknown_format unreachable",
    "dead_letters": "bad_envelope bad_event foreign_bucket"
    " line_too_long mapper_parsing_exception no_such_key not_json record_too_large"
    " too_few_columns truncated unknown_format unrecognised",
    "documents": "opensearch,accepted opensearch,duplicate opensearch,refused firehose,accepted firehose,refused",
    "requests": "opensearch,answered opensearch,bad_answer opensearch,cluster_block opensearch,index_closed"
    " opensearch,item_failed opensearch,server_error opensearch,throttled opensearch,timeout opensearch,too_large"
    " opensearch,unauthorized opensearch,unavailable opensearch,unreachable"
    " firehose,answered firehose,bad_answer firehose,bad_request firehose,item_failed firehose,server_error"
    " firehose,throttled firehose,timeout firehose,unreachable",
}


@pytest.fixture(scope="module")
def run() -> list[Result]:
    return list(results(range(SEEDS), len(sched_getaffinity(0))))


def test_no_seed_fails(run: list[Result]) -> None:
    """What fails comes with the command that replays it; `make sim` runs as many as one likes."""
    failed = [result for result in run if result.complaints]
    assert not failed, "\n".join(f"{result.complaints[0]}\n  {command(result)}" for result in failed[:3])


def test_every_kind_of_fault_is_felt(run: list[Result]) -> None:
    """A fault that never happens proves nothing."""
    felt: Counter[str] = sum((result.fired for result in run), Counter())
    assert set(FAULTS) == set(felt)


def test_every_kind_of_end_is_reached(run: list[Result]) -> None:
    """Of messages, lines, objects, documents, requests and dead letters."""
    ends: Counter[str] = sum((result.ends for result in run), Counter())
    assert not {f"{name} {end}" for name, wanted in ENDS.items() for end in wanted.split()} - set(ends)
