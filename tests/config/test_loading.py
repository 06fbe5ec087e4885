"""Loading settings: what is stronger than what, which spellings are the same, and every mistake in words."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from ingestd.config import FirehoseSettings, OpenSearchSettings, Settings
from ingestd.config.loading import load, resolve
from ingestd.config.mistakes import ConfigError, Mistake, shown
from ingestd.errors import Fatal

QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/logs"
SECRET = "hunter2-canary"
ENOUGH: dict[str, Any] = {
    "queue": {"url": QUEUE, "buckets": ["logs"]},
    "sinks": {"main": {"kind": "opensearch", "urls": ["https://es"]}},
}
TWO_SINKS: dict[str, Any] = {"main": ENOUGH["sinks"]["main"], "copy": {"kind": "firehose", "stream": "s"}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ingestd.toml"


def written(file: Path, tables: dict[str, Any]) -> Path:
    file.write_text(tomli_w.dumps(tables))
    return file


def changed(path: str, value: object, tables: dict[str, Any] = ENOUGH) -> dict[str, Any]:
    """The tables with one value set, at a dotted path."""
    copy: dict[str, Any] = json.loads(json.dumps(tables))
    *above, last = path.split(".")
    table = copy
    for key in above:
        table = table.setdefault(key, {})
    table[last] = value
    return copy


def mistakes(file: Path, tables: dict[str, Any], environ: dict[str, str] | None = None) -> tuple[Mistake, ...]:
    with pytest.raises(ConfigError) as caught:
        load(written(file, tables), environ or {}, formats={"alb", "cloudfront"})
    assert SECRET not in str(caught.value)
    return caught.value.mistakes


def test_defaults_stand_where_nobody_says_otherwise(file: Path) -> None:
    """A file with only what is needed leaves all the rest at its default."""
    settings = load(written(file, ENOUGH), {})
    assert settings.http == Settings().http
    assert settings.queue.url == QUEUE
    assert settings.sinks == {"main": OpenSearchSettings(urls=("https://es",))}


def test_the_environment_alone_is_enough() -> None:
    """Without a file the variables say everything."""
    environ = {
        "INGESTD_QUEUE__URL": QUEUE,
        "INGESTD_QUEUE__BUCKETS": "logs, more-logs",
        "INGESTD_SINK__OPENSEARCH__URL": "https://es:9200",
        "INGESTD_SINK__OPENSEARCH__AUTH": "basic",
        "INGESTD_SINK__OPENSEARCH__USERNAME": "me",
        "INGESTD_SINK__OPENSEARCH__PASSWORD": SECRET,
        "INGESTD_THREADS": "3",
        "INGESTD_EVENTS__ORIGINAL": "true",
        "PATH": "/bin",
    }
    settings = load(None, environ)
    sink = settings.sinks["opensearch"]
    assert isinstance(sink, OpenSearchSettings)
    assert sink.password is not None
    assert sink.password.get_secret_value() == SECRET
    assert sink.urls == ("https://es:9200",)
    assert (settings.queue.buckets, settings.threads, settings.events.original) == (("logs", "more-logs"), 3, True)


@pytest.mark.parametrize(
    ("in_file", "variable", "value", "expected"),
    [
        (None, None, "", 8080),
        (9000, None, "", 9000),
        (None, "INGESTD_HTTP__PORT", "9001", 9001),
        (9000, "INGESTD_HTTP__PORT", "9001", 9001),
        (9000, "ingestd_http__port", "9001", 9001),
        (9000, "INGESTD_HTTP__PORT", "", 9000),
    ],
)
def test_precedence(file: Path, in_file: int | None, variable: str | None, value: str, expected: int) -> None:
    """The environment beats the file, the file beats the default; an empty variable says nothing."""
    tables = ENOUGH if in_file is None else changed("http.port", in_file)
    assert load(written(file, tables), {variable: value} if variable else {}).http.port == expected


def test_a_variable_changes_one_value_of_a_table_and_leaves_the_others(file: Path) -> None:
    """Tables are joined over the sources; who said each value is known."""
    resolved = resolve(written(file, changed("queue.wait_seconds", 7)), {"INGESTD_QUEUE__RECEIVERS": "4"})
    assert (resolved.settings.queue.wait_seconds, resolved.settings.queue.receivers) == (7, 4)
    assert resolved.origins["queue", "wait_seconds"] == str(file)
    assert resolved.origins["queue", "receivers"] == "INGESTD_QUEUE__RECEIVERS"
    assert ("queue", "owners") not in resolved.origins


@pytest.mark.parametrize("text", ["a,b", " a , b ,", '["a", "b"]'])
def test_a_list_in_one_text(file: Path, text: str) -> None:
    """A list may be JSON or values between commas, in a variable and in the file."""
    environ = {"INGESTD_QUEUE__BUCKETS": text.replace("a", "aaa").replace("b", "bbb")}
    assert load(written(file, ENOUGH), environ).queue.buckets == ("aaa", "bbb")
    tables = changed("queue.buckets", environ["INGESTD_QUEUE__BUCKETS"])
    assert load(written(file, tables), {}).queue.buckets == ("aaa", "bbb")


def test_routes_in_a_variable(file: Path) -> None:
    """The routes as JSON replace those of the file in whole."""
    routes = [{"key": "^alb/", "format": "alb", "sinks": ["main", "copy"]}, {"drop": True}]
    tables = {**ENOUGH, "sinks": TWO_SINKS, "route": [{"sinks": ["main"]}]}
    settings = load(written(file, tables), {"INGESTD_ROUTE": json.dumps(routes)}, formats={"alb"})
    assert [(route.format, route.sinks, route.drop) for route in settings.route] == [
        ("alb", ("main", "copy"), False),
        ("auto", (), True),
    ]


@pytest.mark.parametrize("word", ["sink", "sinks"])
@pytest.mark.parametrize("urls", [{"url": "https://es"}, {"urls": ["https://es"]}, {"urls": "https://es"}])
def test_spellings_of_a_sink(file: Path, word: str, urls: dict[str, Any]) -> None:
    """`sink` is `sinks` and `url` is `urls`, and a sink that is named after a kind is of that kind."""
    tables = {"queue": ENOUGH["queue"], word: {"opensearch": urls}}
    assert load(written(file, tables), {}).sinks == {"opensearch": OpenSearchSettings(urls=("https://es",))}


def test_a_variable_replaces_what_the_file_spells_otherwise(file: Path) -> None:
    """The other spelling in the stronger source is still the same setting."""
    settings = load(written(file, ENOUGH), {"INGESTD_SINK__MAIN__URL": "https://other"})
    assert settings.sinks == {"main": OpenSearchSettings(urls=("https://other",))}


def test_a_secret_from_a_file(file: Path, tmp_path: Path) -> None:
    """`api_key_file` names the file that holds the key; a key said by a stronger source goes before it."""
    key_file = tmp_path / "key"
    key_file.write_text(f"{SECRET}\n")
    tables = changed("sinks.main.auth", "api_key", changed("sinks.main.api_key_file", str(key_file)))
    for environ, expected in (({}, SECRET), ({"INGESTD_SINKS__MAIN__API_KEY": "other"}, "other")):
        sink = load(written(file, tables), environ).sinks["main"]
        assert isinstance(sink, OpenSearchSettings)
        assert sink.api_key is not None
        assert sink.api_key.get_secret_value() == expected


def test_the_region_of_aws_is_that_of_what_is_in_aws(file: Path) -> None:
    """Firehose and sigv4 sinks without a region take the one of [aws]."""
    tables = {**ENOUGH, "sinks": TWO_SINKS, "aws": {"region": "eu-west-1"}, "route": [{"sinks": ["main", "copy"]}]}
    settings = load(written(file, changed("sinks.main.auth", "sigv4", tables)), {})
    assert [sink.region for sink in settings.sinks.values()] == ["eu-west-1", "eu-west-1"]
    assert isinstance(settings.sinks["copy"], FirehoseSettings)


SQS = "https://{}/123456789012/logs"
REGIONS = [
    ("eu-west-1", {"AWS_REGION": "eu-west-2"}, QUEUE, "eu-west-1"),
    (None, {"AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-3"}, QUEUE, "eu-west-2"),
    (None, {"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-3"}, QUEUE, "eu-west-3"),
    (None, {}, QUEUE, "eu-central-1"),
    (None, {}, SQS.format("vpce-1-2.sqs.us-east-1.vpce.amazonaws.com"), "us-east-1"),
    (None, {}, SQS.format("sqs-fips.us-gov-west-1.amazonaws.com"), "us-gov-west-1"),
    (None, {}, SQS.format("sqs.cn-north-1.amazonaws.com.cn"), "cn-north-1"),
    (None, {}, SQS.format("queue.example"), None),  # the SDK's profile is left
    (None, {}, "http://127.0.0.1:5000/123456789012/logs", None),
]


@pytest.mark.parametrize(("said", "environ", "url", "region"), REGIONS)
def test_the_region_is_said_by_the_nearest(
    file: Path, said: str | None, environ: dict[str, str], url: str, region: str | None
) -> None:
    """By [aws], by a variable, or by the queue's own address."""
    tables = changed("queue.url", url)
    tables |= {"aws": {"region": said}} if said else {}
    assert load(written(file, tables), environ).aws.region == region


