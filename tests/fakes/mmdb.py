"""Small databases in MaxMind's format, written as its specification 2.0 has it, in each of the record sizes."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from ipaddress import IPv6Network, ip_network
from typing import Any

__all__ = ["database"]

SEPARATOR, MARKER = bytes(16), b"\xab\xcd\xefMaxMind.com"
STRING, DOUBLE, UINT32, MAP, UINT64, ARRAY, BOOLEAN = 2, 3, 6, 7, 9, 11, 14


def database(networks: Mapping[str, Any], type_name: str = "Test-City", *, record_size: int = 28, ip_version: int = 6) -> bytes:
    """A file in which each of the networks has its record; of two of which one is in the other, the narrower comes last."""
    nodes: list[list[Any]] = [[None, None]]
    data, places = bytearray(), {}
    for name, record in networks.items():
        packed = encoded(record)
        if packed not in places:
            places[packed] = len(data)
            data += packed
        _insert(nodes, _bits(name, ip_version), (places[packed],))
    count = len(nodes)
    tree = b"".join(_node([_number(child, count) for child in node], record_size) for node in nodes)
    meta = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": 1_793_534_400,
        "database_type": type_name,
        "description": {"en": "for tests"},
        "ip_version": ip_version,
        "languages": ["en"],
        "node_count": count,
        "record_size": record_size,
    }
    return tree + SEPARATOR + bytes(data) + MARKER + encoded(meta)


def _bits(name: str, ip_version: int) -> list[int]:
    """The way down to a network; IPv4 stands below ::/96 in a tree of IPv6."""
    network = ip_network(name)
    size, above = (128, 0) if isinstance(network, IPv6Network) else (32, 96 if ip_version == 6 else 0)
    address = int(network.network_address)
    return [0] * above + [address >> (size - 1 - place) & 1 for place in range(network.prefixlen)]


def _insert(nodes: list[list[Any]], bits: list[int], leaf: tuple[int]) -> None:
    """Children are None, the number of a node, or a leaf, which is split where a narrower network lies in it."""
    at = 0
    for bit in bits[:-1]:
        child = nodes[at][bit]
        if not isinstance(child, int):
            nodes.append([child, child])
            nodes[at][bit] = child = len(nodes) - 1
        at = child
    nodes[at][bits[-1]] = leaf


def _number(child: Any, count: int) -> int:
    if child is None:
        return count
    return child if isinstance(child, int) else count + len(SEPARATOR) + child[0]


def _node(children: list[int], record_size: int) -> bytes:
    left, right = children
    if record_size == 28:
        return left.to_bytes(4)[1:] + bytes([(left >> 24) << 4 | right >> 24]) + right.to_bytes(4)[1:]
    return left.to_bytes(record_size // 8) + right.to_bytes(record_size // 8)


def encoded(value: Any) -> bytes:
    """A value of the data section; no pointers."""
    match value:
        case bool():
            return _control(BOOLEAN, int(value))
        case str():
            return _control(STRING, len(value.encode())) + value.encode()
        case float():
            return _control(DOUBLE, 8) + struct.pack(">d", value)
        case int():
            size = (value.bit_length() + 7) // 8
            return _control(UINT32 if size <= 4 else UINT64, size) + value.to_bytes(size)
        case list():
            return _control(ARRAY, len(value)) + b"".join(map(encoded, value))
        case dict():
            return _control(MAP, len(value)) + b"".join(encoded(key) + encoded(each) for key, each in value.items())
    raise TypeError(type(value).__name__)


def _control(kind: int, size: int) -> bytes:
    """A control byte; types above 7 have theirs behind it, sizes above 28 a byte or two more."""
    more = b"" if size < 29 else (size - 29).to_bytes(1) if size < 285 else (size - 285).to_bytes(2)
    first = size if size < 29 else 29 if size < 285 else 30
    return (bytes([kind << 5 | first]) if kind <= 7 else bytes([first, kind - 7])) + more
