"""Account and region from keys."""

from __future__ import annotations

import pytest

from ingestd.core.origin import origin_of

CASES = [
    ("AWSLogs/111122223333/elasticloadbalancing/us-east-2/2022/05/01/a.log.gz", "111122223333", "us-east-2"),
    ("my/prefix/AWSLogs/111122223333/elasticloadbalancing/us-gov-west-1/2022/a", "111122223333", "us-gov-west-1"),
    ("AWSLogs/111122223333/CloudTrail/ap-southeast-2/2024/a.json.gz", "111122223333", "ap-southeast-2"),
    ("AWSLogs/o-abc123def4/111122223333/CloudTrail/us-iso-east-1/2024/a.json.gz", "111122223333", "us-iso-east-1"),
    ("AWSLogs/111122223333/WAFLogs/cloudfront/acl/2024/a.log.gz", "111122223333", None),
    ("AWSLogs/111122223333/CloudFront/EXAMPLE.2024-01-01-00.abcd.gz", "111122223333", None),
    (
        "AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=eu-west-1/year=2024/a.gz",
        "111122223333",
        "eu-west-1",
    ),
    ("AWSLogs/11112222333/elasticloadbalancing/us-east-2/a", None, None),
    ("NotAWSLogs/111122223333/elasticloadbalancing/us-east-2/a", None, None),
    ("us-east-2/111122223333/a", None, None),
    ("", None, None),
]


@pytest.mark.parametrize(("key", "account", "region"), CASES)
def test_reads_what_the_key_tells(key: str, account: str | None, region: str | None) -> None:
    """AWS's own layouts give account and region, and any other key gives neither."""
    assert origin_of(key) == (account, region)