def test_what_is_signed_needs_a_region(file: Path) -> None:
    """If not even the queue's address has one."""
    tables = changed("queue.url", SQS.format("queue.example"), changed("sinks.main.auth", "sigv4"))
    (mistake,) = mistakes(file, tables)
    assert (mistake.path, mistake.found) == ("sinks.main.region", "nothing")
    assert 'auth = "sigv4"' in mistake.allowed


def test_the_variable_that_names_the_file(file: Path) -> None:
    """INGESTD_CONFIG names the file, unless the command line does."""
    written(file, changed("http.port", 9000))
    assert load(None, {"INGESTD_CONFIG": str(file)}).http.port == 9000
    assert load(file, {"INGESTD_CONFIG": "/nowhere"}).http.port == 9000


def test_what_only_the_service_needs() -> None:
    """A command that is not the service does without queue and sinks."""
    with pytest.raises(ConfigError) as caught:
        load(None, {})
    assert [mistake.path for mistake in caught.value.mistakes] == ["queue.buckets", "queue.url", "sinks"]
    assert load(None, {}, service=False) == Settings()


ONE_MISTAKE = [
    # path of the change, its value, path of the mistake, found, in the text of what is allowed
    ("http.port", 70000, "http.port", "70000", "65535 or less"),
    ("http.port", "eighty", "http.port", "'eighty'", "a whole number"),
    ("queue.visibility_seconds", 29, "queue.visibility_seconds", "29", "30 or more"),
    ("queue.visibilty_seconds", 60, "queue.visibilty_seconds", "an unknown key", "visibility_seconds, if that was meant"),
    ("queue.zzz", 60, "queue.zzz", "an unknown key", "url, buckets, owners"),
    ("qeueu", {}, "qeueu", "an unknown key", "queue, if that was meant"),
    ("retry.first_seconds", float("inf"), "retry.first_seconds", "inf", "a finite number"),
    ("retry.ceiling_seconds", 0.1, "retry.ceiling_seconds", "0.1", "at least retry.first_seconds: 0.5"),
    ("queue.url", "https://example.com/logs", "queue.url", "'https://example.com/logs'", "an SQS URL"),
    ("queue.url", "https://a:b@example.com/123456789012/l", "queue.url", "'https://********@", "without a name and password"),
    ("queue.buckets", ["*"], "queue.buckets.0", "'*'", "exact name"),
    ("queue.buckets", [], "queue.buckets", "nothing", "dangerously_any_bucket = true"),
    ("queue.buckets", 3, "queue.buckets", "3", "a list"),
    ("queue.buckets", "[oops", "queue.buckets", "'[oops'", "JSON list"),
    ("queue.dangerously_any_bucket", True, "queue.dangerously_any_bucket", "true", "queue.buckets says which"),
    ("queue.owners", ["1234"], "queue.owners.0", "'1234'", "12 digits"),
    ("queue.wait_seconds", 21, "queue.wait_seconds", "21", "20 or less"),
    ("memory.budget_bytes", 1, "memory.budget_bytes", "1", "16777216 or more"),
    ("object.block_bytes", 1 << 26, "memory.budget_bytes", "268435456", "8 times object.block_bytes: 536870912"),
    ("object.decoded_bytes_max", 10**12, "object.decoded_bytes_max", "1000000000000", "less than"),
    ("log", "loud", "log", "text", "a table"),
    ("log.level", "loud", "log.level", "'loud'", "'debug', 'info', 'warning' or 'error'"),
    ("dead_letters.prefix", "/x", "dead_letters.prefix", "'/x'", "ends with /"),
    ("sinks", {}, "sinks", "nothing", "at least one sink"),
    ("sinks.main.kind", "opensaerch", "sinks.main.kind", "'opensaerch'", '"opensearch" (for Elasticsearch too) or "firehose"'),
    (
        "sinks.main",
        {"urls": ["https://es"]},
        "sinks.main.kind",
        "nothing",
        '"opensearch" (for Elasticsearch too) or "firehose"',
    ),
    ("sinks.main", "https://es", "sinks.main", "text", "a table"),
    ("sinks.main", {"kind": "opensearch"}, "sinks.main.urls", "nothing", "a value"),
    ("sinks.main", {"kind": "firehose"}, "sinks.main.stream", "nothing", "a value"),
    ("sinks.main.urls", [], "sinks.main.urls", "a list of 0", "at least 1"),
    ("sinks.main.urls", ["es:9200"], "sinks.main.urls.0", "'es:9200'", "a URL like"),
    ("sinks.main.urls", ["https://me:x@es"], "sinks.main.urls.0", "'https://********@es'", "without a name and password"),
    ("sinks.main.url", "https://es", "sinks.main.urls", "'https://es'", "said once"),
    ("sinks.main.index", "Logs-*", "sinks.main.index", "'Logs-*'", "lower-case"),
    ("sinks.main.pasword", SECRET, "sinks.main.pasword", "an unknown key", "password, if that was meant"),
    ("sinks.main.password", [SECRET], "sinks.main.password", "********", "a text"),
    ("sinks.main.auth", "api_key", "sinks.main.api_key", "nothing", 'auth = "api_key"'),
    ("sinks.main.username", "me", "sinks.main.auth", "'none'", '"basic", or no username'),
    ("sinks.main.permits_first", 17, "sinks.main.permits_first", "17", "at most permits_max: 16"),
    ("sinks", {"Main": {"kind": "firehose", "stream": "s"}}, "sinks.Main", "'Main'", "lower-case"),
    ("route", [{"sinks": ["mian"]}], "route.0.sinks.0", "'mian'", "the name of a sink (main)"),
    ("route", [{"key": "("}], "route.0.key", "'('", "a regular expression (missing )"),
    ("route", [{"format": "abl"}], "route.0.format", "'abl'", "alb, if that was meant"),
    ("route", [{"drop": True, "sinks": ["main"]}], "route.0.drop", "true", "no sinks"),
    ("route", [{}, {"drop": True}], "route.0", "no bucket, key or stream", "the last place"),
    ("route", [{"buket": "b"}], "route.0.buket", "an unknown key", "bucket, if that was meant"),
    ("route", "not json", "route", "'not json'", "JSON list of tables"),
    ("route", ["x"], "route.0", "text", "a table"),
    ("threads", "x\x1b[31m\u202e" + "y" * 99, "threads", "'x\\x1b[31m\\u202e" + "y" * 73 + "...'", "a whole number"),
]


