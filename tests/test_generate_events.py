"""Generated envelopes hold as many events as wanted, whose ids are as CloudWatch's and end with their place."""

from __future__ import annotations

import orjson
import pytest

from ingestd.core.envelope import carried
from ingestd.formats.registry import formats
from ingestd.generate_events import EVENT_DIGITS, control_message, envelopes, group_of
from ingestd.model import Source

SOURCE = Source("bucket", "key", "etag", 0.0)


@pytest.mark.parametrize("name", ["lambda_logs", "apigateway", "apigateway_execution", "events"])
def test_envelopes(name: str) -> None:
    """Every line is an event, in order, of a log group that is told by the format; another number gives other ids."""
    table = formats()[name]
    made = list(envelopes(table, 1000, 3, strange=0.1))
    assert made == list(envelopes(table, 1000, 3, strange=0.1))
    ids = [each for envelope in made for each in envelope.ids]
    assert [int(each[-EVENT_DIGITS:]) for each in ids] == list(range(1000))
    assert {len(each) for each in ids} == {56}
    assert not set(ids) & {each for envelope in envelopes(table, 1000, 3, number=1) for each in envelope.ids}
    assert len(made) > 3
    for envelope in made:
        groups, rejects = carried(envelope.data, 0, SOURCE)
        events = [group.block.events for group in groups if group.block.events]
        assert sorted(each for event in events for each in event.ids) == list(envelope.ids)
        assert {group.source.carrier.group for group in groups if group.source.carrier} == {group_of(table)}
        assert not rejects


def test_a_control_message() -> None:
    """It is an envelope of no events."""
    assert carried(control_message(), 0, SOURCE) == ([], [])
    assert orjson.loads(control_message())["messageType"] == "CONTROL_MESSAGE"
