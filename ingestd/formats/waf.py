"""AWS WAF: each request that a web ACL looked at, and what became of it.

Source: AWS, "Log fields for web ACL traffic", as of 2026-11-26, in a stored copy of the page. Field names are those of
Elastic's AWS integration, dataset `aws.waf`, where it names one. Lists of rules are kept whole; the headers of the request
become one object by their names.
"""

from __future__ import annotations

from random import Random

import orjson

from ingestd.formats.table import Column, Integer, Ip, Items, Json, Moment, Pairs, Shape, Table, Text, Version

__all__ = ["FORMAT"]

ACL = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/front/385cb038-3a6f-4f2f-ac64-09ab912af590"
RULES = (("Default_Action", "REGULAR", "ALLOW"),) * 6 + (
    ("limit", "RATE_BASED", "BLOCK"),
    ("AWS-AWSManagedRulesSQLiRuleSet", "MANAGED_RULE_GROUP", "BLOCK"),
    ("challenge", "REGULAR", "CHALLENGE"),
)
COUNTRIES = ("DE", "US", "JP", "BR", "-")
PATHS = ("/", "/login", "/api/v1/items/{n}", "/images/{n}.webp", "/a b")
AGENTS = ("Mozilla/5.0 (X11; Linux x86_64; rv:{n}.0) Gecko/20100101 Firefox/{n}.0", "curl/8.{n}.0", 'odd "agent" {n}')


def sample(random: Random) -> str:
    """A record of one request."""
    below = random.randrange
    rule, kind, action = random.choice(RULES)
    host = f"www{below(4)}.example.com"
    record = {
        "timestamp": 1793534400000 + below(1000),
        "formatVersion": 1,
        "webaclId": ACL,
        "terminatingRuleId": rule,
        "terminatingRuleType": kind,
        "action": action,
        "terminatingRuleMatchDetails": [{"conditionType": "SQL_INJECTION", "location": "ALL_QUERY_ARGS",
                                         "matchedData": ["10", "AND", "1"]}] if "SQLi" in rule else [],
        "httpSourceName": "ALB",
        "httpSourceId": "123456789012-app/front/768dd9170f08bb0d",
        "ruleGroupList": [{"ruleGroupId": "AWS#AWSManagedRulesCommonRuleSet", "terminatingRule": None,
                           "nonTerminatingMatchingRules": [], "excludedRules": None}],
        "rateBasedRuleList": [],
        "nonTerminatingMatchingRules": [],
        "requestHeadersInserted": None,
        "responseCodeSent": None,
        "httpRequest": {
            "clientIp": f"192.0.2.{below(256)}" if below(6) else f"2001:db8::{below(65536):x}",
            "country": random.choice(COUNTRIES),
            "headers": [{"name": "Host", "value": host},
                        {"name": "user-agent", "value": random.choice(AGENTS).format(n=below(90))},
                        {"name": "accept", "value": "*/*"}],
            "uri": random.choice(PATHS).format(n=below(5000)),
            "args": "" if below(2) else f"id={below(5000)}&lang=en",
            "httpVersion": "HTTP/2.0",
            "httpMethod": "GET" if below(9) else "POST",
            "requestId": f"1-{random.getrandbits(32):08x}-{random.getrandbits(96):024x}",
        },
        "labels": [{"name": "awswaf:managed:aws:bot-control:bot:verified"}] * (below(4) == 0),
        "ja3Fingerprint": f"{random.getrandbits(128):032x}",
    }  # fmt: skip
    return orjson.dumps(record).decode()


FORMAT = Table(
    name="waf",
    dataset="aws.waf",
    service="waf",
    shape=Shape.JSON,
    columns=(
        Column("timestamp", Moment("@timestamp")),
        Column("formatVersion", Text("aws.waf.format_version")),
        Column("webaclId", Text("aws.waf.arn"), Text("rule.ruleset")),
        Column("terminatingRuleId", Text("rule.id")),
        Column("terminatingRuleType", Text("aws.waf.terminating_rule_type")),
        Column("action", Text("event.action")),
        Column("terminatingRuleMatchDetails", Json("aws.waf.terminating_rule_match_details")),
        Column("httpSourceName", Text("aws.waf.source.name")),
        Column("httpSourceId", Text("aws.waf.source.id")),
        Column("ruleGroupList", Json("aws.waf.rule_group_list")),
        Column("rateBasedRuleList", Json("aws.waf.rate_based_rule_list")),
        Column("nonTerminatingMatchingRules", Json("aws.waf.non_terminating_matching_rules")),
        Column("requestHeadersInserted", Json("aws.waf.request.headers_inserted")),
        Column("responseCodeSent", Integer("http.response.status_code")),
        Column("httpRequest.clientIp", Ip("source.ip", "source.address")),
        Column("httpRequest.country", Text("source.geo.country_iso_code")),
        Column("httpRequest.headers[name=host].value", Text("destination.domain")),
        Column("httpRequest.headers[name=user-agent].value", Text("user_agent.original")),
        Column("httpRequest.headers[name=referer].value", Text("http.request.referrer", type="wildcard")),
        Column("httpRequest.headers", Pairs("aws.waf.request.headers")),
        Column("httpRequest.uri", Text("url.path", type="wildcard")),
        Column("httpRequest.args", Text("url.query", type="wildcard")),
        Column("httpRequest.httpVersion", Version()),
        Column("httpRequest.httpMethod", Text("http.request.method")),
        Column("httpRequest.requestId", Text("http.request.id")),
        Column("httpRequest.fragment", Text("url.fragment")),
        Column("httpRequest.scheme", Text("url.scheme")),
        Column("httpRequest.host", Text("url.domain")),
        Column("labels[].name", Items("aws.waf.labels")),
        Column("labels"),
        Column("captchaResponse", Json("aws.waf.captcha_response")),
        Column("challengeResponse", Json("aws.waf.challenge_response")),
        Column("ja3Fingerprint", Text("tls.client.ja3")),
        Column("ja4Fingerprint", Text("aws.waf.ja4_fingerprint")),
        Column("cfDistributionTenantId", Text("aws.waf.distribution_tenant_id")),
        Column("clientAsn", Integer("source.as.number")),
        Column("forwardedAsn", Integer("aws.waf.forwarded_asn")),
        Column("oversizeFields", Items("aws.waf.oversize_fields")),
        Column("requestBodySize", Integer("http.request.body.bytes")),
        Column("requestBodySizeInspectedByWAF", Integer("aws.waf.request.body_bytes_inspected")),
    ),
    required=0,
    dashes=True,
    constants=(("event.kind", "event"), ("event.category", ("web",)), ("event.type", ("access",))),
    key=r"(?:^|/)(?:AWSLogs/\d+/WAFLogs/|aws-waf-logs-)",
    content=r"(?=.* webaclId ).* (?:terminatingRuleId|httpRequest) ",
    sample=sample,
)