@pytest.mark.parametrize(("change", "value", "path", "found", "allowed"), ONE_MISTAKE)
def test_one_mistake(file: Path, change: str, value: object, path: str, found: str, allowed: str) -> None:
    """Each mistake tells the path, the value found, what is allowed and the file; and it alone is told."""
    (mistake,) = mistakes(file, changed(change, value))
    assert mistake.path == path
    assert mistake.found.startswith(found)
    assert allowed in mistake.allowed
    assert mistake.origin in {str(file), "default"}
    assert mistake.origin == str(file) or mistake.found in {"nothing", "268435456"}


@pytest.mark.parametrize(
    ("routes", "path"),
    [([], "route"), ([{"key": "x"}], "route.0.sinks")],
)
def test_several_sinks_need_routes_that_name_them(file: Path, routes: list[dict[str, Any]], path: str) -> None:
    """With more than one sink nothing goes without saying."""
    (mistake,) = mistakes(file, {**ENOUGH, "sinks": TWO_SINKS, "route": routes})
    assert (mistake.path, mistake.found) == (path, "nothing")
    assert "copy, main" in mistake.allowed


@pytest.mark.parametrize(
    ("name", "value", "path", "allowed"),
    [
        ("INGESTD_QUEUE_URL", "x", "queue_url", "queue.url (INGESTD_QUEUE__URL)"),
        ("INGESTD_QUEUE__ULR", "x", "queue.ulr", "url, if that was meant"),
        ("INGESTD_QUEUE", SECRET, "queue", "a table"),
        ("INGESTD_HTTP__PORT", "x", "http.port", "a whole number"),
        ("INGESTD_", "x", "", "queue"),
        ("INGESTD_HTTP__PORT__X", "1", "http.port", "a whole number"),
        ("INGESTD_SINKS__MAIN__PASSWORD__X", SECRET, "sinks.main.password", "a text"),
        ("INGESTD_QUEUE__BUCKETS__0", "x", "queue.buckets", "a list"),
        ("INGESTD_SINKS__OTHER__KIND", SECRET + "x" * 99, "sinks.other.kind", "firehose"),
    ],
)
def test_a_mistake_in_a_variable(file: Path, name: str, value: str, path: str, allowed: str) -> None:
    """A mistake in the environment names the variable; no variable of ours is passed over."""
    with pytest.raises(ConfigError) as caught:
        load(written(file, ENOUGH), {name: value})
    first = next(mistake for mistake in caught.value.mistakes if mistake.path == path)
    assert allowed in first.allowed
    assert first.origin == name


