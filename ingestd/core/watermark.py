"""How far an ordered list has been worked off, when its parts end in any order."""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["Watermark"]


class Watermark:
    """`after`: this key and all that were begun before it have ended. What is not known to have ended is done again."""

    def __init__(self, after: str = "", beyond: Collection[str] = ()) -> None:
        self.after = after
        self._beyond = set(beyond)  # ended behind the mark, as a former run knew
        self._open: dict[str, bool] = {}  # in the order in which they began; whether they have ended

    @property
    def beyond(self) -> list[str]:
        """Keys behind the mark that have ended, in order."""
        return sorted({key for key, ended in self._open.items() if ended} | {key for key in self._beyond if key > self.after})

    def begin(self, key: str) -> bool:
        """The next key of the list; False if it has ended before."""
        is_new = key > self.after and key not in self._beyond
        self._open[key] = not is_new
        if not is_new:
            self._advance()
        return is_new

    def end(self, key: str) -> None:
        """A key that was begun has come to its end."""
        self._open[key] = True
        self._advance()

    def _advance(self) -> None:
        for key, ended in list(self._open.items()):
            if not ended:
                return
            del self._open[key]
            self._beyond.discard(key)
            self.after = max(self.after, key)
