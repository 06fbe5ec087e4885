"""The figures in the docs that are computed are those that the scripts compute, from what was measured."""

from __future__ import annotations

import re

import pytest

from tests.docs_module import DOCS, docs_module

README = (DOCS.parent / "README.md").read_text(encoding="utf-8")
TUNING = " ".join((DOCS / "tuning.md").read_text(encoding="utf-8").split())


def test_the_cost_sheet_is_what_the_script_prints() -> None:
    """The whole table; and the CPU that it counts with is the one that the README says was measured."""
    cost = docs_module("cost")
    assert cost.sheet() in README
    assert f"POST {cost.CPU_SECONDS_PER_GB} CPU-seconds a raw GB with gzip bodies" in " ".join(README.split())


def test_the_picture_of_scaling_is_what_the_simulation_draws() -> None:
    """And what is said of it is what came of it."""
    scaling = docs_module("scaling")
    runs = scaling.scenes()
    assert (DOCS / "scaling.svg").read_text(encoding="utf-8") == scaling.svg(runs)
    bears, slow = runs.values()
    assert {round(run.task_hours) for run in bears.values()} <= {12, 13}
    assert "both need 12 to 13 task-hours" in TUNING
    assert bears["drain time"].late_minutes == 4
    assert "four minutes late" in TUNING
    found = re.search(r"it takes (\d+) task-hours and the other (\d+)", TUNING)
    assert found
    assert [int(each) for each in found.groups()] == [
        round(slow[name].task_hours) for name in ("drain time", "messages per task")
    ]


def test_a_sink_that_is_the_limit_holds_tasks_back() -> None:
    """Under half of the task-hours, and the backlog is gone no later."""
    scaling = docs_module("scaling")
    slow = list(scaling.scenes().values())[1]
    new, old = slow["drain time"], slow["messages per task"]
    assert new.task_hours < old.task_hours / 2
    assert new.late_minutes <= old.late_minutes + 5


@pytest.mark.parametrize("name", ["drain time", "messages per task"])
def test_nothing_waits_when_the_peak_is_over(name: str) -> None:
    """Whatever the rule; and in the end the fewest tasks run."""
    scaling = docs_module("scaling")
    run = scaling.simulate(scaling.RULES[name])
    assert run.backlog[-1] < 60
    assert run.tasks[-1] == scaling.TASKS_MIN
