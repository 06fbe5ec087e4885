"""Several processes on one queue: each an independent consumer with a port of its own; this one only begins and ends them.

Where a stage holds the GIL, one process does not fill the processors that it is given; more of them do, and need nothing of
each other, since the queue gives each message to one. If one ends by itself the others are stopped, too: what is left to do is
decided by whoever started this, as for a single process.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping, Sequence

import structlog

from ingestd.config import Settings

__all__ = ["command_line", "environments", "supervise"]

log = structlog.get_logger()

PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def environments(settings: Settings, environ: Mapping[str, str], cores: int) -> list[dict[str, str]]:
    """What each process is told beside the settings that all share: its ports, and its part of the processors."""
    count = settings.processes
    threads = settings.threads or max(cores // count, 1)
    return [
        {
            **environ,
            "INGESTD_PROCESSES": "1",
            "INGESTD_THREADS": str(threads),
            "INGESTD_HTTP__PORT": str(settings.http.port + number if settings.http.port else 0),
            **({"INGESTD_INLET__PORT": str(settings.inlet.port + number)} if settings.inlet.port else {}),
        }
        for number in range(count)
    ]


async def supervise(command: Sequence[str], environs: Sequence[Mapping[str, str]]) -> int:
    """Run the command once for each environment until all have ended; the first exit status that is not 0.

    One that SIGTERM ended before it listened, when all were told to end, ended as it was told.
    """
    processes = [
        await asyncio.create_subprocess_exec(*command, env=dict(environ), start_new_session=True) for environ in environs
    ]
    log.info("processes started", pids=[process.pid for process in processes])

    is_stopping = False

    def pass_on(number: int) -> None:
        nonlocal is_stopping
        is_stopping |= number != signal.SIGHUP
        for process in processes:
            if process.returncode is None:
                process.send_signal(number)

    for number in PASSED_ON:
        asyncio.get_running_loop().add_signal_handler(number, pass_on, number)
    waiting = {asyncio.create_task(process.wait()) for process in processes}
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    by_themselves = [] if is_stopping else [task.result() for task in done]
    if by_themselves:
        log.error("a process ended by itself", statuses=by_themselves)
        pass_on(signal.SIGTERM)
    as_told = [status for status in await asyncio.gather(*waiting) if status != -signal.SIGTERM]
    # A process that a signal ended has a negative status, which as an exit status would be another number.
    return next((128 - status if status < 0 else status for status in (*by_themselves, *as_told) if status), 0)


def command_line(arguments: Sequence[str]) -> list[str]:
    """This very program once more."""
    return [sys.executable, "-m", "ingestd", *arguments]
