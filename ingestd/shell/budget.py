"""The memory budget, in bytes: taken before anything is read, given back when what was made of it has come to rest."""

from __future__ import annotations

import asyncio
from collections import deque

__all__ = ["Budget"]


class Budget:
    """First come, first served. What is larger than all of it is let through alone, so that nothing can wait for ever.

    What stands is held by those who will ask for more, and may give nothing back before they have it: it counts, but who finds
    nothing else taken is let through as if alone.
    """

    def __init__(self, total_bytes: int) -> None:
        self.total_bytes = total_bytes
        self.taken_bytes = 0
        self.standing_bytes = 0  # of those taken
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def is_free(self) -> bool:
        """Whether there is room and nobody waits for it."""
        return self.taken_bytes < self.total_bytes and not self._waiting

    def change(self, total_bytes: int) -> None:
        """Another size from now on; what is held over it comes to rest first."""
        self.total_bytes = total_bytes
        self._wake()

    async def take(self, amount: int) -> None:
        """Wait until `amount` bytes fit, then hold them."""
        if not self._waiting and self._fits(amount):
            self.taken_bytes += amount
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((amount, future))
        try:
            await future
        except asyncio.CancelledError:
            if not future.cancelled():
                self.give(amount)
            elif (amount, future) in self._waiting:  # else its turn came after it had been cancelled
                self._waiting.remove((amount, future))
                self._wake()
            raise

    def correct(self, change: int) -> None:
        """The amount taken turned out to be more or less: hold the real one, even if that is over the total for a while."""
        self.taken_bytes += change
        if change < 0:
            self._wake()

    def stand(self, change: int) -> None:
        """So much more (or less) is held by who has been let through, and will come again."""
        self.standing_bytes += change
        self.correct(change)

    def give(self, amount: int) -> None:
        """Give bytes back."""
        self.taken_bytes -= amount
        self._wake()

    def _fits(self, amount: int) -> bool:
        return self.taken_bytes + amount <= self.total_bytes or self.taken_bytes <= self.standing_bytes

    def _wake(self) -> None:
        while self._waiting and self._fits(self._waiting[0][0]):
            amount, future = self._waiting.popleft()
            if not future.done():
                self.taken_bytes += amount
                future.set_result(None)
