"""Formats are found by their files, objects by what they hold."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

import ingestd.formats
from ingestd.formats.registry import control_object, detect, formats

EVENTS_ALONE = {"cloudwatch_logs"}  # what no object is, but events of log groups may be
HERE = Path(__file__).parent
ALB = b"https 2025-03-04T05:06:07.123456Z app/shop/0011223344556677 198.51.100.7:40001 10.1.2.3:8443 0.001 0.048 0.000 200 "
ALB_KEY = "AWSLogs/123456789012/elasticloadbalancing/eu-west-1/2025/03/04/"
CLOUDFRONT = b"2025-03-04\t05:06:07\tFRA56-P3\t4213\t198.51.100.7\tGET\tx.cloudfront.net\t/\t200"
FIELDS = b"#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status"
REALTIME = b"1.700\t192.0.2.1\t0.1\t200\t5\tGET\thttps\th\t/\t7\tFRA\tid==\th\t0.1\tHTTP/2.0\tIPv4\tcurl".replace(
    b"1.7", b"1700000000.7"
)
IIS = b"#Software: Internet Information Services\n#Version: 1.0\n#Fields: date time s-ip cs-method cs-uri-stem s-port"
RTMP = b"#Version: 1.0\n#Fields: date time x-edge-location c-ip x-event sc-bytes x-cf-status x-cf-client-id cs-uri-stem\n"


def test_every_file_that_declares_a_format_is_found() -> None:
    """A module of the folder with a FORMAT is known by its format's name."""
    folder = Path(ingestd.formats.__path__[0])
    declaring = {path.stem for path in folder.glob("*.py") if "\nFORMAT = " in path.read_text()}
    assert set(formats()) == declaring
    assert list(formats()) == sorted(formats())


