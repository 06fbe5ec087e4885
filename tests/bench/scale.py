"""How much several processes on one queue carry beside one, each given one core: `make bench-scale`.

The queue, the objects and the bulk endpoint are a process of their own. What counts is the CPU time that all of the work
takes, of one process and of several together: with a core each, several carry as many times as much as their number, less
what they spend on sharing the queue. So other work on the machine, and the endpoint's own, which has no core to itself where
there are only two, is left out. Wall time is shown beside it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from statistics import median

from ingestd.bench.chain import BUCKET, NOBODY, serving
from ingestd.formats.registry import formats
from ingestd.generate import lines
from tests.bench.arrival import cpu_seconds
from tests.soak.services import free_port

RATIO_MIN = 1.9
LINES = 20_000
PATIENCE_SECONDS = 600  # the first start on a machine compiles, twice on one core here, and others may be at work on it


def ask(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:  # the endpoint shares its cores with what asks it
        body: bytes = answer.read()
    return body


def started(url: str, port: int, core: int | None = None, **more: str) -> subprocess.Popen[bytes]:
    """The service, on one core or on all; `more` are variables of its environment."""
    outer = {name: value for name, value in os.environ.items() if not name.startswith("INGESTD_")}
    ours = {
        "AWS_ACCESS_KEY_ID": NOBODY["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": NOBODY["aws_secret_access_key"],
        "INGESTD_AWS__REGION": NOBODY["region_name"],
        "INGESTD_AWS__ENDPOINT_URL": url,
        "INGESTD_QUEUE__URL": f"{url}/123456789012/bench",
        "INGESTD_QUEUE__BUCKETS": BUCKET,
        "INGESTD_QUEUE__WAIT_SECONDS": "1",
        "INGESTD_QUEUE__RECEIVERS": "1",
        "INGESTD_QUEUE__MESSAGES_IN_FLIGHT_MAX": "12",  # so that no process takes the others' share
        "INGESTD_DEAD_LETTERS__BUCKET": BUCKET,
        "INGESTD_SINKS__MAIN__KIND": "opensearch",
        "INGESTD_SINKS__MAIN__URLS": url,
        "INGESTD_SINKS__MAIN__COMPRESS": "always",
        "INGESTD_HTTP__HOST": "127.0.0.1",
        "INGESTD_HTTP__PORT": str(port),
        "INGESTD_THREADS": "1",
        "INGESTD_LOG__LEVEL": "warning",
    }
    on_core = [] if core is None else ["taskset", "--cpu-list", str(core)]
    return subprocess.Popen([*on_core, sys.executable, "-m", "ingestd", "run"], env=outer | ours | more)


def ready(port: int) -> bool:
    try:
        return ask(f"http://127.0.0.1:{port}/readyz") == b"ok\n"
    except OSError:
        return False


def carried(processes: int, objects: int, body: bytes) -> tuple[list[float], float]:
    """CPU seconds of each process, and wall seconds, for the same objects."""
    cores = sorted(os.sched_getaffinity(0))
    with serving(body) as url, ExitStack() as stack:
        ports = [free_port() for _ in range(processes)]
        services = [started(url, port, cores[number % len(cores)]) for number, port in enumerate(ports)]
        for service in services:
            stack.callback(service.wait)
            stack.callback(service.terminate)
        until(lambda: all(ready(port) for port in ports), services)
        settled(url, processes * 4, services)  # whatever loads lazily is loaded by these
        before, began = [cpu_seconds(service.pid) for service in services], time.monotonic()
        settled(url, objects, services)
        return [
            cpu_seconds(service.pid) - used for service, used in zip(services, before, strict=True)
        ], time.monotonic() - began


def settled(url: str, objects: int, services: Sequence[subprocess.Popen[bytes]]) -> None:
    """So many objects announced, and their messages deleted; each line of them a document by then."""
    documents = seen(url)["documents"]
    ask(f"{url}/_announce?objects={objects}")
    until(lambda: seen(url)["messages"] == 0, services)
    if (got := seen(url)["documents"] - documents) != objects * LINES:
        raise RuntimeError(f"{got:,} documents of {objects * LINES:,} lines")


def seen(url: str) -> dict[str, int]:
    answer: dict[str, int] = json.loads(ask(f"{url}/_seen"))
    return answer


def until(is_so: Callable[[], bool], services: Sequence[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if any(service.poll() is not None for service in services):
            raise RuntimeError("a process has ended; its log says why")
        if time.monotonic() > deadline:
            raise TimeoutError(f"the processes are not done after {PATIENCE_SECONDS} seconds")
        time.sleep(0.05)


def measure(processes: int, objects: int, rounds: int) -> dict[str, object]:
    body = gzip.compress(b"".join(line + b"\n" for line in lines(formats()["alb"], LINES, 1, strange=0)), 6)
    ratios, shown = [], []
    for _ in range(rounds):
        one, one_wall = carried(1, objects, body)
        many, many_wall = carried(processes, objects, body)
        ratios.append(processes * sum(one) / sum(many))
        shown.append({"one": one, "each": many, "wall": [round(one_wall, 2), round(many_wall, 2)]})
    return {"processes": processes, "ratio": round(median(ratios), 3), "by": "CPU time", "rounds": shown}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--objects", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    result = measure(options.processes, options.objects, options.rounds)
    print(json.dumps(result))
    has_cores = options.processes <= len(os.sched_getaffinity(0))  # more than that take turns, and are only shown
    sys.exit(1 if has_cores and float(str(result["ratio"])) < RATIO_MIN * options.processes / 2 else 0)


if __name__ == "__main__":
    main()
