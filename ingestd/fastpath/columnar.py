"""Apache Parquet: an object whose columns lie apart, written out as the lines that a table reads.

* A Parquet file is known by its first four bytes, and can be read only from its end: it is collected whole, up to a limit.
* Its schema's names choose the table whose header line could say them (VPC Flow Logs write `account_id` for `account-id`,
  CloudFront `cs_user_agent` for `cs(User-Agent)`: letters and digits decide). The text begins with that header line; each row
  is one line. So there is one description of a format, and one way to read it, however it is delivered.
* Rows that no table with a header line has names for are written as one JSON object a line.
* A value that is null or empty is `-`; what would end a column or a line in it is written `%HH`. Times are written as counts
  since 1970, whose digits tell their unit (formats/readings.py, `Epoch`).
* `log.offset` counts bytes of this text: it depends on the file's rows alone, not on how they are laid out or compressed.

Source: the Apache Parquet format; AWS, "Flow log files" and "Configure standard logging (v2)", as of 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import orjson

from ingestd.errors import Poison
from ingestd.formats.table import Table

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["MAGIC", "table_of", "text"]

MAGIC = b"PAR1"
ROWS = 8192  # of a piece of text: some megabytes
KNOWN_SHARE = 0.5  # of a schema's names, at least so many must be a table's columns
HINT = "install ingestd[parquet], which brings pyarrow"


def text(data: bytes | bytearray, known: Iterable[Table], bytes_max: int) -> Iterator[bytes]:
    """The lines of a Parquet file, some thousands at a time, header line first.

    Raises Poison: `corrupt`; `too_large` for more than `bytes_max` bytes; `parquet_unsupported` where pyarrow is missing.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise Poison("parquet cannot be read here", reason="parquet_unsupported", hint=HINT) from None
    try:
        file = parquet.ParquetFile(pa.py_buffer(data))
        table = table_of(file.schema_arrow, known)
        if table is not None:
            yield _header(file.schema_arrow, table)
        written = 0
        for batch in file.iter_batches(ROWS, use_threads=False):
            piece = _objects(batch) if table is None else _lines(batch, table.between.decode())
            written += len(piece)
            if written > bytes_max:
                raise Poison("decoded object is too large", reason="too_large", codec="parquet", limit=bytes_max)
            yield piece
    except (pa.ArrowException, OSError) as error:
        raise Poison("parquet file is corrupt", reason="corrupt", codec="parquet", detail=type(error).__name__) from error


def table_of(schema: pa.Schema, known: Iterable[Table]) -> Table | None:
    """The table with a header line that has names for most of a schema's columns.

    None: none has for half of them, or that line would be no sign of its format, as one of a few common words is none.
    """
    from pyarrow import types

    if any(types.is_nested(field.type) for field in schema):
        return None
    tables = list(known)
    names = {_plain(name) for name in schema.names}
    found = [
        (len(names & {_plain(column.name) for column in table.columns}), table) for table in tables if table.header is not None
    ]
    share, best = max(found, key=lambda pair: pair[0], default=(0, None))
    if best is None or share < max(KNOWN_SHARE * len(names), 1):
        return None
    header = _header(schema, best)
    return best if best.own or any(table.recognises("", header) for table in tables) else None


def table_names(names: Iterable[str], table: Table) -> list[str]:
    """A schema's names as the table's header line says them; those that it does not know, without what would part them."""
    columns = {_plain(column.name): column.name for column in table.columns}
    return [columns.get(_plain(name)) or "".join(name.split()) or "-" for name in names]


def _header(schema: pa.Schema, table: Table) -> bytes:
    """The line that begins the text of such a file."""
    return f"{table.header} {' '.join(table_names(schema.names, table))}".strip().encode() + b"\n"


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum())


def _lines(batch: pa.RecordBatch, between: str) -> bytes:
    """Rows as lines, a column after the other and never a value at a time."""
    import pyarrow as pa
    from pyarrow import compute

    columns = [_values(column, between) for column in batch.columns]
    large = pa.large_string()
    columns[-1] = compute.binary_join_element_wise(columns[-1], pa.scalar("", large), pa.scalar("\n", large))
    return _bytes(compute.binary_join_element_wise(*columns, pa.scalar(between, large)))


def _values(column: pa.Array, between: str) -> pa.Array:
    """One column's values as they stand in a line."""
    import pyarrow as pa
    from pyarrow import compute, types

    if types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    if types.is_primitive(column.type):
        return compute.fill_null(column.cast(pa.large_string()), "-")
    column = compute.fill_null(column.cast(pa.large_string(), safe=False), "-")
    for unsafe in (between, "\n", "\r"):
        if unsafe.encode() in _bytes(column):
            column = compute.replace_substring(column, unsafe, f"%{ord(unsafe):02X}")
    return compute.if_else(compute.equal(column, ""), "-", column)


def _bytes(lines: pa.Array) -> bytes:
    """All strings of an array, one behind the other."""
    _, ends, data = lines.buffers()
    first = int.from_bytes(memoryview(ends)[8 * lines.offset : 8 * lines.offset + 8], "little")
    place = 8 * (lines.offset + len(lines))
    return bytes(memoryview(data)[first : int.from_bytes(memoryview(ends)[place : place + 8], "little")])


def _objects(batch: pa.RecordBatch) -> bytes:
    return b"".join(orjson.dumps(row, default=_plain_value, option=orjson.OPT_APPEND_NEWLINE) for row in batch.to_pylist())


def _plain_value(value: Any) -> str:
    """What JSON has no word for: bytes as text, all else (decimals, say) as it prints."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
