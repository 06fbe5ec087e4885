"""A machine on which nothing can be written, or that does not take what is said: the service needs neither."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from ingestd.demo.cloud import Cloud
from tests.fakes.bulk import FakeBulk
from tests.faults.logs import assert_whole, put_logs
from tests.integration.service import PATIENCE_SECONDS, environment

READ_ONLY = ["unshare", "--mount", "sh", "-c", 'mount --bind / / && mount -o remount,ro,bind / && exec "$@"', "sh"]


def no_file_grows() -> None:
    """A full disk, as a process sees it: not a byte more in any file."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


@contextmanager
def running(
    environ: dict[str, str], out: int, prefix: list[str] | None = None, before: Callable[[], None] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    command = [*(prefix or []), sys.executable, "-m", "ingestd", "run"]
    process = subprocess.Popen(command, env=environ, stdout=out, stderr=subprocess.STDOUT, preexec_fn=before)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def empty(cloud: Cloud, process: subprocess.Popen[bytes]) -> None:
    """Wait until the queue holds nothing."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await cloud.backlog():
            assert process.poll() is None
            await asyncio.sleep(0.2)


async def test_a_full_disk_does_not_matter(cloud: Cloud, bulk: FakeBulk) -> None:
    """No file can grow by a byte: everything arrives all the same."""
    wanted = await put_logs(cloud, 4, 500)
    with running(environment(cloud, sinks__opensearch__urls=bulk.url), subprocess.DEVNULL, before=no_file_grows) as process:
        await empty(cloud, process)
        process.terminate()
        assert await asyncio.to_thread(process.wait, PATIENCE_SECONDS) == 0
    assert_whole(bulk, wanted)


@pytest.mark.skipif(
    not shutil.which("unshare") or subprocess.run([*READ_ONLY, "true"], capture_output=True).returncode != 0,
    reason="a root that is read-only needs mount namespaces",
)
async def test_a_read_only_root_does_not_matter(cloud: Cloud, bulk: FakeBulk) -> None:
    """As the image is run: everything arrives."""
    wanted = await put_logs(cloud, 4, 500)
    with running(environment(cloud, sinks__opensearch__urls=bulk.url), subprocess.DEVNULL, READ_ONLY) as process:
        await empty(cloud, process)
        process.terminate()
        assert await asyncio.to_thread(process.wait, PATIENCE_SECONDS) == 0
    assert_whole(bulk, wanted)


async def test_nobody_reads_what_is_said(cloud: Cloud, bulk: FakeBulk) -> None:
    """Standard error is a pipe that is full and never emptied: everything arrives, and the process stops when told to."""
    wanted = await put_logs(cloud, 4, 500)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, bytes(1 << 16))
    os.set_blocking(writer, True)
    try:
        with running(environment(cloud, sinks__opensearch__urls=bulk.url), writer) as process:
            await empty(cloud, process)
            process.terminate()
            assert await asyncio.to_thread(process.wait, PATIENCE_SECONDS) == 0
    finally:
        os.close(reader)
        os.close(writer)
    assert_whole(bulk, wanted)
