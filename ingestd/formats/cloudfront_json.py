"""CloudFront standard logs, version 2, as JSON: the columns of `cloudfront` by name, their values as strings.

Source: AWS, "Configure standard logging (v2)", output format JSON, as of 2026-11-24.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

import orjson

from ingestd.formats import cloudfront
from ingestd.formats.table import Shape

__all__ = ["FORMAT"]

NAMES = [column.name for column in cloudfront.FORMAT.columns[: cloudfront.FORMAT.headless]]


def sample(random: Random) -> str:
    """A record of all columns that a file of version 1 has."""
    return orjson.dumps(dict(zip(NAMES, cloudfront.sample(random).split("\t"), strict=True))).decode()


FORMAT = replace(
    cloudfront.FORMAT,
    name="cloudfront_json",
    shape=Shape.JSON,
    required=0,
    header=None,
    headless=None,
    padded=False,
    comments=(),
    dashes=True,
    rest="aws.cloudfront.extra_members",  # `extra` is a list of strings in the indices that both write to
    key="",
    content=r".* (?:x-edge-location|x-edge-request-id|timestamp\(ms\)|cs-uri-stem) ",
    sample=sample,
    preamble=(),
)
