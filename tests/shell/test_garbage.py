"""The garbage collector leaves alone what was there before the work."""

from __future__ import annotations

import gc
import weakref

from ingestd.shell.garbage import NEW_OBJECTS, set_apart


class Knot:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.itself = self


def test_what_was_there_is_set_apart_and_what_is_made_is_collected() -> None:
    """Within, what was there is no longer looked at, and a cycle made there is found; behind it all is as before."""
    before = gc.get_threshold()
    old: list[object] = [object()]
    with set_apart():
        assert gc.get_freeze_count() > 0
        assert not any(each is old for each in gc.get_objects())
        assert gc.get_threshold()[0] == NEW_OBJECTS
        knot = weakref.ref(Knot())
        gc.collect()
        assert knot() is None
    assert (gc.get_freeze_count(), gc.get_threshold()) == (0, before)
    assert any(each is old for each in gc.get_objects())