FORMAT: dict[str, Any] = {"name": "app", "columns": [{"name": "t", "type": "time", "field": "@timestamp"}]}


@pytest.mark.parametrize(
    ("change", "path", "found", "allowed"),
    [
        ({"name": "alb"}, "format.0.name", "'alb'", "no other format"),
        ({"name": "auto"}, "format.0.name", "'auto'", "no other format"),
        ({"name": "App"}, "format.0.name", "'App'", "lower-case letters"),
        ({"columns": []}, "format.0.columns", "nothing", "columns of a line"),
        ({"base": "alb"}, "format.0.columns", "a list of 1", "none beside a base"),
        ({"base": "nope", "columns": [], "fields": ["a"]}, "format.0.base", "'nope'", "alb, cloudfront"),
        ({"base": "alb", "columns": []}, "format.0.fields", "nothing", "names"),
        ({"fields": ["a"]}, "format.0.fields", "a list of 1", "none without a base"),
        ({"separator": ", "}, "format.0.separator", "', '", "one ASCII character"),
        ({"key": "("}, "format.0.key", "'('", "regular expression"),
        ({"shape": "fixed"}, "format.0.shape", "'fixed'", "'spaced'"),
        ({"columns": [{"name": "t", "type": "date"}]}, "format.0.columns.0.type", "'date'", "'text'"),
        ({"columns": [{"name": "t", "field": "a..b"}]}, "format.0.columns.0.field", "'a..b'", "dotted path"),
        ({"columns": [{"field": "a"}]}, "format.0.columns.0.name", "nothing", "a value"),
        ({"columns": [{"name": "t", "feild": "a"}]}, "format.0.columns.0.feild", "an unknown key", "field, if that was meant"),
        ({"shap": "csv"}, "format.0.shap", "an unknown key", "shape, if that was meant"),
    ],
)
def test_a_mistake_in_a_format(file: Path, change: dict[str, Any], path: str, found: str, allowed: str) -> None:
    """What is wrong with a format of the user's own is said like all else, and costs no route that names it a second word."""
    tables = {**ENOUGH, "format": [FORMAT | change], "route": [{"format": "app"}] if "name" not in change else []}
    (mistake,) = mistakes(file, tables)
    assert (mistake.path, mistake.found) == (path, found)
    assert allowed in mistake.allowed


