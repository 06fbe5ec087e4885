"""Faults planted in the service's own code: texts in one of its files are replaced, as by a careless change.

The functions take on the code that the changed file would give them, wherever they have been imported to; afterwards they have
their own again. So only what stands inside of functions can be planted.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import CodeType, FunctionType, ModuleType

__all__ = ["Plant", "planted"]


@dataclass(frozen=True)
class Plant:
    """In `module` (under ingestd) each `changes[i][0]`, which stands there once, becomes `changes[i][1]`.

    `seed`: one that showed it when it was planted last.
    """

    name: str
    seed: int
    module: str
    changes: tuple[tuple[str, str], ...]


@contextmanager
def planted(plant: Plant) -> Iterator[None]:
    """The service with the fault in it. Raises ValueError if a text is not there once, or stands outside of functions."""
    module = import_module(f"ingestd.{plant.module}")
    source = inspect.getsource(module)
    for before, after in plant.changes:
        if source.count(before) != 1:
            raise ValueError(f"{plant.name}: {source.count(before)} times in {plant.module}: {before}")
        source = source.replace(before, after)
    kept = {function: function.__code__ for function in _functions(module)}
    codes = dict(_codes(compile(source, module.__file__ or "", "exec", dont_inherit=True)))
    changed = [function for function, code in kept.items() if not _same(codes[code.co_qualname], code)]
    if not changed:
        raise ValueError(f"{plant.name}: no function is changed by it")
    for function in changed:
        function.__code__ = codes[function.__code__.co_qualname]
    try:
        yield
    finally:
        for function in changed:
            function.__code__ = kept[function]


def _codes(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    """Each code within this one, by its qualified name."""
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each.co_qualname, each
            yield from _codes(each)


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    """The functions and methods that are written in the module, without those that decorators made."""
    things = list(vars(module).values())
    things += [each for thing in things if isinstance(thing, type) for each in vars(thing).values()]
    for thing in things:
        function = inspect.unwrap(getattr(thing, "fget", getattr(thing, "__func__", thing)))
        if isinstance(function, FunctionType) and function.__code__.co_filename == module.__file__:
            yield function


def _same(one: CodeType, other: CodeType) -> bool:
    """Whether they do the same; lines may have moved."""
    return one.co_code == other.co_code and one.co_names == other.co_names and _constants(one) == _constants(other)


def _constants(code: CodeType) -> list[object]:
    return [(each.co_code, each.co_names, _constants(each)) if isinstance(each, CodeType) else each for each in code.co_consts]
