"""What `ingestd setup` makes in a cluster."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ingestd.config.section import Section
from ingestd.config.values import Glob, JsonObject, RoleName, Seconds, Texts, Url

__all__ = ["RoleSettings", "SetupSettings"]


class SetupSettings(Section):
    """What `ingestd setup` makes in OpenSearch and Elasticsearch; the running service does not look at it."""

    shards: Annotated[int, Field(ge=1, le=1024)] = 1
    """Primary shards of an index: one carries some 50 GB; more than a day brings only where one node cannot keep up."""
    replicas: Annotated[int, Field(ge=0, le=10)] = 1
    """Copies of each shard: with one, a lost node loses nothing; 0 on a single node, 2 for AWS's Multi-AZ with standby."""
    refresh_seconds: Seconds = 2.0
    """How soon what is written can be found; with batch_seconds the most of the way from S3 to search. Longer costs less."""
    codec: Literal["default", "best_compression", "zstd", "zstd_no_dict"] = "best_compression"
    """How documents are stored: about a third less disk than default; zstd is faster, where the server has it."""
    fields_max: Annotated[int, Field(ge=100, le=100_000)] = 2000
    """Fields an index may have; all formats together have some hundreds, and what is beyond goes to `unmapped`."""
    keyword_chars_max: Annotated[int, Field(ge=16, le=8191)] = 1024
    """A longer value is stored but not indexed; 8191 characters always fit into Lucene's 32,766 bytes."""
    free_text: bool = True
    """Also index URLs, user agents and messages as words, so that people can search as they do on the web."""
    pipeline: str | None = None
    """An ingest pipeline of yours that every document takes (geoip, say); it must be there already."""
    retention_days: Annotated[int, Field(ge=0, le=36_500)] = 90
    """New indices are deleted at this age; 0: never. Indices from before setup are left alone."""
    security_retention_days: Annotated[int, Field(ge=0, le=36_500)] = 365
    """The same for security_datasets: most rules ask for a year."""
    rollover_days: Annotated[int, Field(ge=1, le=3650)] = 7
    """A data stream begins a new index at this age, so that deletion goes in small steps."""
    rollover_gib: Annotated[int, Field(ge=1, le=1000)] = 30
    """Or at this size of a primary shard: larger ones recover slowly."""
    security_datasets: Annotated[tuple[Glob, ...], Texts] = (
        "aws.cloudtrail*",
        "aws.waf*",
        "aws.s3access*",
        "aws.vpcflow*",
        "aws.guardduty*",
        "aws.firewall*",
    )
    """What security_reader may see and logs_reader may not; an index that holds any of it is theirs alone."""
    dashboards_url: Url | None = None
    """OpenSearch Dashboards or Kibana, for the saved objects; without one import config/opensearch/dashboards.ndjson."""


class RoleSettings(Section):
    """One `[[role]]`: who has it, and, for one of your own, what it may read. `ingestd setup --security` makes it."""

    name: RoleName
    """ingestd_writer, logs_reader and security_reader are there already and only need people; others are your own."""
    users: Annotated[tuple[str, ...], Texts] = ()
    """Users by name; for IAM users and roles on AWS the ARN goes to backend_roles."""
    backend_roles: Annotated[tuple[str, ...], Texts] = ()
    """Groups as Cognito, SAML, LDAP or IAM name them."""
    datasets: Annotated[tuple[Glob, ...], Texts] = ()
    """What it may read; * and ? stand for anything."""
    query: JsonObject | None = None
    """Only documents that this query (as JSON) finds."""
    hidden_fields: Annotated[tuple[str, ...], Texts] = ()
    """Fields that it does not get to see."""
    masked_fields: Annotated[tuple[str, ...], Texts] = ()
    """Fields of which it sees a hash, which is the same for the same value; OpenSearch only."""