RULE: dict[str, Any] = {"name": "checks", "action": "drop", "when": [{"field": "url.path", "equals": ["/"]}]}


@pytest.mark.parametrize(
    ("change", "path", "found", "allowed"),
    [
        ({"name": "Checks"}, "rule.0.name", "'Checks'", "lower-case letters"),
        ({"action": "keep"}, "rule.0.action", "'keep'", "'sample'"),
        ({"when": []}, "rule.0.when", "nothing", 'rule "checks" is to drop'),
        ({"one_in": 5}, "rule.0.one_in", "5", "nothing"),
        ({"action": "sample"}, "rule.0.one_in", "nothing", "how many lines"),
        ({"action": "sample", "one_in": 1}, "rule.0.one_in", "1", "2 or more"),
        ({"fields": ["url.path"]}, "rule.0.fields", "a list of 1", "none, since"),
        ({"action": "redact", "when": []}, "rule.0.fields", "nothing", "which fields"),
        ({"action": "redact", "fields": ["url.path"]}, "rule.0.when", "a list of 1", "none, since"),
        ({"wen": []}, "rule.0.wen", "an unknown key", "when, if that was meant"),
        ({"when": [{"field": "url.path"}]}, "rule.0.when.0", "no test", "one of equals, begins"),
        ({"when": [{"field": "a", "begins": "x", "ends": "y"}]}, "rule.0.when.0", "begins and ends", 'in rule "checks" for a'),
        ({"when": [{"field": "a", "equal": "x"}]}, "rule.0.when.0.equal", "an unknown key", "equals, if that was meant"),
        ({"when": [{"field": "a", "networks": ["10.0.0.1/8"]}]}, "rule.0.when.0.networks.0", "'10.0.0.1/8'", "host bits"),
        ({"when": [{"field": "a", "equals": [""]}]}, "rule.0.when.0.equals.0", "''", "1-1024 characters"),
        ({"when": [{"field": "a", "at_least": "x"}]}, "rule.0.when.0.at_least", "'x'", "number"),
        ({"when": [{"equals": ["x"]}]}, "rule.0.when.0.field", "nothing", "a value"),
    ],
)
def test_a_mistake_in_a_rule(file: Path, change: dict[str, Any], path: str, found: str, allowed: str) -> None:
    """What is wrong with a rule names it, its condition, and what is allowed."""
    (mistake,) = mistakes(file, {**ENOUGH, "rule": [RULE | change]})
    assert (mistake.path, mistake.found) == (path, found)
    assert allowed in mistake.allowed


