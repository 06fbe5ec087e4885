"""A soak as a picture: what was put and came to rest, memory, descriptors and tasks over time, and what befell it meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.soak.services import Watched
from tests.soak.watch import MIB, Sample
from tests.soak.weather import Episode

__all__ = ["Account", "draw"]

COLOURS = {"lives on": "#1769c4", "dies now and then": "#d97a00"}
ILL_COLOURS = {"S3": "#7a9a3a", "SQS": "#9a6bb3", "bulk": "#c02627"}
SMOOTH_SECONDS = 10.0
HEADROOM = 1.2  # for the legend

Account = tuple[float, int, int]  # at, lines put, lines that came to rest


def draw(
    path: Path, title: str, accounts: Sequence[Account], services: dict[str, Watched], episodes: Sequence[Episode]
) -> None:
    """Write the PNG."""
    with mpl.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(12, 13), layout="constrained")
        axes = figure.subplots(6, 1, sharex=True)
        figure.suptitle(title)
        _throughput(axes[0], accounts)
        _conservation(axes[1], accounts, services)
        for axis, name, value in (
            (axes[2], "resident memory, MiB", lambda each: each.resident_bytes / MIB),
            (axes[3], "read and not settled, MiB", lambda each: _over_mib(each.in_flight_bytes)),
            (axes[4], "file descriptors", lambda each: each.descriptors),
            (axes[5], "tasks of the event loop", lambda each: each.tasks),
        ):
            axis.set_ylabel(name)
            for who, watched in services.items():
                for number, life in enumerate(watched.lives):
                    _line(axis, life, value, COLOURS[who], who if number == 0 else "")
        for axis in axes:
            axis.set_ylim(0, axis.get_ylim()[1] * HEADROOM)
            _befallen(axis, services, episodes)
            axis.legend(loc="upper left", fontsize=7, ncols=8)
        axes[-1].set_xlabel("minutes (shaded: a service was black-holed, reset, half open or slow; dotted: a process died)")
        figure.savefig(path, dpi=90)


def _over_mib(size: int | None) -> float | None:
    return None if size is None else size / MIB


def _line(axis: Axes, life: Sequence[Sample], value: object, colour: str, label: str) -> None:
    assert callable(value)
    seen = [(each.at / 60, found) for each in life if (found := value(each)) is not None]
    axis.plot([at for at, _ in seen], [found for _, found in seen], color=colour, linewidth=0.9, label=label)


def _throughput(axis: Axes, accounts: Sequence[Account]) -> None:
    axis.set_ylabel("lines a second")
    for place, name, colour in ((1, "put", "#9aa5b1"), (2, "came to rest", "#1a8f4a")):
        at, rates, last = [], [], accounts[0]
        for account in accounts:
            if account[0] - last[0] >= SMOOTH_SECONDS:
                at.append(account[0] / 60)
                rates.append((account[place] - last[place]) / (account[0] - last[0]))
                last = account
        axis.plot(at, rates, color=colour, linewidth=1.2, label=name)


def _conservation(axis: Axes, accounts: Sequence[Account], services: dict[str, Watched]) -> None:
    axis.set_ylabel("lines not at rest")
    axis.plot(
        [at / 60 for at, _, _ in accounts],
        [put - settled for _, put, settled in accounts],
        color="#1a8f4a",
        linewidth=1.2,
        label="put and not at rest, by the oracle",
    )
    for who, watched in services.items():
        for number, life in enumerate(watched.lives):
            _line(axis, life, _under_way, COLOURS[who], f"read and not at rest: {who}" if number == 0 else "")


def _under_way(seen: Sample) -> int | None:
    return None if seen.lines_read is None or seen.lines_rested is None else seen.lines_read - seen.lines_rested


def _befallen(axis: Axes, services: dict[str, Watched], episodes: Sequence[Episode]) -> None:
    named: set[str] = set()
    for each in episodes:
        label = "" if each.service in named else f"{each.service} ill"
        named.add(each.service)
        axis.axvspan(each.begin / 60, each.end / 60, color=ILL_COLOURS[each.service], alpha=0.18, linewidth=0, label=label)
    for watched in services.values():
        for at in watched.ended_at:
            axis.axvline(at / 60, color="#000000", linewidth=0.5, linestyle=":", alpha=0.6)
