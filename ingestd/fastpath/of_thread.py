"""What each worker thread has of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["OfThread"]

Own = TypeVar("Own")


class OfThread(threading.local, Generic[Own]):
    """`own` is this thread's, made when it first asks: what it holds is reached as in any other object from there on."""

    def __init__(self, make: Callable[[], Own]) -> None:
        self.own = make()