@pytest.mark.parametrize(
    ("key", "head", "name"),
    [
        ("any", ALB, "alb"),
        ("any", b"\xef\xbb\xbf\r\n\n" + ALB, "alb"),
        ("any", b"#\n# a note\n" + ALB + b"\n", "alb"),
        ("any", b"Enable AccessLog for ELB: app/shop/0011223344556677 at 2025-03-04T05:00:00.000Z", "alb"),
        ("any", b'"wss" "2025-03-04T05:06:07.123456Z" "app/shop/1" "x"', "alb"),
        (ALB_KEY + "123456789012_elasticloadbalancing_eu-west-1_app.shop.1_20250304T0500Z_1.2.3.4_x.log.gz", ALB, "alb"),
        ("any", b"#Version: 1.0\n" + FIELDS + b"\n", "cloudfront"),
        ("any", b"#Version:\t1.0\r\n" + FIELDS.replace(b" ", b"\t") + b"\r\n", "cloudfront"),
        ("any", b'{"apiId":"a","requestId":"b","ip":"192.0.2.1","requestTimeEpoch":"1663967198781","stage":"p"}', "apigateway"),
        ("any", FIELDS, "cloudfront"),
        ("any", b"#Version: 1.0\n#Fields: date time c-ip x-edge-location\n", "cloudfront"),  # as the user of v2 chose them
        ("any", b"#Fields: time-taken cs(User-Agent)\n", "cloudfront"),
        ("any", b"#Fields: date time s-ip c-ip cs-method\n", "cloudfront"),
        ("any", b"#Fields: date time user\n", None),
        ("any", IIS + b" sc-status sc-substatus\n2025-03-04 05:06:07 10.0.0.1 GET /\n", None),
        ("any", b"#Version: 1.0\n#Fields: date time c-ip cs-method cs-uri-stem sc-status sc-win32-status\n", None),
        ("any", b"#Fields: c-ip c-dns date time cs-uri-stem c-status\n", None),
        ("any", CLOUDFRONT, "cloudfront"),
        ("any", b"#\n" + CLOUDFRONT, "cloudfront"),
        ("logs/E2ABCDEF123456.2025-03-04-05.a1b2c3d4.gz", CLOUDFRONT, "cloudfront"),
        ("any", RTMP + b"2025-03-04\t05:06:07\tFRA6\t192.0.2.1\tplay\t12\tOK\tx\trtmp://x\n", None),
        (
            "any",
            b"2015-05-13T23:39:43.945958Z my-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.000086 0.001048 0.001337 200",
            "clb",
        ),
        ("any", b"2025-03-04T05:06:07Z front 192.0.2.1:2817 - -1 -1 -1 503 0", "clb"),
        ("any", b"Enable AccessLog for ELB: front at 2025-03-04T05:00:00.000Z", "clb"),
        ("any", b"tls 2.0 2018-12-20T02:59:40 net/my-network/c6e77e28c25b2234 g3d4b5e8bb8464cd 72.21.218.154:51341", "nlb"),
        ("any", b"Enable AccessLog for ELB: net/inner/0011223344556677 at 2025-03-04T05:00:00.000Z", "nlb"),
        ("any", b"2025-03-04T05:06:07Z 192.0.2.1 36280 443 TLSv1.3 TLS_AES_128_GCM_SHA256 4.0", "alb_connection"),
        ("any", b"2025-03-04T05:06:07Z 2001:db8::1 58206 80 - - - ", "alb_connection"),
        ("any", b"Enable ConnectionLog for ELB: app/front/0011223344556677 at 2025-03-04T05:00:00.000Z", "alb_connection"),
        ("any", b"http 2025-03-04T05:06:07Z 0.019584011 10.0.0.1:80 targets PASS 200 -", "alb_health_check"),
        ("any", b"http 2025-03-04T05:06:07Z - - targets FAIL - TimedOut", "alb_health_check"),
        ("any", b"http 2025-03-04T05:06:07Z - - targets ", None),
        ("any", REALTIME, "cloudfront_realtime"),
        ("any", b"#Version: 1.0\n#Fields: timestamp c-ip sc-status\n1.0\t1.2.3.4\t200\n", "cloudfront_realtime"),
        ("any", b"#Fields:\tsc-status\ttimestamp\tcs-method\n", "cloudfront_realtime"),
        ("any", b"#Version: 1.0\n#Fields: timestamp(ms) sc-status\n", "cloudfront"),
        ("any", b"#Version: 1.0\n#Fields: timestamp DistributionId date time x-edge-location\n", "cloudfront"),
        ("any", b"#Fields:\ttimestamp\tcs(Host)\tsc-status\n", "cloudfront"),
        ("any", b"#Fields: timestamp cs-host time-taken time-to-first-byte\n", "cloudfront_realtime"),
        ("any", REALTIME.replace(b"\tIPv4", b"\tx"), None),
        ("any", b'owner bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3 - 3E57427F3E REST.GET.OBJECT k "GET /k"', "s3access"),
        ("any", b"owner bucket [-] - AmazonS3 3E57427F3E S3.EXPIRE.OBJECT k", "s3access"),
        ("any", b'192.0.2.3 - - [06/Feb/2019:00:00:38 +0000] "GET / HTTP/1.1" 200 12', None),
        ("any", b'192.0.2.3 - frank [06/Feb/2019:00:00:38 +0000] "GET / HTTP/1.1" 200 12', None),
        ("any", b"2 123456789010 eni-1 10.0.0.1 10.0.0.2 20641 22 6 20 4249 1772600000 1772600060 ACCEPT OK", "vpcflow"),
        ("any", b"2 unknown eni-1 - - - - - - - 1772600000 1772600060 - NODATA", "vpcflow"),
        ("any", b"3 123456789010 - 2001:db8::1 10.0.0.2 1 2 6 20 4249 1772600000 1772600060 ACCEPT OK", "vpcflow"),
        ("any", b"instance-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr\n- eni-1 10.0.0.1", "vpcflow"),
        ("any", b"version account-id interface-id new-one\r\n2 1 eni-1 x", "vpcflow"),
        ("any", b"version interface_id start end\n2 eni-1 1 2", "vpcflow"),
        ("any", b"version account_id tgw_id srcaddr dstaddr\n6 1 tgw-1", "tgwflow"),
        ("any", b"the srcaddr of this Text is not one", None),
        ("any", b"version resource-type account-id tgw-id srcaddr dstaddr\n6 TransitGateway 1 tgw-1", "tgwflow"),
        ("any", b"6 TransitGateway 123456789012 tgw-1 tgw-attach-1 - - vpc-1", "tgwflow"),
        ("any", b"3 - 123456789012 tgw-1 tgw-attach-1 - - vpc-1", "tgwflow"),
        ("any", b"1.0 2026-11-01T12:00:00.1Z Z1 example.com A NOERROR UDP FRA6 192.0.2.1 -", "route53_public"),
        ("any", b"1.0 2026-11-01T12:00:00.1Z Z1 example.com AAAA NXDOMAIN TCP GRU1-C1 2001:db8::1", "route53_public"),
        ("any", b"1.0 2026-11-01T12:00:00.1Z Z1 example.com A NOERROR UDP FRA6", None),
        ("any", b"  START RequestId: b3a1c2d4-1111-4222-8333-944455566677 Version: $LATEST", "lambda_logs"),
        ("any", b'{"Records": []}', "cloudtrail"),
        (
            "any",
            b'{"Records":[{"eventVersion":"1.08","userIdentity":{"type":"Root"},"eventTime":"x","eventID":"e","cut',
            "cloudtrail",
        ),
        ("any", b'{\n  "eventTime": "x",\n  "eventID": "e",\n  "eventSource": "s3.amazonaws.com"\n}', "cloudtrail"),
        ("any", b'{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventTime":"x","s3":{"eventID":1}}]}', "events"),
        ("any", b'[{"eventTime":"x","eventSource":"iam.amazonaws.com","sourceIPAddress":"192.0.2.1"}]', "cloudtrail"),
        ("any", b'{"awsAccountId":"1","digestStartTime":"x","digestEndTime":"y"}', "cloudtrail"),
        ("any", b'{"message":{"webaclId":"x","httpRequest":{}},"eventTime":"x"}', "events"),
        ("any", b'{"timestamp":1,"formatVersion":1,"webaclId":"x","terminatingRuleId":"y"', "waf"),
        ("any", b'{"a":"\\"} { ","b":[{"c":1}]', "events"),
        ("any", b'\xef\xbb\xbf\n [ {"message": "x", "cut', "events"),
        ("any", b'["text", {"a": 1}]', None),
        ("any", b'"text"', None),
        ("any", b"\x00\xff\xfe", None),
        ("any", b"", None),
        (ALB_KEY + "123456789012_elasticloadbalancing_eu-west-1_app.shop.1_20250304T0500Z_1.2.3.4_x.log.gz", b"no log", None),
    ],
)
def test_detect(key: str, head: bytes, name: str | None) -> None:
    """An object's format is told by its first lines; a key alone proves nothing."""
    found = detect(key, head)
    assert (found.name if found else None) == name


