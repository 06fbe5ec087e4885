"""What a running service takes of a new configuration, and what it refuses."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ingestd.config import EnrichSettings, OpenSearchSettings, RouteSettings, Settings
from ingestd.config.changes import changes, safe_changes
from ingestd.config.mistakes import ConfigError, Mistake
from ingestd.errors import Fatal
from ingestd.service import Service
from tests.fakes.enrichment import city
from tests.fakes.mmdb import database
from tests.test_service import ALB, World, log, world

SINK = OpenSearchSettings(urls=("http://a",))
OLD = Settings(sinks={"main": SINK})


def changed(**sections: Any) -> Settings:
    """OLD with some settings of its sections changed."""
    update = {
        name: getattr(OLD, name).model_copy(update=value) if isinstance(value, dict) else value
        for name, value in sections.items()
    }
    return OLD.model_copy(update=update)


def with_sink(**values: Any) -> Settings:
    return OLD.model_copy(update={"sinks": {"main": SINK.model_copy(update=values)}})


SAFE: dict[str, Settings] = {
    "log.level": changed(log={"level": "debug"}),
    "route": changed(route=(RouteSettings(key="x", drop=True),)),
    "memory.budget_bytes": changed(memory={"budget_bytes": 1 << 29}),
    "queue.messages_in_flight_max": changed(queue={"messages_in_flight_max": 7}),
    "retry.ceiling_seconds": changed(retry={"ceiling_seconds": 99.0}),
    "sinks.main.batch_seconds": with_sink(batch_seconds=9.0),
    "sinks.main.permits_max": with_sink(permits_max=99),
}
UNSAFE: dict[str, Settings] = {
    "queue.url": changed(queue={"url": "https://sqs.eu-west-1.amazonaws.com/123456789012/q"}),
    "queue.visibility_seconds": changed(queue={"visibility_seconds": 99}),
    "sinks.main.index": with_sink(index="other"),
    "sinks.main.urls": with_sink(urls=("http://b",)),
    "sinks.copy": OLD.model_copy(update={"sinks": {"main": SINK, "copy": SINK}}),
    "threads": OLD.model_copy(update={"threads": 9}),
    "events.days_past": changed(events={"days_past": 9}),
    "http.port": changed(http={"port": 1}),
}


@pytest.mark.parametrize("path", SAFE)
def test_what_may_change(path: str) -> None:
    """It is found, and it alone."""
    assert safe_changes(OLD, SAFE[path]) == [path]


@pytest.mark.parametrize("path", UNSAFE)
def test_what_takes_a_restart(path: str) -> None:
    """It is refused by name, also beside something that could be taken."""
    new = UNSAFE[path].model_copy(update={"drain_seconds": 9.0})
    assert set(changes(OLD, new)) == {path, "drain_seconds"}
    with pytest.raises(Fatal) as caught:
        safe_changes(OLD, new)
    assert caught.value.fields == {"settings": [path]}


async def reloaded(
    around: World, monkeypatch: pytest.MonkeyPatch, update: Any, enrich: EnrichSettings | None = None
) -> dict[str, Any]:
    """What `/stats` says after a running service was given other settings."""
    told: dict[str, Any] = {}
    run = Service.run

    async def running(self: Service, stop: asyncio.Event, clients: Any) -> None:
        async def change() -> None:
            while self.state not in ("ready", "draining"):  # noqa: ASYNC110 - it has no event to wait for
                await asyncio.sleep(0.01)
            self.reload(lambda: update(self.settings))
            told.update(reload=self.telemetry.notes["reload"](), gauges=self.telemetry.snapshot().gauges)
            around.announce("drop/a.log", log(ALB, 3))
            around.announce("keep/a.log", log(ALB, 4))

        task = asyncio.create_task(change())
        await run(self, stop, clients)
        await task

    monkeypatch.setattr(Service, "run", running)
    around.announce("keep/0.log", log(ALB, 1))
    told["stats"] = await around.serve(sinks="main", enrich=enrich)
    return told


async def test_a_running_service_takes_what_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    """A route, the budget and the permits, from the next object on."""

    def update(settings: Settings) -> Settings:
        routes = (RouteSettings(key="^drop/", drop=True), RouteSettings(sinks=("main",)))
        sink = settings.sinks["main"].model_copy(update={"permits_max": 2})
        memory = settings.memory.model_copy(update={"budget_bytes": 1 << 26})
        return settings.model_copy(update={"route": routes, "memory": memory, "sinks": {"main": sink}})

    async with world() as around:
        told = await reloaded(around, monkeypatch, update)
        assert told["reload"]["outcome"] == "taken"
        assert set(told["reload"]["changed"]) == {"route", "memory.budget_bytes", "sinks.main.permits_max"}
        assert told["gauges"]["budget_bytes"] == {"": 1 << 26}
        assert told["gauges"]["permits"] == {"main": 2}
        assert told["gauges"]["reload_refused"] == {"": 0}
        assert told["stats"].counters["reloads"] == {"taken": 1}


async def test_a_running_service_reads_files_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that was replaced counts from the next object on, though no setting differs."""
    path = tmp_path / "city.mmdb"
    path.write_bytes(database({"0.0.0.0/0": city("before")}))

    def update(settings: Settings) -> Settings:
        (tmp_path / "new").write_bytes(database({"0.0.0.0/0": city("after")}))
        (tmp_path / "new").replace(path)
        return settings

    async with world() as around:
        told = await reloaded(around, monkeypatch, update, EnrichSettings(geoip_files=(str(path),)))
        assert (told["reload"]["outcome"], told["reload"]["changed"]) == ("taken", ["enrich"])
        found = [
            document for document in around.bulk.documents.values() if document["aws"]["s3"]["object"]["key"][-5:] == "a.log"
        ]
        assert [document["source"]["geo"]["city_name"] for document in found] == ["after"] * 7


def wrong(_: Settings) -> Settings:
    raise ConfigError([Mistake("http.port", "0.5", "a port", "file")])


def unsafe(settings: Settings) -> Settings:
    return settings.model_copy(update={"threads": 9, "drain_seconds": 3.0})


@pytest.mark.parametrize(("update", "why"), [(wrong, "http.port"), (unsafe, "threads")])
async def test_a_running_service_refuses_the_rest_whole(update: Any, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on as it was, and says why."""
    async with world() as around:
        told = await reloaded(around, monkeypatch, update)
        assert told["reload"]["outcome"] == "refused"
        assert why in told["reload"]["why"]
        assert told["gauges"]["reload_refused"] == {"": 1}
        assert told["stats"].outcome("lines", "accepted") >= 1
