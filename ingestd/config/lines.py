"""What becomes of lines: rules that drop them, take samples of them or keep fields of them back."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ingestd.config.section import Section
from ingestd.config.values import Bound, FieldPath, FormatReference, Network, ParameterName, RuleName, Texts, Wanted

__all__ = ["ConditionSettings", "RuleSettings", "SecretSettings"]


class ConditionSettings(Section):
    """One `[[rule.when]]`: what a field's value must be, by one of these tests. All of a rule's must hold."""

    field: FieldPath
    """The field, as documents have it; a line without a value for it does not fit. Of a list one item that fits is enough."""
    equals: Annotated[tuple[Wanted, ...], Texts] = ()
    """Its text is one of these, to the letter; of numbers as the document writes them."""
    begins: Annotated[tuple[Wanted, ...], Texts] = ()
    """It begins with one of these."""
    ends: Annotated[tuple[Wanted, ...], Texts] = ()
    """It ends with one of these."""
    contains: Annotated[tuple[Wanted, ...], Texts] = ()
    """It has one of these in it."""
    at_least: Bound | None = None
    """A number that is not smaller; with at_most beside it, a range."""
    at_most: Bound | None = None
    """A number that is not larger."""
    networks: Annotated[tuple[Network, ...], Texts] = ()
    """An address in one of these networks."""


class RuleSettings(Section):
    """One `[[rule]]`: lines that are dropped or of which a sample is kept, or fields that documents do not show.

    The first rule that fits a line drops it or keeps it; fields are redacted after that, by all rules that say so.
    """

    name: RuleName
    """What metrics call it."""
    action: Literal["drop", "sample", "redact"]
    """drop; sample: keep one line of one_in and drop the others; redact: take fields out, or REDACTED in place of a text."""
    formats: Annotated[tuple[FormatReference, ...], Texts] = ()
    """The formats that it is for; without any, all that have its fields."""
    when: tuple[ConditionSettings, ...] = ()
    """Which lines are dropped or sampled, one table for each condition; a sample without any is one of all lines."""
    one_in: Annotated[int, Field(ge=2, le=1_000_000_000)] | None = None
    """For sample: of so many lines one is kept, by a hash of its id: each delivery of a line decides the same."""
    fields: Annotated[tuple[FieldPath, ...], Texts] = ()
    """For redact: the fields, as documents have them. Such documents have no event.original, whatever [events] says."""


class SecretSettings(Section):
    """What is masked in lines before anything else is done with them: the values of query parameters that are secrets."""

    formats: Annotated[tuple[FormatReference, ...], Texts] = (
        "alb",
        "alb_json",
        "apigateway",
        "apigateway_execution",
        "apigateway_text",
        "clb",
        "cloudfront",
        "cloudfront_json",
        "cloudfront_realtime",
        "network_firewall",
        "s3access",
        "s3access_json",
        "waf",
    )
    """The formats in whose lines it is done, and those that have them as their base; [] switches it off."""
    parameters: Annotated[tuple[ParameterName, ...], Texts] = (
        "access_token",
        "api-key",
        "api_key",
        "apikey",
        "assertion",
        "auth_token",
        "client_assertion",
        "client_secret",
        "code",
        "id_token",
        "jwt",
        "otp",
        "passwd",
        "password",
        "pwd",
        "refresh_token",
        "samlresponse",
        "secret",
        "sig",
        "signature",
        "token",
        "x-amz-credential",
        "x-amz-security-token",
        "x-amz-signature",
    )
    """The names of such parameters, in whatever case: each byte of their values becomes a star, wherever they stand."""
