"""OpenSearch and Elasticsearch, by bulk: documents are sent as they were encoded, with `create` and an id of their own.

A document that is sent again (a lost answer, a redelivered message, a killed process) meets itself: 409, which is success.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from ipaddress import ip_address
from urllib.parse import urlencode, urlsplit

import orjson

from ingestd.config import EventSettings, OpenSearchSettings
from ingestd.core.verdict import FILTER_PATH, bulk_verdict, request_failed
from ingestd.errors import Fatal, Retryable
from ingestd.model import Batch, BatchLimits, Framing, Verdict
from ingestd.sinks.cluster import Answer, Cluster
from ingestd.sinks.gzipped import gzipped
from ingestd.sinks.payload import Pieces

__all__ = ["OpenSearchSink", "framing_by", "limits_of"]

SLOW_SHARE = 1 / 6  # of the timeout, behind which the work is done twice: 5 s of 30
PIECES_MAX = 64  # of a body; many small ones (what came back of a batch) are joined: a write costs more than a copy then
BULK = f"/_bulk?{urlencode({'filter_path': FILTER_PATH})}"  # written out once: it is the same for each request
EMPTY_BULK_ERRORS = ("action_request_validation_exception", "parse_exception")


def limits_of(settings: OpenSearchSettings) -> BatchLimits:
    """What a request may be."""
    count_max, bytes_max = settings.batch_count_max, settings.batch_bytes_max
    slow_seconds = settings.timeout_seconds * SLOW_SHARE
    return BatchLimits(count_max, bytes_max, settings.batch_seconds, slow_seconds)


def framing_by(settings: OpenSearchSettings, dataset: str, events: EventSettings) -> Framing:
    """How documents of `dataset` are encoded for such a cluster."""
    index, mode = settings.index.format(dataset=dataset), settings.mode
    return Framing(
        dataset=dataset,
        action=True,
        index=index,
        period="none" if mode == "data_stream" else mode,
        outlier_index=index if mode == "data_stream" else f"{index}-outliers",
        days_past=events.days_past,
        days_ahead=events.days_ahead,
        original=events.original,
    )


class OpenSearchSink:
    """One cluster as a sink. `executor`: threads for compressing (None: the loop's own)."""

    kind = "opensearch"

    def __init__(self, name: str, settings: OpenSearchSettings, cluster: Cluster, executor: Executor | None = None) -> None:
        self.name = name
        self.limits = limits_of(settings)
        self._settings = settings
        self._cluster = cluster
        self._executor = executor
        self._headers = {"content-type": "application/x-ndjson"}
        self.compresses = _compresses(settings)
        if self.compresses:
            self._headers["content-encoding"] = "gzip"

    def framing(self, dataset: str, events: EventSettings) -> Framing:
        return framing_by(self._settings, dataset, events)

    async def send(self, batch: Batch) -> Verdict:
        items = len(batch)
        if not items:
            return Verdict(0)
        try:
            answer = await self._bulk(await self._body([part.data for part in batch.parts]))
        except Retryable as error:
            return request_failed(error.reason, items)
        return bulk_verdict(answer.status, answer.body, items, answer.after_seconds)

    async def check(self) -> None:
        """An empty bulk: it meets the same address, certificate and credentials as a full one, and writes nothing."""
        try:
            answer = await self._bulk(await self._body([b"\n"]))
        except Retryable as error:
            if error.reason in ("certificate", "credentials"):
                raise Fatal(error.message, reason=error.reason) from error
            raise
        if answer.status in (429, 500, 502, 503, 504):
            raise Retryable("the cluster is not ready", reason="unavailable", status=answer.status)
        if answer.status in (401, 403):
            raise Fatal("the cluster refuses these credentials", reason="unauthorized", status=answer.status)
        if answer.status != 400 or _error_type(answer) not in EMPTY_BULK_ERRORS:
            raise Fatal("this does not answer as a bulk endpoint does", reason="bad_answer", status=answer.status)

    async def close(self) -> None:
        await self._cluster.close()

    async def _bulk(self, body: Pieces) -> Answer:
        return await self._cluster.request("POST", BULK, params={}, headers=self._headers, body=body)

    async def _body(self, pieces: Pieces) -> Pieces:
        if self.compresses:
            return [await asyncio.get_running_loop().run_in_executor(self._executor, gzipped, pieces)]
        return pieces if len(pieces) <= PIECES_MAX else [b"".join(pieces)]


def _compresses(settings: OpenSearchSettings) -> bool:
    """`auto`: everywhere but on this very machine, where bytes cost nothing and compressing does."""
    if settings.compress == "auto":
        return not all(_is_loopback(urlsplit(url).hostname or "") for url in settings.urls)
    return settings.compress == "always"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _error_type(answer: Answer) -> str:
    try:
        return str(orjson.loads(answer.body)["error"]["type"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
