"""Where settings come from: the TOML file and the environment, each read into entries (path, value, who said it).

Here, and nowhere later, the other spellings end: `sink` for `sinks`, `url` for a sink's `urls`, `password_file` for the
`password` that stands in it. An empty variable is an unset one. Every `INGESTD_` variable is a setting, so that a misspelt
one is found; `INGESTD_CONFIG`, which names the file, is the one exception.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from ingestd.config.mistakes import SECRETS, ConfigError, Mistake, shown

__all__ = ["FILE_VARIABLE", "Entry", "Keys", "Layer", "environment_layer", "file_layer", "merged", "said_by", "variable"]

PREFIX = "INGESTD_"
FILE_VARIABLE = "INGESTD_CONFIG"
SECRET_FILE_BYTES_MAX = 64 * 1024

Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One value, the keys that lead to it, and who said it. A list is a value; a table is not."""

    keys: Keys
    value: object
    origin: str


@dataclass(frozen=True, slots=True)
class Layer:
    """All that one source says, by keys, and what is wrong with how it says it."""

    entries: Mapping[Keys, Entry]
    mistakes: tuple[Mistake, ...] = ()

    def nested(self) -> dict[str, Any]:
        """The entries as tables in tables."""
        tables: dict[str, Any] = {}
        for entry in self.entries.values():
            table = tables
            for key in entry.keys[:-1]:
                table = table.setdefault(key, {})
            table[entry.keys[-1]] = entry.value
        return tables


@dataclass(slots=True)
class _Gathering:
    """A layer in the making: entries in the order of the source, spelt in the one way, each keys at most once."""

    entries: dict[Keys, Entry] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        entry = self._with_secret(_spelt(entry))
        clash = next((other for other in self.entries.values() if _overlap(other.keys, entry.keys)), None)
        if clash:
            self.mistake(entry, f"said once, not by {clash.origin} too" if clash.origin != entry.origin else "said once")
        else:
            self.entries[entry.keys] = entry

    def mistake(self, entry: Entry, allowed: str) -> None:
        found = shown(entry.value, secret=entry.keys[-1] in SECRETS)
        self.mistakes.append(Mistake(".".join(entry.keys), found, allowed, entry.origin))

    def _with_secret(self, entry: Entry) -> Entry:
        """The secret itself in the place of the name of the file that holds it."""
        name = entry.keys[-1].removesuffix("_file")
        has_secrets = (len(entry.keys) == 3 and entry.keys[0] == "sinks") or entry.keys[:-1] in (("http",), ("inlet",))
        if not has_secrets or name not in SECRETS or name == entry.keys[-1]:
            return entry
        secret = ""
        try:
            with Path(str(entry.value)).open(encoding="utf-8") as file:
                secret = file.read(SECRET_FILE_BYTES_MAX).strip()
        except (OSError, ValueError) as error:
            self.mistake(entry, f"a file that can be read ({_reason(error)})")
        else:
            if not secret:
                self.mistake(entry, "a file that is not empty")
        return Entry((*entry.keys[:-1], name), secret, f"the file named by {entry.origin}")

    def layer(self) -> Layer:
        return Layer(self.entries, tuple(self.mistakes))


def file_layer(path: Path) -> Layer:
    """What the TOML file says; raises ConfigError if there is none to read, since all else would be said about nothing."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError([Mistake("config", repr(str(path)), f"a TOML file ({_reason(error)})", "the file itself")]) from None
    gathering = _Gathering()
    for keys, value in _leaves(tables):
        gathering.add(Entry(keys, value, str(path)))
    return gathering.layer()


def environment_layer(environ: Mapping[str, str]) -> Layer:
    """What the variables say: `INGESTD_QUEUE__URL` is `queue.url`; case does not matter."""
    gathering = _Gathering()
    for name in sorted(environ):
        if name.upper().startswith(PREFIX) and name.upper() != FILE_VARIABLE and environ[name]:
            gathering.add(Entry(tuple(name[len(PREFIX) :].lower().split("__")), environ[name], name))
    return gathering.layer()


def variable(*keys: str) -> str:
    """The name of the variable for the setting at these keys."""
    return PREFIX + "__".join(keys).upper()


def merged(layers: Sequence[Layer]) -> dict[str, Any]:
    """The layers laid over each other, the strongest first: tables are joined, values and lists replaced."""

    class Merged(BaseSettings):
        model_config = SettingsConfigDict(extra="allow")

        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: PydanticBaseSettingsSource, **__: PydanticBaseSettingsSource
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return tuple(_LayerSource(settings_cls, layer) for layer in layers)

    return dict(Merged().model_extra or {})


def said_by(layers: Sequence[Layer]) -> dict[Keys, str]:
    """Who said each value that stands once the layers are merged."""
    origins: dict[Keys, str] = {}
    for layer in reversed(layers):
        covered = [weaker for weaker in origins if any(_overlap(weaker, keys) for keys in layer.entries)]
        for weaker in covered:
            del origins[weaker]
        origins |= {keys: entry.origin for keys, entry in layer.entries.items()}
    return origins


class _LayerSource(PydanticBaseSettingsSource):
    """A layer in the form that pydantic-settings takes."""

    def __init__(self, settings_cls: type[BaseSettings], layer: Layer) -> None:
        super().__init__(settings_cls)
        self._layer = layer

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False  # asked only by sources that go through fields one by one

    def __call__(self) -> dict[str, Any]:
        return self._layer.nested()


def _leaves(table: Mapping[str, object], above: Keys = ()) -> Iterator[tuple[Keys, object]]:
    for key, value in table.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*above, key))
        else:
            yield (*above, key), value


def _spelt(entry: Entry) -> Entry:
    keys = entry.keys
    if keys[0] == "sink":
        keys = ("sinks", *keys[1:])
    if len(keys) == 3 and keys[0] == "sinks" and keys[2] == "url":
        keys = (*keys[:2], "urls")
    return replace(entry, keys=keys)


def _overlap(one: Keys, other: Keys) -> bool:
    """Is one of the two places inside the other?"""
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]


def _reason(error: Exception) -> str:
    """Why, without what was read: a decoding error quotes bytes."""
    if isinstance(error, OSError):
        return (error.strerror or "unreadable").lower()
    return "not UTF-8" if isinstance(error, UnicodeError) else str(error).lower()
