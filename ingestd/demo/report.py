"""The end of the demo: the books as a table for people, or as one line of JSON."""

from __future__ import annotations

from dataclasses import asdict

import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingestd.demo.summary import Summary

__all__ = ["as_json", "show"]


def as_json(summary: Summary) -> str:
    """One line: the summary's fields, `reconciles`, and rates."""
    rates = {"lines_per_second": round(_rate(summary.lines, summary)), "megabytes_per_second": _megabytes(summary)}
    return orjson.dumps({**asdict(summary), "reconciles": summary.reconciles, **rates}).decode()


def show(console: Console, summary: Summary, title: str) -> None:
    """The table, and below it what does not close or that all does."""
    console.print(f"put to the bucket, found in {title}:", markup=False, highlight=False, soft_wrap=True)
    table = Table()
    table.add_column("put")
    table.add_column("", justify="right")
    table.add_column("found")
    table.add_column("", justify="right")
    rows = [
        ("lines", summary.lines, "documents", summary.documents),
        ("", None, "dead letters", summary.dead_letters),
        ("", None, "headers, comments, blanks", summary.headers),
        ("", None, "together", summary.documents + summary.dead_letters + summary.headers),
        ("", None, "duplicates", summary.duplicates),
        ("broken objects", summary.poison_put, "their dead letters", summary.poison_objects),
    ]
    for put, put_count, found, count in rows:
        table.add_row(put, "" if put_count is None else f"{put_count:,}", found, f"{count:,}")
    console.print(table)
    console.print(
        f"{summary.objects} objects, {summary.decoded_bytes / 1e6:,.1f} MB of log in {summary.seconds:.1f} s: "
        f"{_rate(summary.lines, summary):,.0f} lines/s, {_megabytes(summary):.1f} MB/s",
        highlight=False,
    )
    for problem in summary.problems:
        console.print(f"[red]does not reconcile:[/red] {escape(problem)}", highlight=False, soft_wrap=True)
    if summary.reconciles:
        console.print("[green]reconciles:[/green] each line that was put has exactly one outcome", highlight=False)


def _rate(amount: int, summary: Summary) -> float:
    return amount / summary.seconds if summary.seconds else 0.0


def _megabytes(summary: Summary) -> float:
    return round(_rate(summary.decoded_bytes, summary) / 1e6, 1)
