"""Which indices there will be, and what is in them: what the routes send to one sink, dataset by dataset.

The very names that the sink writes to: an index of its own for each dataset, or one that several share. A pattern names what
follows the name too (a year, `outliers`), so that `logs-*` cannot come to mean `logs-aws.cloudtrail` as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ingestd.config import OpenSearchSettings, Settings
from ingestd.formats.leaves import has_leaves
from ingestd.formats.registry import Format
from ingestd.setup.fields import fields_of

__all__ = ["Index", "fits", "indices_of"]


@dataclass(frozen=True, slots=True)
class Index:
    """Indices of one name that differ by date, or a data stream. `is_sensitive`: it holds a security dataset."""

    name: str
    datasets: tuple[str, ...]
    fields: Mapping[str, str]
    is_stream: bool
    is_sensitive: bool

    @property
    def patterns(self) -> tuple[str, ...]:
        """What its indices, and no others, are called when they are made."""
        return (self.name,) if self.is_stream else _dated(self.name, ("1", "2"), "outliers")

    @property
    def names(self) -> tuple[str, ...]:
        """The same for rights: also the name that stands for them all, and a stream's hidden indices."""
        return (self.name, *(_dated(f".ds-{self.name}", ("0", "1", "2")) if self.is_stream else self.patterns))


def fits(datasets: Iterable[str], globs: Iterable[str]) -> bool:
    """Whether one of the datasets fits one of the patterns."""
    globs = tuple(globs)
    return any(fnmatchcase(dataset, glob) for dataset in datasets for glob in globs)


def indices_of(settings: Settings, sink: str, formats: Mapping[str, Format]) -> list[Index]:
    """The indices of a sink, by name."""
    target = settings.sinks[sink]
    assert isinstance(target, OpenSearchSettings)
    held: dict[str, list[tuple[str, Format]]] = {}
    for dataset, form in _arrivals(settings, sink, formats):
        held.setdefault(target.index.format(dataset=dataset), []).append((dataset, form))
    return [_index(name, arrivals, settings, target.mode == "data_stream") for name, arrivals in sorted(held.items())]


def _index(name: str, arrivals: list[tuple[str, Format]], settings: Settings, is_stream: bool) -> Index:
    datasets = {dataset for dataset, _ in arrivals}
    forms = {form.name: form for _, form in arrivals}
    # A dataset's name is the route's to choose, and hides nothing: what the format is by itself decides too.
    is_sensitive = fits(datasets | {form.dataset for form in forms.values()}, settings.setup.security_datasets)
    return Index(name, tuple(sorted(datasets)), fields_of(forms.values()), is_stream, is_sensitive)


def _arrivals(settings: Settings, sink: str, formats: Mapping[str, Format]) -> Iterator[tuple[str, Format]]:
    """(dataset, format) of all that may come to the sink; what carries other formats may bring any of them."""
    every = [form for form in formats.values() if has_leaves(form)]
    if not settings.route:
        yield from ((form.dataset, form) for form in every)
    for route in settings.route:
        if route.drop or (route.sinks and sink not in route.sinks):
            continue
        is_one = route.format != "auto" and has_leaves(formats[route.format])
        for form in [formats[route.format]] if is_one else every:
            yield route.dataset or form.dataset, form


def _dated(name: str, beginnings: Iterable[str], *others: str) -> tuple[str, ...]:
    return (*(f"{name}-{beginning}*" for beginning in beginnings), *(f"{name}-{other}" for other in others))
