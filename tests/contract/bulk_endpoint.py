"""The bulk contract: what ingestd relies on of a bulk endpoint. The fake passes it, and so must a real server."""

from __future__ import annotations

import gzip
import io
import re
from typing import Any
from uuid import uuid4

import aiohttp
import orjson
import pytest

from ingestd.core.verdict import FILTER_PATH

__all__ = ["BulkEndpointContract"]

NDJSON = {"content-type": "application/x-ndjson"}
Pair = tuple[str, str, bytes]


def ndjson(*pairs: Pair) -> bytes:
    actions = [orjson.dumps({"create": {"_index": index, "_id": name}}) for index, name, _ in pairs]
    return b"".join(action + b"\n" + source + b"\n" for action, (_, _, source) in zip(actions, pairs, strict=True))


async def call(method: str, url: str, body: bytes, **headers: str) -> tuple[int, bytes]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, data=io.BytesIO(body), headers={"content-type": "application/json"} | headers) as answer,
    ):
        return answer.status, await answer.read()


async def bulk(url: str, body: bytes, **headers: str) -> tuple[int, bytes]:
    return await call("POST", f"{url}/_bulk?filter_path={FILTER_PATH}", body, **(NDJSON | headers))


def outcomes(answer: bytes) -> list[tuple[int, str]]:
    items: list[dict[str, Any]] = [item["create"] for item in orjson.loads(answer)["items"]]
    return [(item["status"], item.get("error", {}).get("type", "")) for item in items]


class BulkEndpointContract:
    """Inherit it, with fixtures `url` and `bytes_max` (the endpoint's limit on a request, below 2 MB)."""

    @pytest.fixture
    def index(self) -> str:
        return f"contract-{uuid4().hex}"

    async def test_all_well_is_answered_in_the_shortest_form(self, url: str, index: str) -> None:
        """With the filter, an answer in which all is well is these very bytes but for the time, whatever was sent."""
        status, answer = await bulk(url, ndjson((index, "1", b'{"n":1}'), (index, "2", b'{"n":2}')))
        assert status == 200
        assert re.fullmatch(rb'\{("took":\d+,"errors":false|"errors":false,"took":\d+),"items":\[.*\]\}', answer)
        assert answer.endswith(b',"items":[{"create":{"status":201}},{"create":{"status":201}}]}')

    async def test_the_same_id_again_is_a_conflict(self, url: str, index: str) -> None:
        """A second `create` of an id is answered 409, in its own place, and the first document stays."""
        await bulk(url, ndjson((index, "1", b'{"n":1}')))
        _, answer = await bulk(url, ndjson((index, "0", b'{"n":0}'), (index, "1", b'{"n":5}'), (index, "2", b'{"n":2}')))
        assert outcomes(answer) == [(201, ""), (409, "version_conflict_engine_exception"), (201, "")]

    async def test_the_same_id_twice_in_one_request_is_a_conflict(self, url: str, index: str) -> None:
        """Within one request too, the second document of an id is the one that is refused."""
        _, answer = await bulk(url, ndjson((index, "1", b'{"n":1}'), (index, "1", b'{"n":1}')))
        assert outcomes(answer) == [(201, ""), (409, "version_conflict_engine_exception")]

    async def test_gzip_is_understood(self, url: str, index: str) -> None:
        """A body may be gzip, if the header says so."""
        body = gzip.compress(ndjson((index, "1", b'{"n":1}')))
        assert (await bulk(url, body, **{"content-encoding": "gzip"}))[0] == 200

    @pytest.mark.parametrize("source", [b"{broken", b"[1]", b'{"n":"word"}'])
    async def test_a_faulty_document_is_refused_alone(self, url: str, index: str, source: bytes) -> None:
        """A document that is no JSON object, or breaks the mapping, is answered 400 in its place; the others go in."""
        await bulk(url, ndjson((index, "1", b'{"n":1}')))
        _, answer = await bulk(url, ndjson((index, "2", source), (index, "3", b'{"n":3}')))
        assert outcomes(answer) == [(400, "mapper_parsing_exception"), (201, "")]

    async def test_a_closed_index_fails_its_items_alone(self, url: str, index: str) -> None:
        """Items for a closed index are answered 400 index_closed_exception; those for others go in."""
        await bulk(url, ndjson((index, "1", b'{"n":1}')))
        await call("POST", f"{url}/{index}/_close", b"")
        _, answer = await bulk(url, ndjson((index, "2", b'{"n":2}'), (f"{index}-open", "2", b'{"n":2}')))
        assert outcomes(answer) == [(400, "index_closed_exception"), (201, "")]

    @pytest.mark.parametrize(("block", "status"), [("read_only_allow_delete", 429), ("write", 403)])
    async def test_a_blocked_index_fails_its_items(self, url: str, index: str, block: str, status: int) -> None:
        """A flood-stage block answers 429, a write block 403, both with cluster_block_exception."""
        await bulk(url, ndjson((index, "1", b'{"n":1}')))
        await call("PUT", f"{url}/{index}/_settings", orjson.dumps({f"index.blocks.{block}": True}))
        _, answer = await bulk(url, ndjson((index, "2", b'{"n":2}')))
        assert outcomes(answer) == [(status, "cluster_block_exception")]

    async def test_a_bad_index_name_fails_its_item(self, url: str, index: str) -> None:
        """An index name with capitals is answered 400 with a type of its own."""
        _, answer = await bulk(url, ndjson((index.upper(), "1", b'{"n":1}')))
        assert outcomes(answer) == [(400, "invalid_index_name_exception")]

    @pytest.mark.parametrize("body", [b"\n", ndjson(("a", "1", b'{"n":1}'))[:-1], b'{"crea\n{"n":1}\n'])
    async def test_a_malformed_body_is_refused_whole(self, url: str, body: bytes) -> None:
        """An empty body, one without its last newline and one with a broken action line are answered 400."""
        assert (await bulk(url, body))[0] == 400

    @pytest.mark.parametrize("zipped", [False, True])
    async def test_a_body_over_the_limit_is_refused_whole(self, url: str, index: str, bytes_max: int, zipped: bool) -> None:
        """The limit is on the bytes before compression; the answer is 413, and nothing went in."""
        body = ndjson((index, "1", b'{"s":"%s"}' % (b"x" * bytes_max)))
        headers = {"content-encoding": "gzip"} if zipped else {}
        assert (await bulk(url, gzip.compress(body) if zipped else body, **headers))[0] == 413
        assert outcomes((await bulk(url, ndjson((index, "1", b'{"n":1}'))))[1]) == [(201, "")]
