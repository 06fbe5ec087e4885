"""The planted faults: each is one that a careless change could bring, and each must show within a thousand seeds."""

from __future__ import annotations

from tests.sim.planting import Plant

__all__ = ["PLANTS"]


def _plant(name: str, seed: int, module: str, *texts: str) -> Plant:
    """`texts`: before, after, and so on."""
    return Plant(name, seed, module, tuple(zip(texts[::2], texts[1::2], strict=True)))


PLANTS = (
    # --- when a message may be deleted
    _plant(
        "deleted_before_settled",
        0,
        "core.ledger",
        "any(self._objects[each].state is not _Object.DONE",
        "any(self._objects[each].state is _Object.READING",
    ),
    _plant("sealed_early", 1, "core.ledger", "if not book.named or any(", "if any("),
    _plant(
        "deleted_instead_of_given_back",
        1,
        "shell.leases",
        "self._departures.give_back(lease.message.receipt, lease.expires_at, after_seconds)",
        "self._departures.delete(lease.message.receipt, lease.expires_at)",
    ),
    _plant(
        "broken_off_counts_as_read",
        1,
        "pipeline",
        "            if not is_done:",
        "            if False:",
    ),
    _plant("not_given_back_at_the_end", 198, "service", "        consumer.leases.give_all_back()\n", ""),
    # --- leases
    _plant(
        "older_receipt_kept",
        33,
        "shell.leases",
        "self._held[number] = _Lease(message,",
        "self._held[number] = _Lease("
        "next((each.message for each in self._held.values() if each.message.id == message.id), message),",
    ),
    _plant("no_heartbeat", 26, "shell.leases", "calls.create_task(self._renew(leases))", "leases.clear()"),
    _plant(
        "heartbeat_late",
        20,
        "shell.leases",
        "lease.renew_at = lease.expires_at - self._visibility / 2",
        "lease.renew_at = lease.expires_at - self._visibility / 5",
    ),
    _plant("lease_from_the_answer", 117, "service", "pipeline.accept(message, asked_at)", "pipeline.accept(message, clock())"),
    # --- what the sink said
    _plant("verdict_off_by_one", 35, "core.verdict", "retry.append(index)", "retry.append(max(index - 1, 0))"),
    _plant("conflict_is_failure", 15, "core.verdict", "duplicates.append(index)", "retry.append(index)"),
    _plant(
        "throttled_item_is_delivered",
        20,
        "core.verdict",
        "if ruling.fate is _Fate.RETRY:",
        "if ruling.fate is _Fate.RETRY and not ruling.throttled:",
    ),
    _plant(
        "index_fault_is_the_documents",
        72,
        "core.verdict",
        "known = _ITEM_BY_TYPE.get((status, kind)) or _ITEM_BY_STATUS.get(status)",
        "known = _ITEM_BY_STATUS.get(status) if status != 409 else _DUPLICATE",
    ),
    _plant(
        "short_answer_is_success",
        147,
        "core.verdict",
        "    if not isinstance(reported, list) or len(reported) != items:\n"
        '        return Verdict.nothing_settled(items, "bad_answer")\n',
        "",
    ),
    _plant(
        "failed_records_overlooked",
        82,
        "core.verdict",
        'if answer.get("FailedPutCount") == 0 and _all_taken(entries):',
        'if "FailedPutCount" in answer:',
    ),
    _plant(
        "no_answer_is_success",
        33,
        "sinks.opensearch",
        "return request_failed(error.reason, items)",
        "return Verdict(items)",
    ),
    # --- sending again
    _plant(
        "whole_batch_again",
        26,
        "shell.delivery",
        "self._again(again(batch, verdict.retry), now + delay)",
        "self._again(replace(batch, attempt=batch.attempt + 1), now + delay)",
    ),
    _plant(
        "retry_forgets_an_item",
        10,
        "shell.delivery",
        "self._again(again(batch, verdict.retry), now + delay)",
        "self._again(again(batch, verdict.retry[1:] or verdict.retry), now + delay)",
    ),
    _plant(
        "split_sends_one_twice",
        23,
        "core.batch",
        "again(batch, items[middle:])",
        "again(batch, items[middle - 1 :])",
    ),
    # --- dead letters
    _plant(
        "dead_letter_not_awaited",
        1,
        "settlement",
        "self._dead_letters.owe(letters, written)",
        "self._dead_letters.owe(letters, lambda is_written: None)\n        written(True)",
    ),
    _plant(
        "unwritten_letter_forgotten",
        1,
        "settlement",
        "            if not is_written:\n                self.give_up(number)\n",
        "",
    ),
    _plant(
        "failed_write_hidden",
        22,
        "sinks.deadletter",
        "            if isinstance(result, BaseException):\n",
        "            if isinstance(result, asyncio.CancelledError):\n",
    ),
    _plant(
        "attempts_used_up_is_written",
        240,
        "shell.deadletters",
        "                return True\n        return False\n",
        "                return True\n        return True\n",
    ),
    # --- objects
    _plant(
        "offset_in_the_block",
        0,
        "core.blocks",
        "Block(self._buffer, self._line, self._offset)",
        "Block(self._buffer, self._line, 0)",
    ),
    _plant(
        "truncated_is_whole",
        3,
        "core.inflate",
        'raise self._poison("compressed object ends inside of a member", "truncated", self.compressed_bytes)\n',
        'return b""\n',
    ),
    _plant("second_member_skipped", 0, "core.inflate", "            self._position -= len(unused)\n", "            pass\n"),
    _plant(
        "replaced_object_read_on",
        207,
        "shell.objects",
        "answer = await self._fetch.get(self.source.etag, self._at)",
        "answer = await self._fetch.get(None, self._at)",
        "if answer.etag != self.source.etag or (not self._at and answer.bytes != self.bytes):",
        "if False:",
        'if self._at and answer.range != f"bytes {self._at}-{self.bytes - 1}/{self.bytes}":',
        "if False:",
    ),
    _plant("identity_from_the_notice", 15, "shell.objects", "etag=answer.etag,", "etag=ref.etag or answer.etag,"),
    _plant(
        "index_by_the_clock",
        4,
        "pipeline",
        "self._ways.reader(body.source, route,",
        "self._ways.reader(replace(body.source, modified_at=self._settlement._wall_clock()), route,",
    ),
    _plant("denied_is_dead", 20, "shell.fetch", "if self.why.doing is Doing.POISON:", "if self.why.doing is not Doing.AGAIN:"),
    # --- rules
    _plant("sample_by_the_key", 9, "fastpath.compiled", "seed(name) if self._samples", "seed(source.key) if self._samples"),
    _plant(
        "sample_by_the_place",
        18,
        "fastpath.compiled",
        "np.fromiter(map(seed, events.ids), np.uint64, count)",
        "np.fromiter(map(seed, map(str, range(count))), np.uint64, count)",
    ),
    _plant("dropped_is_lost", 9, "fastpath.compiled", "dropped=sum(count for _, count in by_rule), ", ""),
    # --- memory
    _plant(
        "budget_leaks_on_refusal",
        2,
        "settlement",
        "        self._budget.give(held_bytes)\n        way = part.documents.way\n",
        "        way = part.documents.way\n",
    ),
    _plant(
        "budget_leaks_on_cancel",
        1,
        "pipeline",
        "        finally:\n            more = opened.held_more()\n            self._budget.correct(made - wanted)\n",
        "        except asyncio.CancelledError:\n            wanted = made\n            raise\n"
        "        finally:\n            more = opened.held_more()\n            self._budget.correct(made - wanted)\n",
    ),
)
