"""R2: kill -9 of the real process before a Firehose stream, which knows no ids.

INGESTD_TEST_KILLS makes it larger: a release is held to 200 kills (`make kills`).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from pathlib import Path
from random import Random

import orjson

from ingestd.demo.cloud import Cloud
from tests.fakes.firehose import FakeFirehose
from tests.faults.logs import put_logs
from tests.integration.gate import Gate
from tests.integration.killer import Killer
from tests.integration.queue_gate import QueueGate
from tests.integration.service import PATIENCE_SECONDS, RunningService, endpoints_apart, environment, settled

SEED = int(os.environ.get("INGESTD_TEST_SEED", "2"))
MOMENTS = (
    "PutRecordBatch applied",
    "DeleteMessageBatch asked",
    "DeleteMessageBatch applied",
    "PutRecordBatch asked",
    "GetObject applied",
)
KILLS = int(os.environ.get("INGESTD_TEST_KILLS", str(len(MOMENTS))))
OBJECTS, LINES = 6, 250
SETTINGS = {
    "sinks__stream__kind": "firehose",
    "sinks__stream__stream": "logs",
    "sinks__stream__batch_seconds": "0.1",
    "sinks__stream__batch_count_max": "100",  # so that a kill finds a message half sent
    "queue__messages_in_flight_max": "8",
}


async def test_r02_kills_lose_nothing_and_double_what_was_unsettled(cloud: Cloud, tmp_path: Path) -> None:
    """kill -9 at each named moment and at any other: each line is a record; twice only lines of messages unsettled at a kill.

    What is there twice is the very same record, with the same `event.id`: nothing but what had been sent of those messages.
    """
    random, killer = Random(SEED), Killer()
    wanted: set[str] = set()
    unsettled: Counter[str] = Counter()  # by key: at how many kills a message with it was held
    async with FakeFirehose("logs") as stream, QueueGate(cloud, killer) as aws, Gate(stream.url, killer) as firehose:
        environ = endpoints_apart(environment(cloud, **SETTINGS), aws.url, FIREHOSE=firehose.url)
        begin, seconds = time.monotonic(), 0.0
        for number in range(KILLS):
            wanted |= await put_logs(cloud, OBJECTS, LINES, f"{number}")
            moment = MOMENTS[number] if number < len(MOMENTS) else random.choice((*MOMENTS, ""))
            with RunningService.started(tmp_path, environ) as service:
                if moment:
                    killer.arm(service, moment, random.randint(1, 4) if moment.startswith(("Get", "Put")) else 1)
                    await asyncio.wait_for(killer.is_done.wait(), PATIENCE_SECONDS)
                else:
                    await asyncio.sleep(random.random() * 2 * seconds)
            seconds = seconds or time.monotonic() - begin  # what a life takes here
            unsettled.update(await aws.let_go())
        assert killer.killed_at == set(MOMENTS[:KILLS])
        with RunningService.started(tmp_path, environ) as service:
            await settled(cloud, service, PATIENCE_SECONDS + KILLS * 3)
            assert service.stop() == 0
    arrived = Counter(stream.records)
    documents = [orjson.loads(record) for record in arrived]
    assert {document["event"]["id"] for document in documents} == wanted, "lines are lost, or there are some that nobody put"
    assert len(documents) == len(wanted), "of one id there are two different records"
    keys = [document["aws"]["s3"]["object"]["key"] for document in documents]
    assert not aws.given - unsettled - Counter(set(keys)), "a message was given again that nobody held at a kill"
    again = {key for key, count in zip(keys, arrived.values(), strict=True) if count > 1 + unsettled[key]}
    assert not again, "records are doubled that no kill explains"
    doubled, bound = arrived.total() - len(arrived), unsettled.total() * LINES
    assert 0 < doubled <= bound
    print(f"{KILLS} kills, {len(wanted)} records, {doubled} of them again; {bound} were of messages unsettled at a kill")
