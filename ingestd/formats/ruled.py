"""All formats as the settings want them: the user's own among them, and each with the rules that are for it.

What is wrong with a rule's fields is told as with all settings; it is asked for here, since only tables know their fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from ipaddress import ip_network
from types import MappingProxyType

from ingestd.config import ConditionSettings, RuleSettings, Settings
from ingestd.config.mistakes import ConfigError, Mistake, shown, suggested
from ingestd.formats.lookups import Lookup
from ingestd.formats.own import known_formats
from ingestd.formats.rules import Choice, Condition, Rules, Test
from ingestd.formats.table import Table

__all__ = ["ruled_formats"]

TEXTS = {
    "equals": Test.EQUALS,
    "begins": Test.BEGINS,
    "ends": Test.ENDS,
    "contains": Test.CONTAINS,
}
NUMBERS = {"long", "double"}
ANY = {"keyword", "wildcard", "text", "ip", "boolean", *NUMBERS}


def ruled_formats(settings: Settings, lookups: Sequence[Lookup] = ()) -> Mapping[str, Table]:
    """All formats by name, as `known_formats` has them, with their rules. Raises ConfigError with every mistake."""
    known = known_formats(settings.format, settings.events.timestamp_paths, lookups)
    mistakes = [mistake for place, rule in enumerate(settings.rule) for mistake in _mistakes(f"rule.{place}", rule, known)]
    unknown = [(place, name) for place, name in enumerate(settings.secrets.formats) if name not in known]
    mistakes += [_mistake(f"secrets.formats.{place}", name, suggested(name, known)) for place, name in unknown]
    if mistakes:
        raise ConfigError(mistakes)
    return MappingProxyType({name: replace(table, rules=_rules(settings, table)) for name, table in known.items()})


def _rules(settings: Settings, table: Table) -> Rules:
    ours = [rule for rule in settings.rule if _is_for(rule, table)]
    choices = [_choice(rule) for rule in ours if rule.action != "redact"]
    redacted = dict.fromkeys(path for rule in ours for path in rule.fields if path in _fields(table))
    return Rules(tuple(choices), tuple(redacted), _masked(settings, table))


def _masked(settings: Settings, table: Table) -> tuple[str, ...]:
    """The parameters that are secrets in lines of this format, or of what it has for its base."""
    bases = {form.name: form.base for form in settings.format}
    if not {table.name, bases.get(table.name)} & set(settings.secrets.formats):
        return ()
    return tuple(dict.fromkeys(name.lower() for name in settings.secrets.parameters))


def _is_for(rule: RuleSettings, table: Table) -> bool:
    """Whether a rule says something of a format: it is named, or there all the fields are that a condition asks for."""
    if rule.formats:
        return table.name in rule.formats
    return all(when.field in _fields(table) for when in rule.when)


def _choice(rule: RuleSettings) -> Choice:
    return Choice(rule.name, tuple(_condition(when) for when in rule.when), rule.one_in or 0)


def _condition(when: ConditionSettings) -> Condition:
    for name, test in TEXTS.items():
        if texts := getattr(when, name):
            return Condition(when.field, test, texts=texts)
    if when.networks:
        return Condition(when.field, Test.FROM, networks=tuple(ip_network(network) for network in when.networks))
    least, most = (None if bound is None else Decimal(repr(bound)) for bound in (when.at_least, when.at_most))
    return Condition(when.field, Test.WITHIN, least=least, most=most)


@cache
def _fields(table: Table) -> Mapping[str, str]:
    """The fields that a rule may speak of, and the type of each: those that lines fill, but for the event's own time."""
    elsewhere = {path for path, _ in table.constants} | {"@timestamp"}
    leaves = (leaf for reading in table.readings() for leaf in reading.leaves())
    return {leaf.path: leaf.type for leaf in leaves if leaf.path not in elsewhere}


# mistakes


def _mistakes(path: str, rule: RuleSettings, known: Mapping[str, Table]) -> Iterator[Mistake]:
    unknown = [place for place, name in enumerate(rule.formats) if name not in known]
    for place in unknown:
        name = rule.formats[place]
        yield _mistake(f"{path}.formats.{place}", name, f"{_of(rule)} {suggested(name, known)}")
    tables = [known[name] for name in rule.formats or known if name in known]
    asked: list[tuple[str, str, set[str] | None]] = []
    asked += [(f"{path}.when.{place}.field", when.field, _kinds(when)) for place, when in enumerate(rule.when)]
    asked += [(f"{path}.fields.{place}", field, None) for place, field in enumerate(rule.fields)]
    wrong = [mistake for where, field, kinds in asked for mistake in _field_mistakes(rule, where, field, kinds, tables)]
    yield from wrong
    if not wrong and not unknown and not rule.formats and not any(_is_for(rule, table) for table in tables):
        fields = " and ".join(dict.fromkeys(when.field for when in rule.when))
        yield _mistake(f"{path}.when", fields, f"{_of(rule)} fields that one format has all of")


def _field_mistakes(
    rule: RuleSettings, where: str, field: str, kinds: set[str] | None, tables: list[Table]
) -> Iterator[Mistake]:
    """A field must be known to each format that the rule names, or to one of all; and be of a kind that can be asked so."""
    having = [table for table in tables if field in _fields(table)]
    lacking = [table.name for table in tables if table not in having]
    if tables and (not having or (rule.formats and lacking)):
        fields = sorted({path for table in tables for path, kind in _fields(table).items() if kinds is None or kind in kinds})
        whose = f"lines of {' and '.join(lacking)} fill" if rule.formats else "some format's lines fill"
        yield _mistake(where, field, f"{_of(rule)} a field that {whose}: {suggested(field, fields)}")
    for table in having[:1] if kinds is not None else ():
        if (kind := _fields(table)[field]) not in (kinds or ()):
            yield _mistake(where, field, f"{_of(rule)} {_tests(kind)}; in {table.name} it is a {kind}")


def _kinds(when: ConditionSettings) -> set[str]:
    """The types of fields that a condition's test can look at."""
    if when.networks:
        return {"ip"}
    if when.at_least is not None or when.at_most is not None:
        return NUMBERS
    return ANY


def _tests(kind: str) -> str:
    """The tests that can look at fields of a type."""
    if kind not in ANY:
        return "another field"
    return ", ".join([*TEXTS, *(["at_least", "at_most"] if kind in NUMBERS else []), *(["networks"] if kind == "ip" else [])])


def _of(rule: RuleSettings) -> str:
    return f'in rule "{rule.name}"'


def _mistake(path: str, found: object, allowed: str) -> Mistake:
    return Mistake(path, shown(found), allowed)