def test_a_parameter_that_cannot_be_a_name(file: Path) -> None:
    """Names of secrets have no equals sign in them, and are not so short that anything would be one."""
    (mistake,) = mistakes(file, {**ENOUGH, "secrets": {"parameters": ["token", "a=b"]}})
    assert (mistake.path, mistake.found) == ("secrets.parameters.1", "'a=b'")
    assert "2-32 letters" in mistake.allowed


def test_a_rule_is_named_once(file: Path) -> None:
    """Metrics tell rules apart by their names."""
    (mistake,) = mistakes(file, {**ENOUGH, "rule": [RULE, RULE]})
    assert (mistake.path, mistake.allowed) == ("rule.1.name", "each rule once")


def test_bounds_of_a_condition_may_stand_together(file: Path) -> None:
    """A range has two of them."""
    when = [{"field": "a.b", "at_least": 200, "at_most": 299.5}]
    (rule,) = load(written(file, {**ENOUGH, "rule": [RULE | {"when": when}]}), {}).rule
    assert (rule.when[0].at_least, rule.when[0].at_most) == (200, 299.5)


def test_routes_name_the_user_s_own_formats(file: Path) -> None:
    """A route may name a format that the same settings describe, and not one that nobody does; names are given once."""
    settings = load(written(file, {**ENOUGH, "format": [FORMAT], "route": [{"format": "app"}]}), {}, formats={"alb"})
    assert settings.format[0].columns[0].field == "@timestamp"
    (mistake,) = mistakes(file, {**ENOUGH, "format": [FORMAT], "route": [{"format": "ap"}]})
    assert (mistake.path, mistake.allowed) == ("route.0.format", "app, if that was meant")
    assert [mistake.path for mistake in mistakes(file, {**ENOUGH, "format": [FORMAT, FORMAT]})] == [
        "format.0.name",
        "format.1.name",
    ]


def test_all_mistakes_at_once(file: Path) -> None:
    """Values wrong alone and rules broken between settings are told together, of file and environment."""
    tables = {
        "threads": "many",
        "queue": {"buckets": ["a/b"]},
        "object": {"block_bytes": 1 << 26},
        "sinks": {
            "main": {"kind": "opensearch", "url": "https://es", "auth": "basic", "compress": "perhaps"},
            "broken": {"kind": "firehose"},
        },
        "route": [{"key": "(", "sinks": ["broken", "mian"]}, {"format": "nope", "sinks": ["main"]}],
    }
    assert [mistake.path for mistake in mistakes(file, tables, {"INGESTD_LOG__LEVEL": "x"})] == [
        "log.level",
        "memory.budget_bytes",
        "queue.buckets.0",
        "queue.url",
        "route.0.key",
        "route.0.sinks.1",
        "route.1.format",
        "sinks.broken.stream",
        "sinks.main.compress",
        "sinks.main.password",
        "sinks.main.username",
        "threads",
    ]


