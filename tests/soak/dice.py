"""How often a call goes wrong, and in which way."""

from __future__ import annotations

from collections import Counter
from random import Random

__all__ = ["RATES", "Dice"]

RATES = {
    **{f"{service}.refused": 0.02 for service in ("s3", "put", "sqs", "bulk")},
    **{f"{service}.lost_request": 0.01 for service in ("s3", "put", "sqs", "bulk")},
    **{f"{service}.lost_answer": 0.02 for service in ("put", "sqs", "bulk")},
    **{f"{service}.silent": 0.003 for service in ("s3", "put", "sqs", "bulk")},
    "s3.cut": 0.05,
    "sqs.duplicate": 0.005,
    "sqs.item_failed": 0.01,
    "sqs.back": 0.01,
    "sqs.strange": 0.005,
    "bulk.throttled": 0.02,
    "bulk.items_failed": 0.06,
    "bulk.strange": 0.01,
}


class Dice:
    """`fired`: how often each fault was felt. After `rest` there are none."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.fired: Counter[str] = Counter()
        self._is_over = False

    def hits(self, fault: str) -> bool:
        """Whether it happens this time."""
        if self._is_over or self.random.random() >= RATES[fault]:
            return False
        self.fired[fault] += 1
        return True

    def rest(self) -> None:
        """From now on all goes well."""
        self._is_over = True
