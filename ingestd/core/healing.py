"""A document that a server refuses, changed so that it will take it: the offending value as text, where any text fits.

* What offends is read out of the server's reason, which names a field, or of what the formats know, where it names none.
* A value of the wrong type is moved, as text, to `unmapped`, an object of any keys: it can still be found there. A value that
  is too long for a term is cut where it stands. Fields that are too many or too deep are moved as far as no format knows them.
* A healed document bears a tag, and is never healed again: what is refused then is refused.
* The event's own time is never touched: a document without it has no place.

The reasons were seen on OpenSearch 3.4 and Elasticsearch 7.17; each is matched from its beginning, for they quote values.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

import orjson

from ingestd.model import Refusal

__all__ = ["HEALED_TAG", "UNMAPPED", "heal"]

HEALED_TAG = "ingestd_healed"
UNMAPPED = "unmapped"
TIMESTAMP = "@timestamp"
TEXT_BYTES_MAX = 30_000  # a term may have 32,766; in `unmapped` the path is part of it
DEPTH_MAX = 20  # what lies deeper is one text

_POSITION = r"(?:\[\d+:\d+\] )?"  # Elasticsearch 8 begins with the place in the document
_WRONG_TYPE = (
    r"failed to parse field \[(?P<path>.+?)\] of type",
    r"object mapping for \[(?P<path>.+?)\] tried to parse",
    r"Could not dynamically add mapping for field \[(?P<path>.+?)\]\.",
    r"mapper \[(?P<path>.+?)\] (?:cannot be changed from|of different) type",
    r"mapping set to strict, dynamic introduction of \[(?P<path>.+?)\] within \[(?P<above>.+?)\]",
)
_TOO_LONG = (
    r'Document contains at least one immense term in field="(?P<path>.+?)"',
    r'DocValuesField "(?P<path>.+?)" is too large',
)
_STRANGE = (
    r"(?:failed to parse: )?Limit of (?:total fields|mapping depth) \[",
    r"failed to parse: (?:The depth of the field|field name|object field starting or ending)",
    r"(?:field name|object field starting or ending|The depth of the field)",
)


def heal(document: bytes | memoryview, refusal: Refusal, known: Collection[str]) -> bytes | None:
    """The document as the server may take it, or None if there is no remedy. `known`: the paths of the formats' own fields."""
    treat = _treatment(refusal.detail)
    if treat is None:
        return None
    try:
        fields = orjson.loads(document)
        orjson.dumps(fields)  # it refuses what is nested deeper than 254, and so do we: the stack is ours, depth is not
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    if not isinstance(fields, dict) or HEALED_TAG in _tags(fields):
        return None
    kind, path = treat
    if kind == "move":
        is_changed = _move(fields, path)
    elif kind == "cut":
        is_changed = _cut(fields, path)
    else:
        is_changed = _move_strangers(fields, known)
    if not is_changed:
        return None
    fields["tags"] = [*_tags(fields), HEALED_TAG]
    return orjson.dumps(fields)


def _treatment(reason: str) -> tuple[str, str] | None:
    for kind, patterns in (("move", _WRONG_TYPE), ("cut", _TOO_LONG), ("strangers", _STRANGE)):
        for pattern in patterns:
            if found := re.match(_POSITION + pattern, reason):
                named = found.groupdict()
                above = named.get("above")
                return kind, f"{above}.{named['path']}" if above and above != "_doc" else named.get("path", "")
    return None


def _move(fields: dict[str, Any], path: str) -> bool:
    """Move what stands at a path; a path that is not there may be a field's second mapping (`url.path.text`)."""
    for wanted in (path, path.rpartition(".")[0]):
        if wanted and wanted != TIMESTAMP:
            values = list(_take(fields, wanted.split(".")))
            if values:
                _keep(fields, {wanted: values[0] if len(values) == 1 else values})
                return True
    return False


def _move_strangers(fields: dict[str, Any], known: Collection[str]) -> bool:
    strangers = dict(_strangers(fields, "", known, 0))
    for path in strangers:
        _take_path(fields, path)
    _keep(fields, {".".join(path): value for path, value in strangers.items()})
    return bool(strangers)


def _cut(fields: dict[str, Any], path: str) -> bool:
    for wanted in (path, path.rpartition(".")[0]):
        for holder, key in _holders(fields, wanted.split(".")) if wanted else ():
            before = holder[key]
            holder[key] = _shortened(before)
            if holder[key] != before:
                return True
    return False


def _shortened(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value, "")
    if isinstance(value, list):
        return [_shortened(each) for each in value]
    if isinstance(value, dict):
        return {key: _shortened(each) for key, each in value.items()}
    return value


def _strangers(
    node: dict[str, Any], prefix: str, known: Collection[str], depth: int, above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """(keys, value) of each value that no format knows; a known path holds all that is below it."""
    for key, value in node.items():
        path = f"{prefix}{key}"
        if path in known:
            continue
        if isinstance(value, dict) and depth < DEPTH_MAX and value:
            yield from _strangers(value, f"{path}.", known, depth + 1, (*above, key))
        else:
            yield (*above, key), value


def _take_path(fields: dict[str, Any], path: tuple[str, ...]) -> None:
    """Remove a value by its keys, and the objects that are empty without it."""
    *above, last = path
    nodes = [fields]
    for key in above:
        nodes.append(nodes[-1][key])
    del nodes[-1][last]
    for node, key in zip(reversed(nodes[:-1]), reversed(above), strict=True):
        if not node[key]:
            del node[key]


def _take(node: Any, names: list[str]) -> Iterator[Any]:
    """Remove and give what stands at a dotted path, however its names are joined to keys; from each object of a list."""
    for holder, key in list(_holders(node, names)):
        yield holder.pop(key)


def _holders(node: Any, names: list[str]) -> Iterator[tuple[dict[str, Any], str]]:
    if isinstance(node, list):
        for each in node:
            yield from _holders(each, names)
    if isinstance(node, dict):
        for length in range(len(names), 0, -1):
            key = ".".join(names[:length])
            if key in node and length == len(names):
                yield node, key
            elif key in node:
                yield from _holders(node[key], names[length:])


def _keep(fields: dict[str, Any], moved: dict[str, Any]) -> None:
    """Put values, as text, where any text fits; what was there already stays."""
    there = fields.get(UNMAPPED)
    kept = there if isinstance(there, dict) else {} if there is None else {UNMAPPED: _text(there, UNMAPPED)}
    fields[UNMAPPED] = kept | {path: _text(value, path) for path, value in moved.items()}


def _text(value: Any, path: str) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    room = max(TEXT_BYTES_MAX - len(path.encode()), 0)
    return text if len(text) * 4 <= room else text.encode()[:room].decode(errors="ignore")


def _tags(fields: dict[str, Any]) -> list[Any]:
    tags = fields.get("tags")
    return tags if isinstance(tags, list) else [] if tags is None else [tags]
