"""A real OpenSearch or Elasticsearch for tests, from Maven artefacts by a run.sh: prepared once, started on free ports.

`secure`: with the security plugin, by HTTPS, with one administrator; its CA's certificate is the node's `ca_file`.
Nothing is left behind: a server is stopped when its `with` ends, however it ends, and has its data in a folder of the test's.
"""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import orjson
import pytest

__all__ = ["ADMIN", "ELASTICSEARCH", "OPENSEARCH", "Node", "prepare", "started"]

OPENSEARCH = Path(__file__).parent / "opensearch" / "run.sh"
ELASTICSEARCH = Path(__file__).parent / "elasticsearch" / "run.sh"
START_SECONDS_MAX = 120.0
STOP_SECONDS_MAX = 30.0
POLL_SECONDS = 0.2
ENVIRONMENT = {"OS_HEAP": "512m"}
ADMIN = "admin"  # the name and the password of the plugin's own demonstration user
ADMIN_BASIC = base64.b64encode(f"{ADMIN}:{ADMIN}".encode()).decode()


def prepare(run: Path = OPENSEARCH, *, secure: bool = False) -> None:
    """Fetch and lay out the server, if that has not been done. Without Java or Maven: skip, but in CI fail."""
    done = subprocess.run([run, "prepare"], env=_environment(secure), capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return
    missing = "no JDK" in done.stderr or shutil.which("mvn") is None
    reason = f"no {run.parent.name} to test with: {done.stderr.strip() or 'mvn is missing'}"
    if missing and os.environ.get("CI") != "true":
        pytest.skip(reason)
    pytest.fail(reason)


class Node:
    """A server with its data in `data`, on one port for all its life, started and stopped as often as one likes."""

    def __init__(self, data: Path, settings: Mapping[str, str], *, secure: bool = False, run: Path = OPENSEARCH) -> None:
        self._run = run
        self.name = f"node-{uuid4().hex}"
        self.data = data
        self._secure = secure
        self._port = _free_port()
        self._arguments = [f"{key}={value}" for key, value in {**settings, "node.name": self.name}.items()]
        self._process: subprocess.Popen[bytes] | None = None
        data.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        return f"{'https' if self._secure else 'http'}://127.0.0.1:{self._port}"

    @property
    def ca_file(self) -> Path:
        """The certificate that its own is signed by."""
        return self.data / "config" / "root-ca.pem"

    @property
    def pid(self) -> int:
        """The server's own process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.data / "output.log").open("wb") as output:
            self._process = subprocess.Popen(
                [self._run, str(self._port), str(self.data), *self._arguments],
                env=_environment(self._secure),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C is ours: the server ends when we end it
            )
        self._wait(self._process)

    def kill(self) -> None:
        """As when the machine dies: no warning."""
        if self._process is not None:
            _stop(self._process, signal.SIGKILL)

    def stop(self) -> None:
        """As a server is stopped."""
        if self._process is not None:
            _stop(self._process, signal.SIGTERM, signal.SIGKILL)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        """Until this very server answers: another's may have taken the port."""
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(OSError, ValueError, KeyError):
                request = urllib.request.Request(self.url, headers={"authorization": f"Basic {ADMIN_BASIC}"})
                context = ssl.create_default_context(cafile=self.ca_file) if self._secure else None
                with urllib.request.urlopen(request, timeout=5.0, context=context) as answer:
                    if orjson.loads(answer.read())["name"] == self.name:
                        return
            time.sleep(POLL_SECONDS)
        log = (self.data / "output.log").read_text(errors="replace")
        pytest.fail(f"the server did not start:\n{log[-4000:]}")


@contextlib.contextmanager
def started(data: Path, settings: Mapping[str, str], *, secure: bool = False, run: Path = OPENSEARCH) -> Iterator[Node]:
    """A running server with its data in `data`."""
    node = Node(data, settings, secure=secure, run=run)
    try:
        node.start()
        yield node
    finally:
        node.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(secure: bool) -> dict[str, str]:
    return os.environ | ENVIRONMENT | {"OS_SECURITY": "1" if secure else "0"}


def _stop(process: subprocess.Popen[bytes], *signals: signal.Signals) -> None:
    for number in signals:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS_MAX)
            return