def test_the_error_is_fatal_and_reads_line_by_line(file: Path) -> None:
    """A ConfigError ends the program, and its text is a heading and one line for each mistake."""
    with pytest.raises(Fatal) as caught:
        load(written(file, changed("http.port", -1)), {})
    assert caught.value.reason == "bad_config"
    assert str(caught.value).splitlines() == [
        "the configuration has mistakes:",
        f"  http.port: found -1; allowed: 0 or more [{file}]",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "no such file"), (b"a = [\n", "end of document"), (b"a = '\xff'", "not utf-8"), (b"a = 1\nb =\n", "line 2")],
)
def test_a_file_that_cannot_be_read(file: Path, content: bytes | None, reason: str) -> None:
    """A missing or broken file is the one mistake told: all else would be said about nothing."""
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(file, {})
    (mistake,) = caught.value.mistakes
    assert mistake.found == repr(str(file))
    assert reason in mistake.allowed.lower()


@pytest.mark.parametrize(
    ("content", "allowed"), [(None, "no such file"), (b"", "not empty"), (b"\n", "not empty"), (b"\xff\xfe", "not UTF-8")]
)
def test_a_secret_file_with_nothing_to_take(file: Path, tmp_path: Path, content: bytes | None, allowed: str) -> None:
    """An empty or unreadable secret is a mistake, not an empty password."""
    if content is not None:
        (tmp_path / "password").write_bytes(content)
    tables = changed("sinks.main.password_file", str(tmp_path / "password"))
    tables["sinks"]["main"] |= {"auth": "basic", "username": "me"}
    (mistake,) = mistakes(file, tables)
    assert mistake.path == "sinks.main.password_file"
    assert allowed in mistake.allowed


def test_two_spellings_in_one_source() -> None:
    """Two variables for one setting are a mistake that names both."""
    environ = {"INGESTD_SINK__MAIN__URL": "https://a", "INGESTD_SINKS__MAIN__URLS": "https://b"}
    with pytest.raises(ConfigError, match=r"not by INGESTD_SINKS__MAIN__URLS too \[INGESTD_SINK__MAIN__URL\]"):
        load(None, environ)


JUNK = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
SECTIONS = st.sampled_from(sorted({*Settings.model_fields, "sink", "main", "x"}))
KEYS = st.sampled_from(sorted({"kind", "url", "urls", "password", "main", "opensearch", "firehose", "key", "0", "buckets"}))
TABLE = st.dictionaries(KEYS, JUNK | st.dictionaries(KEYS, JUNK, max_size=4), max_size=4)
VARIABLE = st.lists(SECTIONS | KEYS, min_size=1, max_size=4).map("__".join).map("INGESTD_{}".format)


@given(st.dictionaries(SECTIONS, JUNK | TABLE | st.lists(TABLE, max_size=3)), st.dictionaries(VARIABLE, st.text(max_size=9)))
def test_any_junk_is_a_config_error(tables: dict[str, Any], environ: dict[str, str]) -> None:
    """Whatever the sources hold, the answer is settings or a ConfigError, never another error."""
    with NamedTemporaryFile(suffix=".toml") as file, suppress(ConfigError):
        file.write(tomli_w.dumps(tables).encode())
        file.flush()
        load(Path(file.name), environ, service=False)


@pytest.mark.parametrize(
    ("value", "secret", "text"),
    [
        (None, True, "nothing"),
        (SECRET, True, "********"),
        ({"a": SECRET}, False, "a table"),
        ([SECRET], False, "a list of 1"),
        (True, False, "true"),
        ("http://u:p@h/", False, "'http://********@h/'"),
    ],
)
def test_a_value_for_people(value: object, secret: bool, text: str) -> None:
    """What is shown of a value holds no secret."""
    assert shown(value, secret=secret) == text


def test_a_password_of_the_page_may_come_from_a_file_and_needs_a_user(tmp_path: Path) -> None:
    """As a sink's; one without the other is a mistake."""
    secret = tmp_path / "secret"
    secret.write_text("hidden\n")
    environ = {"INGESTD_HTTP__PASSWORD_FILE": str(secret), "INGESTD_HTTP__USERNAME": "ops"}
    password = load(None, environ, service=False).http.password
    assert password is not None
    assert password.get_secret_value() == "hidden"
    for missing in environ:
        with pytest.raises(ConfigError, match="http"):
            load(None, {name: value for name, value in environ.items() if name != missing}, service=False)