@pytest.mark.parametrize("path", sorted(HERE.glob("*/input/*.log")), ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_every_fixture_is_of_its_format(path: Path) -> None:
    """Whatever stands in a fixture is recognised as its own format or, if it begins too oddly, as none."""
    name, data = path.parts[-3], path.read_bytes()
    found = detect("any/key", data)
    assert found is formats()[name] or (found is None and path.stem in ("strange", "rejects")) or name in EVENTS_ALONE


@pytest.mark.parametrize("name", [name for name in formats() if name not in EVENTS_ALONE])
def test_every_sample_is_of_its_format_alone(name: str) -> None:
    """A plausible line, alone or with what stands at the top of an object, is recognised by its own format and no other."""
    random, table = Random(11), formats()[name]
    for _ in range(200):
        line = table.sample(random)
        for text in (line, "\n".join([*table.preamble, line])):
            fitting = [other.name for other in formats().values() if other.recognises("any/key", text.encode())]
            assert [other for other in fitting if not formats()[other].catches or other == name] == [name]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (ALB_KEY + "123456789012_elasticloadbalancing_eu-west-1_app.front.1_20250304T0500Z_1.2.3.4_x.log.gz", "alb"),
        (
            ALB_KEY + "conn_log.123456789012_elasticloadbalancing_eu-west-1_app.front.1_20250304T0500Z_x.log.gz",
            "alb_connection",
        ),
        (
            ALB_KEY + "health_check_log_123456789012_elasticloadbalancing_eu-west-1_app.front.1_20250304T0500Z_x.log.gz",
            "alb_health_check",
        ),
        (ALB_KEY + "123456789012_elasticloadbalancing_eu-west-1_net.inner.1_20250304T0500Z_x.log.gz", "nlb"),
        (ALB_KEY + "123456789012_elasticloadbalancing_eu-west-1_front_20250304T0500Z_1.2.3.4_x.log", "clb"),
        ("logs/2025-03-04-05-06-07-0123456789ABCDEF", "s3access"),
        ("AWSLogs/123456789012/vpcflowlogs/eu-west-1/2025/03/04/123456789012_vpcflowlogs_eu-west-1_fl-1_x.log.gz", "vpcflow"),
        ("E2ABCDEF123456.2025-03-04-05.a1b2c3d4.gz", "cloudfront"),
        ("AWSLogs/o-1/123456789012/CloudTrail/eu-west-1/2025/03/04/123456789012_CloudTrail_eu-west-1_x.json.gz", "cloudtrail"),
        ("AWSLogs/123456789012/WAFLogs/eu-west-1/front/2025/03/04/05/06/123456789012_waflogs_eu-west-1_front_x.log.gz", "waf"),
        ("AWSLogs/123456789012/vpcdnsquerylogs/vpc-1/2025/03/04/vpc-1_vpcdnsquerylogs_x.log.gz", "route53_resolver"),
        ("AWSLogs/123456789012/GuardDuty/eu-west-1/2025/03/04/x.jsonl.gz", "guardduty"),
        ("AWSLogs/123456789012/network-firewall/alert/eu-west-1/inner/2025/03/04/05/x.log.gz", "network_firewall"),
    ],
)
def test_key_that_aws_gives(key: str, name: str) -> None:
    """The key under which AWS puts a log makes its format surer."""
    table = formats()[name]
    assert table.recognises(key, table.sample(Random(1)).encode()) == 3


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("AWSLogs/123456789012/ELBAccessLogTestFile", "control_object"),
        ("ELBAccessLogTestFile", "control_object"),
        ("prefix/AWSLogs/123456789012/ELBConnectionLogTestFile", "control_object"),
        ("prefix/AWSLogs/123456789012/ELBHealthCheckLogTestFile", "control_object"),
        ("AWSLogs/ELBAccessLogTestFile/a.log.gz", None),
        ("my-ELBAccessLogTestFile", None),
        ("AWSLogs/123456789012/CloudTrail-Digest/eu-west-1/2025/03/04/x.json.gz", "control_object"),
        ("AWSLogs/123456789012/CloudTrail/eu-west-1/2025/03/04/x.json.gz", None),
        (ALB_KEY + "123456789012_elasticloadbalancing_eu-west-1_app.shop.1_x.log.gz", None),
    ],
)
def test_control_objects(key: str, reason: str | None) -> None:
    """Files that AWS writes to try a bucket are told by their key."""
    assert control_object(key) == reason
