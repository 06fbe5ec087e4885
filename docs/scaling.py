"""Autoscaling before it costs anything: the stack's rule, and a target of messages for each task, against a peak.

`python docs/scaling.py` writes docs/scaling.svg and prints what each rule comes to. What is simulated: arrivals, tasks that
take a minute to start and carry so many messages a second, a sink that may be the limit, CloudWatch's metrics of each minute,
and a target tracking policy as AWS describes it: out when three minutes in a row are above the target, in when fifteen are a
tenth below it, to as many tasks as would meet the target, not more often than the cooldowns allow. The rate is measured by
the service's own code.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

from ingestd.core.capacity import Capacity

__all__ = ["RULES", "Run", "arrivals", "simulate", "svg"]

MINUTE = 60
MINUTES = 120
TASK = 20.0  # messages a second that a task carries
BASE, PEAK = 10.0, 200.0  # messages a second; twenty times within five minutes
PEAK_FROM, PEAK_UNTIL = 20 * MINUTE, 50 * MINUTE
RAMP = 5 * MINUTE
TASKS_MIN, TASKS_MAX = 1, 20
START_SECONDS = 60
OUT_MINUTES, IN_MINUTES = 3, 15
OUT_COOLDOWN, IN_COOLDOWN = 60, 300
HELD_MAX = 200  # queue.messages_in_flight_max


@dataclass(frozen=True, slots=True)
class Minute:
    """What CloudWatch knows of a minute."""

    messages: float
    tasks: int
    rate: float | None
    sink_limited: float
    cpu: float


def cpu(minute: Minute) -> float:
    """The stack's other policy, which goes with either rule: the CPU that is used, of 75 %."""
    return minute.cpu / 0.75


def backlog_per_task(minute: Minute) -> float:
    """(visible + in flight) / tasks, of 300."""
    return minute.messages / minute.tasks / 300


def drain_time(minute: Minute) -> float:
    """Backlog at the measured rate of all tasks, of 60 seconds.

    At most twice the target, so that the tasks at most double before there is something new to see; and a little below it while
    the sink is the limit: then more of them bring nothing, and some of those that there are may go.
    """
    if minute.sink_limited > 0.5:
        return 0.85
    if not minute.messages or not minute.rate:
        return 0.0
    return min(minute.messages / (minute.rate * minute.tasks) / 60, 2.0)


RULES: dict[str, Callable[[Minute], float]] = {"messages per task": backlog_per_task, "drain time": drain_time}


def arrivals(second: int) -> float:
    """Messages that come in a second."""
    up = min(max((second - PEAK_FROM) / RAMP, 0.0), 1.0)
    down = min(max((second - PEAK_UNTIL) / RAMP, 0.0), 1.0)
    return BASE + (PEAK - BASE) * (up - down)


@dataclass
class Run:
    """What came of it: a value a minute. `held` are what all tasks have in flight."""

    backlog: list[float] = field(default_factory=list)
    tasks: list[int] = field(default_factory=list)

    @property
    def task_hours(self) -> float:
        return sum(self.tasks) / 60

    @property
    def late_minutes(self) -> int:
        """Minutes in which what waits is more than two minutes of what comes."""
        return sum(waits > 120 * arrivals(index * MINUTE) for index, waits in enumerate(self.backlog))


def simulate(rule: Callable[[Minute], float], sink: float = float("inf")) -> Run:
    """A peak under a rule, with a sink that takes `sink` messages a second."""
    run, capacity = Run(), Capacity()
    waiting, desired, ready = 0.0, TASKS_MIN, [0] * TASKS_MIN
    policies = {policy: deque[float](maxlen=IN_MINUTES) for policy in (rule, cpu)}
    done, limited, used, changed_at = 0.0, 0, 0.0, -IN_COOLDOWN
    for second in range(MINUTES * MINUTE):
        running = sum(at <= second for at in ready)
        could = running * TASK
        carried = min(waiting + arrivals(second), could, sink)
        waiting += arrivals(second) - carried
        limited += sink < could and waiting > 0
        done, used = done + carried / running, used + carried / could
        capacity.look(done, 1.0, is_working=True)
        if second % MINUTE:
            continue
        in_flight = min(waiting, running * HELD_MAX) + carried
        minute = Minute(max(waiting, in_flight), running, capacity.per_second, limited / MINUTE, used / MINUTE)
        limited, used = 0, 0.0
        for policy, values in policies.items():
            values.append(policy(minute))
        # The policy that wants most decides: tasks go only when both agree.
        desired = max(_tracked(values, desired, second - changed_at) for values in policies.values())
        if desired != len(ready):
            changed_at = second
        ready = ready[:desired] + [second + START_SECONDS] * (desired - len(ready))
        run.backlog.append(waiting)
        run.tasks.append(len(ready))
    return run


