"""Formats are found by their files, objects by what they hold."""

from __future__ import annotations

from pathlib import Path

import pytest

import ingestd.formats
from ingestd.formats.registry import control_object, detect, formats

ALB = b"https 2025-03-04T05:06:07.123456Z app/shop/0011223344556677 198.51.100.7:40001 10.1.2.3:8443 0.001 0.048 0.000 200 "
ALB_KEY = "AWSLogs/123456789012/elasticloadbalancing/eu-west-1/2025/03/04/"
CLOUDFRONT = b"2025-03-04\t05:06:07\tFRA56-P3\t4213\t198.51.100.7\tGET\tx.cloudfront.net\t/\t200"
FIELDS = b"#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status"
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
        ("any", FIELDS, "cloudfront"),
        ("any", CLOUDFRONT, "cloudfront"),
        ("any", b"#\n" + CLOUDFRONT, "cloudfront"),
        ("logs/E2ABCDEF123456.2025-03-04-05.a1b2c3d4.gz", CLOUDFRONT, "cloudfront"),
        ("any", RTMP + b"2025-03-04\t05:06:07\tFRA6\t192.0.2.1\tplay\t12\tOK\tx\trtmp://x\n", None),
        (
            "any",
            b"2015-05-13T23:39:43.945958Z my-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.000086 0.001048 0.001337 200",
            None,
        ),
        ("any", b"tls 2.0 2018-12-20T02:59:40 net/my-network/c6e77e28c25b2234 g3d4b5e8bb8464cd 72.21.218.154:51341", None),
        ("any", b'{"Records": []}', None),
        ("any", b"\x00\xff\xfe", None),
        ("any", b"", None),
        (ALB_KEY + "123456789012_elasticloadbalancing_eu-west-1_app.shop.1_20250304T0500Z_1.2.3.4_x.log.gz", b"no log", None),
    ],
)
def test_detect(key: str, head: bytes, name: str | None) -> None:
    """An object's format is told by its first lines; a key alone proves nothing."""
    found = detect(key, head)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("AWSLogs/123456789012/ELBAccessLogTestFile", "control_object"),
        ("ELBAccessLogTestFile", "control_object"),
        ("prefix/AWSLogs/123456789012/ELBConnectionLogTestFile", "control_object"),
        ("AWSLogs/ELBAccessLogTestFile/a.log.gz", None),
        ("my-ELBAccessLogTestFile", None),
        (ALB_KEY + "123456789012_elasticloadbalancing_eu-west-1_app.shop.1_x.log.gz", None),
    ],
)
def test_control_objects(key: str, reason: str | None) -> None:
    """Files that AWS writes to try a bucket are told by their key."""
    assert control_object(key) == reason
