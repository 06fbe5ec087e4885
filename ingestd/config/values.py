"""The kinds of values that settings have, each with the one check that it needs.

A check looks at the value alone; what one setting demands of another stands in `rules`. Its message completes the
sentence "allowed: ...". A list may be given as one text, since an environment variable can say it in no other way.
"""

from __future__ import annotations

import json
import re
from ipaddress import ip_network
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

__all__ = [
    "KIB",
    "MIB",
    "Account",
    "Bound",
    "Bucket",
    "ColumnName",
    "Count",
    "Dataset",
    "FieldPath",
    "FormatName",
    "FormatReference",
    "Glob",
    "IndexName",
    "JsonObject",
    "MemberPath",
    "Network",
    "ParameterName",
    "Prefix",
    "QueueUrl",
    "Regex",
    "RoleName",
    "RuleName",
    "Seconds",
    "SecretArn",
    "Separator",
    "SinkName",
    "StreamName",
    "Tables",
    "Texts",
    "Url",
    "Wanted",
]

KIB, MIB = 1 << 10, 1 << 20

Count = Annotated[int, Field(ge=1)]
Bound = Annotated[float, Field(ge=-1e15, le=1e15, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=86400, allow_inf_nan=False)]


def _form(pattern: str, meaning: str) -> AfterValidator:
    """A check that the whole text has the form `pattern`, which people call `meaning`."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise PydanticCustomError("form", "{meaning}", {"meaning": meaning})
        return value

    return AfterValidator(check)


def _url(value: str) -> str:
    return _url_as(value, "a URL like https://host:9200")


def _url_as(value: str, like: str) -> str:
    try:
        parts = urlsplit(value)
        port_given = parts.port
    except ValueError:
        parts, port_given = urlsplit(""), None
    if parts.username is not None or parts.password is not None:
        raise PydanticCustomError("url", "a URL without a name and password in it, which have settings of their own")
    plain = parts.scheme in {"http", "https"} and parts.hostname and not parts.query and not parts.fragment and port_given != 0
    if not plain or not value.isprintable() or " " in value:
        raise PydanticCustomError("url", "{like}", {"like": like})
    return value


def _queue_url(value: str) -> str:
    like = "an SQS URL like https://sqs.REGION.amazonaws.com/123456789012/NAME"
    path = urlsplit(_url_as(value, like)).path
    if not re.fullmatch(r"(?:/[\w.-]+)*/[0-9]{12}/[A-Za-z0-9_-]{1,80}(?:\.fifo)?", path):
        raise PydanticCustomError("queue_url", "{like}", {"like": like})
    return value


def _regex(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise PydanticCustomError("regex", "a regular expression ({error})", {"error": str(error)}) from None
    return value


def _network(value: str) -> str:
    try:
        ip_network(value)
    except ValueError as error:
        raise PydanticCustomError("network", "a network like 10.0.0.0/8 ({error})", {"error": str(error)}) from None
    return value


def _json_object(value: str) -> str:
    try:
        found = json.loads(value)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise PydanticCustomError("json_object", "a JSON object")
    return value


def _listed(value: object) -> object:
    """A list out of one text: JSON if it begins like a JSON list, else parts between commas."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text.startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return json.loads(text)
    except ValueError:
        raise PydanticCustomError("list", "a JSON list, or values with commas between them") from None


def _tables(value: object) -> object:
    """A list of tables out of one text of JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise PydanticCustomError("tables", "a JSON list of tables") from None


Texts = BeforeValidator(_listed)
Tables = BeforeValidator(_tables)

Url = Annotated[str, AfterValidator(_url)]
QueueUrl = Annotated[str, AfterValidator(_queue_url)]
Regex = Annotated[str, AfterValidator(_regex)]
Network = Annotated[str, AfterValidator(_network)]
JsonObject = Annotated[str, AfterValidator(_json_object)]
Glob = Annotated[str, Field(min_length=1, max_length=512)]
Account = Annotated[str, _form(r"[0-9]{12}", "an AWS account of 12 digits")]
Bucket = Annotated[str, _form(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}", "the exact name of a bucket (no wildcards, no s3://)")]
Prefix = Annotated[str, _form(r"(?:[A-Za-z0-9!_.*'()=-]+/)*", "a key prefix that ends with / and does not begin with it")]
Dataset = Annotated[str, _form(r"[a-z0-9][a-z0-9_.]{0,99}", "lower-case letters, digits, _ and ., as in aws.elb_logs")]
FormatName = Annotated[str, _form(r"[a-z][a-z0-9_]{0,31}", "a name of 1-32 lower-case letters, digits and _, a letter first")]
FormatReference = Annotated[str, Field(min_length=1, max_length=256)]
"""A format's name where it is spoken of: whether there is such a format, only `rules` and the tables know."""
ColumnName = Annotated[str, _form(r"[!-~]{1,128}", "a column's name, without spaces")]
MemberPath = Annotated[str, _form(r"[!-Z^-~]{1,256}", "the path of a JSON member, as in event.created")]
FieldPath = Annotated[
    str, _form(r"@?[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*){0,9}", "a field's dotted path, as in http.request.method")
]
Separator = Annotated[str, _form(r"[\t -~]", "one ASCII character, a tab or a printable one")]
SinkName = Annotated[
    str, _form(r"(?=.{1,32}\Z)[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*", "a name of lower-case letters, digits and single _ or -")
]
ParameterName = Annotated[str, _form(r"[A-Za-z0-9_.-]{2,32}", "a parameter's name: 2-32 letters, digits, _, . and -")]
RuleName = Annotated[str, _form(r"[a-z0-9][a-z0-9_-]{0,63}", "a rule's name of lower-case letters, digits, _ and -")]
Wanted = Annotated[str, _form(r"[^\ud800-\udfff\ufffd]{1,1024}", "a text of 1-1024 characters, none of them U+FFFD")]
RoleName = Annotated[str, _form(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", "a role's name of letters, digits, _, . and -")]
SecretArn = Annotated[
    str,
    _form(
        r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[\w/+=.@!-]+(?::[^:]*){0,3}",
        "the ARN of a secret, as arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-XXXXXX, perhaps with :KEY behind it",
    ),
]
StreamName = Annotated[str, _form(r"[A-Za-z0-9_.-]{1,64}", "the name of a Firehose stream (not its ARN)")]
IndexName = Annotated[
    str,
    _form(
        r"(?=[a-z0-9{])(?:\{dataset\}|[a-z0-9._-]){1,100}",
        "lower-case letters, digits, ., _ and -, and {dataset} in the place of the dataset's name",
    ),
]