def _tracked(values: deque[float], desired: int, since: int) -> int:
    """How many tasks target tracking wants; `values` are shares of the target."""
    latest = list(values)
    if len(latest) >= OUT_MINUTES and min(latest[-OUT_MINUTES:]) > 1 and since >= OUT_COOLDOWN:
        return min(max(ceil(desired * latest[-1]), desired), TASKS_MAX)
    if len(latest) == IN_MINUTES and max(latest) < 0.9 and since >= IN_COOLDOWN:
        return max(min(ceil(desired * latest[-1]), desired), TASKS_MIN)
    return desired


WIDE, HIGH, GAP = 760, 150, 40
COLOURS = ("#1769c4", "#c02627")


def svg(runs: dict[str, dict[str, Run]]) -> str:
    """Backlog and tasks of each scene over time, the rules side by side in each."""
    parts, top = [], 30
    for scene, by_rule in runs.items():
        for title, of in (("messages waiting", "backlog"), ("tasks", "tasks")):
            lines = {name: [float(value) for value in getattr(run, of)] for name, run in by_rule.items()}
            most = max(max(values) for values in lines.values()) or 1.0
            parts.append(f'<text x="50" y="{top - 8}" class="t">{scene}: {title}, at most {most:,.0f}</text>')
            parts.append(f'<path d="M50 {top}V{top + HIGH}H{50 + WIDE}" class="a"/>')
            for colour, (name, values) in zip(COLOURS, lines.items(), strict=True):
                points = [
                    f"{50 + WIDE * index / (MINUTES - 1):.1f} {top + HIGH * (1 - value / most):.1f}"
                    for index, value in enumerate(values)
                ]
                parts.append(f'<path d="M{"L".join(points)}" stroke="{colour}" class="l"/>')
                place = 50 + WIDE - 150
                parts.append(f'<text x="{place}" y="{top + 14 + 16 * COLOURS.index(colour)}" fill="{colour}">{name}</text>')
            for minute in range(0, MINUTES + 1, 20):
                x = 50 + WIDE * minute / MINUTES
                parts.append(f'<text x="{x:.0f}" y="{top + HIGH + 14}" class="m">{minute} min</text>')
            top += HIGH + GAP + 16
    style = "text{font:12px sans-serif}.t{font-weight:600}.m{text-anchor:middle;fill:#5b6570}.a{stroke:#9aa5b1;fill:none}"
    style += ".l{fill:none;stroke-width:1.8}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE + 100} {top}"><style>{style}</style>'
    return f'{head}<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'


def scenes() -> dict[str, dict[str, Run]]:
    """The peak with a sink that bears it, and with one that bears four tasks."""
    limits = {"a sink that bears all": float("inf"), "a sink that bears four tasks": 4 * TASK}
    return {scene: {name: simulate(rule, sink) for name, rule in RULES.items()} for scene, sink in limits.items()}


def main() -> None:
    """Write the picture and the figures."""
    runs = scenes()
    (Path(__file__).parent / "scaling.svg").write_text(svg(runs), encoding="utf-8")
    for scene, by_rule in runs.items():
        for name, run in by_rule.items():
            sys.stdout.write(
                f"{scene}, by {name}: at most {max(run.tasks)} tasks and {max(run.backlog):,.0f} messages waiting, "
                f"{run.late_minutes} minutes late, {run.task_hours:.1f} task-hours\n"
            )


if __name__ == "__main__":
    main()
