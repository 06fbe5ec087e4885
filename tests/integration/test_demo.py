"""`ingestd demo --opensearch`: the demo's books, closed against a real cluster."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from urllib.parse import urlsplit

import orjson


def demo(url: str, *arguments: str) -> dict[str, object]:
    """Run it to its end; the summary."""
    command = [sys.executable, "-m", "ingestd", "demo", "--lines", "3000", "--json", "--opensearch", url, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    summary: dict[str, object] = orjson.loads(done.stdout.splitlines()[-1])
    return summary | {"kept": [line.split()[2] for line in done.stdout.splitlines() if line.startswith("kept: indices")]}


def ask(url: str, path: str, method: str = "GET") -> object:
    assert urlsplit(url).scheme in ("http", "https")
    with urllib.request.urlopen(urllib.request.Request(url + path, method=method), timeout=30.0) as answer:
        return orjson.loads(answer.read())


def indices(url: str) -> set[str]:
    rows = ask(url, "/_cat/indices/ingestd-demo-*?format=json&h=index")
    assert isinstance(rows, list)
    return {row["index"] for row in rows}


def test_documents_are_counted_in_the_cluster_and_then_removed(opensearch_url: str) -> None:
    """Every line is found by search as one document, or among the dead letters; the cluster is left as it was."""
    before = indices(opensearch_url)
    summary = demo(opensearch_url)
    assert (summary["reconciles"], summary["duplicates"], summary["kept"]) == (True, 0, [])
    assert indices(opensearch_url) == before


def test_kept_indices_hold_the_documents(opensearch_url: str) -> None:
    """With --keep the indices stay, under the name that is told, and hold as many documents as the summary says."""
    before = indices(opensearch_url)
    summary = demo(opensearch_url, "--keep")
    (pattern,) = summary["kept"] if isinstance(summary["kept"], list) else []
    try:
        count = ask(opensearch_url, f"/{pattern}/_count")
        assert isinstance(count, dict)
        assert count["count"] == summary["documents"]
    finally:
        for index in indices(opensearch_url) - before:
            ask(opensearch_url, f"/{index}", "DELETE")
