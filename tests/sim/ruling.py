"""The rules that some seeds have, and what the oracle knows of them: which lines they keep, and what documents must not show.

What is kept is said here by the line itself: by the digits of its mark, and by the draw of the id that its document would have.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from ingestd.config import ConditionSettings, RuleSettings
from ingestd.core.identity import object_id
from ingestd.core.sampling import draw, seed
from ingestd.model import Source
from tests.sim.content import ADDRESS, BUCKET, EVENTS, Line, Version

__all__ = ["NO_RULING", "Ruling", "ruling"]

SHARE = 0.25  # of seeds
MARKED_BY = {"alb": "url.path", "cloudfront": "url.path", "lambda_logs": "message", "lambda_json": "message"}


@dataclass(frozen=True)
class Ruling:
    """Lines whose mark has `dropped` in it are dropped, of the others one of `one_in` is kept, without their address."""

    dropped: str = ""
    one_in: int = 1
    is_redacting: bool = False

    def rules(self) -> tuple[RuleSettings, ...]:
        """As the settings have them."""
        made: list[RuleSettings] = []
        for field in dict.fromkeys(MARKED_BY.values()) if self.dropped else ():
            when = ConditionSettings.model_construct(field=field, contains=(self.dropped,))
            formats = tuple(form for form, marked in MARKED_BY.items() if marked == field)
            made.append(RuleSettings.model_construct(name=f"by {field}", action="drop", formats=formats, when=(when,)))
        if self.one_in > 1:
            made.append(RuleSettings.model_construct(name="some", action="sample", formats=(*MARKED_BY,), one_in=self.one_in))
        if self.is_redacting:
            made.append(RuleSettings.model_construct(name="who", action="redact", fields=("source.ip",)))
        return tuple(made)

    def drops(self, found: Version, line: Line) -> bool:
        """Whether no document may be made of a line that could become one."""
        if self.dropped and self.dropped in f"{line.mark:06d}":
            return True
        if found.format == EVENTS:
            drawn = draw(seed(line.event), 0)
        else:
            drawn = draw(seed(object_id(Source(BUCKET, found.key, found.etag, 0.0))), line.offset)
        return drawn % self.one_in != 0

    def shows_too_much(self, document: bytes) -> bool:
        """Whether a document shows what is redacted."""
        return self.is_redacting and ADDRESS in document


NO_RULING = Ruling()


def ruling(number: int) -> Ruling:
    """The rules of a seed, mostly none; the rest of its plan does not hang on them."""
    random = Random(f"{number}/rules")
    if random.random() >= SHARE:
        return NO_RULING
    return Ruling(random.choice(("", "3", "57")), random.choice((1, 2, 5)), random.random() < 0.5)
