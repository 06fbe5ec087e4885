"""CloudTrail: what is done with AWS's interfaces, as `{"Records": [...]}`, or a record a line where something has split them.

Source: AWS, "CloudTrail record contents for management, data, and network activity events", version 1.11, as of 2026-11-26, in
a stored copy of the page, and "userIdentity element", as of 2026-11-24. Field names are those of Elastic's AWS integration,
dataset `aws.cloudtrail`. What has members of its service's own (parameters, responses) is kept whole under
`aws.cloudtrail.flattened`. Insight events are records too. Digest files, which prove that logs are whole, are no log: they are
told by their key, and in any other place by how they begin.

Aggregated events ("CloudTrail record contents for aggregated events", version 1.0, as of 2026-11-26, in a stored copy of the
page) are records of a window of time, whose end is their time.
"""

from __future__ import annotations

from random import Random

import orjson

from ingestd.formats.table import Boolean, Column, Ip, Json, Moment, Shape, Table, Text, Tls

__all__ = ["FORMAT"]

ACCOUNT = "123456789012"
# Before a digest's first member, where somebody has indented what was compact; a newline is a space by then.
GAPS = ("", *(end + indent for end in (" ", "\r ") for indent in ("", "  ", "    ", "\t")))
CALLS = (
    ("s3", "GetObject", True, {"bucketName": "data-{n}", "key": "2026/11/{n}.parquet"}),
    ("sts", "AssumeRole", True, {"roleArn": "arn:aws:iam::123456789012:role/app-{n}", "roleSessionName": "app"}),
    ("kms", "Decrypt", True, {"encryptionContext": {"aws:s3:arn": "arn:aws:s3:::data-{n}"}}),
    ("ec2", "DescribeInstances", True, {"filterSet": {}, "maxResults": 100}),
    ("dynamodb", "PutItem", False, {"tableName": "orders-{n}", "key": {"id": {"s": "{n}"}}}),
    ("iam", "PutRolePolicy", False, {"roleName": "app-{n}", "policyName": "inline"}),
)
AGENTS = ("aws-cli/2.15.{n} Python/3.11", "Boto3/1.34.{n} md/Botocore#1.34.{n} os/linux", "s3.amazonaws.com", "Terraform/1.{n}")
REGIONS = ("eu-central-1", "us-east-1", "ap-northeast-1")


def sample(random: Random) -> str:
    """A record of a management or data event."""
    below, n = random.randrange, random.randrange(5000)
    service, name, is_reading, parameters = random.choice(CALLS)
    role = f"arn:aws:iam::{ACCOUNT}:role/app-{below(20)}"
    record: dict[str, object] = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": f"AROA{random.getrandbits(64):016X}:app",
            "arn": f"{role}/app",
            "accountId": ACCOUNT,
            "accessKeyId": f"ASIA{random.getrandbits(64):016X}",
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "arn": role, "accountId": ACCOUNT, "userName": f"app-{below(20)}"},
                "attributes": {"creationDate": "2026-11-01T12:00:00Z", "mfaAuthenticated": "false"},
            },
        },
        "eventTime": "2026-11-01T12:00:00Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": random.choice(REGIONS),
        "sourceIPAddress": f"192.0.2.{below(256)}" if below(5) else f"{service}.amazonaws.com",
        "userAgent": random.choice(AGENTS).format(n=below(90)),
        "requestParameters": orjson.loads(orjson.dumps(parameters).replace(b"{n}", b"%d" % n)),
        "responseElements": None if is_reading else {"requestId": f"{random.getrandbits(64):016X}"},
        "requestID": f"{random.getrandbits(128):032x}",
        "eventID": f"{random.getrandbits(128):032x}",
        "readOnly": is_reading,
        "eventType": "AwsApiCall",
        "managementEvent": service != "s3",
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Data" if service == "s3" else "Management",
        "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256",
                       "clientProvidedHostHeader": f"{service}.eu-central-1.amazonaws.com"},
    }  # fmt: skip
    if below(8) == 0:
        record |= {"errorCode": "AccessDenied", "errorMessage": f"not authorized to perform {service}:{name}"}
    if service == "s3":
        record["resources"] = [{"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::data-{n}/x"}]
    return orjson.dumps(record).decode()


IDENTITY = "aws.cloudtrail.user_identity"
SESSION = f"{IDENTITY}.session_context"

FORMAT = Table(
    name="cloudtrail",
    dataset="aws.cloudtrail",
    service="cloudtrail",
    shape=Shape.JSON,
    columns=(
        Column("eventVersion", Text("aws.cloudtrail.event_version")),
        Column("eventTime", Moment("@timestamp")),
        Column("timeWindow.windowEnd", Moment("@timestamp"), Moment("event.end")),
        Column("timeWindow.windowStart", Moment("event.start")),
        Column("timeWindow.windowSize", Text("aws.cloudtrail.window_size")),
        Column("eventSource", Text("event.provider")),
        Column("eventName", Text("event.action")),
        Column("eventID", Text("aws.cloudtrail.event_id")),
        Column("eventId", Text("aws.cloudtrail.event_id")),
        Column("eventType", Text("aws.cloudtrail.event_type")),
        Column("eventCategory", Text("aws.cloudtrail.event_category")),
        Column("awsRegion", Text("aws.cloudtrail.region")),
        Column("sourceIPAddress", Ip("source.ip", "source.address")),
        Column("userAgent", Text("user_agent.original")),
        Column("errorCode", Text("aws.cloudtrail.error_code"), Text("error.code")),
        Column("errorMessage", Text("aws.cloudtrail.error_message"), Text("error.message")),
        Column("requestID", Text("aws.cloudtrail.request_id")),
        Column("sharedEventID", Text("aws.cloudtrail.shared_event_id")),
        Column("apiVersion", Text("aws.cloudtrail.api_version")),
        Column("readOnly", Boolean("aws.cloudtrail.read_only")),
        Column("managementEvent", Boolean("aws.cloudtrail.management_event")),
        Column("recipientAccountId", Text("aws.cloudtrail.recipient_account_id")),
        Column("accountId", Text("aws.cloudtrail.recipient_account_id")),
        Column("vpcEndpointId", Text("aws.cloudtrail.vpc_endpoint_id")),
        Column("vpcEndpointAccountId", Text("aws.cloudtrail.vpc_endpoint_account_id")),
        Column("sessionCredentialFromConsole", Boolean("aws.cloudtrail.session_credential_from_console")),
        Column("userIdentity.type", Text(f"{IDENTITY}.type")),
        Column("userIdentity.userName", Text("user.name")),
        Column("userIdentity.principalId", Text("user.id")),
        Column("userIdentity.arn", Text(f"{IDENTITY}.arn")),
        Column("userIdentity.accountId", Text(f"{IDENTITY}.account_id")),
        Column("userIdentity.accessKeyId", Text(f"{IDENTITY}.access_key_id")),
        Column("userIdentity.invokedBy", Text(f"{IDENTITY}.invoked_by")),
        Column("userIdentity.identityProvider", Text(f"{IDENTITY}.identity_provider")),
        Column("userIdentity.credentialId", Text(f"{IDENTITY}.credential_id")),
        Column("userIdentity.onBehalfOf.userId", Text(f"{IDENTITY}.on_behalf_of.user_id")),
        Column("userIdentity.onBehalfOf.identityStoreArn", Text(f"{IDENTITY}.on_behalf_of.identity_store_arn")),
        Column("userIdentity.sessionContext.attributes.creationDate", Moment(f"{SESSION}.creation_date")),
        Column("userIdentity.sessionContext.attributes.mfaAuthenticated", Text(f"{SESSION}.mfa_authenticated")),
        Column("userIdentity.sessionContext.sessionIssuer.type", Text(f"{SESSION}.session_issuer.type")),
        Column("userIdentity.sessionContext.sessionIssuer.userName", Text("user.name")),
        Column("userIdentity.sessionContext.sessionIssuer.principalId", Text(f"{SESSION}.session_issuer.principal_id")),
        Column("userIdentity.sessionContext.sessionIssuer.arn", Text(f"{SESSION}.session_issuer.arn")),
        Column("userIdentity.sessionContext.sessionIssuer.accountId", Text(f"{SESSION}.session_issuer.account_id")),
        Column("userIdentity.sessionContext.sourceIdentity", Text(f"{SESSION}.source_identity")),
        Column("userIdentity.sessionContext.ec2RoleDelivery", Text(f"{SESSION}.ec2_role_delivery")),
        Column("userIdentity", Json("aws.cloudtrail.flattened.user_identity")),
        Column("tlsDetails.tlsVersion", Tls("aws.cloudtrail.tls_version", loose=True)),
        Column("tlsDetails.cipherSuite", Text("tls.cipher")),
        Column("tlsDetails.clientProvidedHostHeader", Text("tls.client.server_name")),
        Column("tlsDetails.keyExchange", Text("tls.curve")),
        Column("resources", Json("aws.cloudtrail.flattened.resources")),
        Column("requestParameters", Json("aws.cloudtrail.flattened.request_parameters")),
        Column("responseElements", Json("aws.cloudtrail.flattened.response_elements")),
        Column("additionalEventData", Json("aws.cloudtrail.flattened.additional_eventdata")),
        Column("serviceEventDetails", Json("aws.cloudtrail.flattened.service_event_details")),
        Column("summary", Json("aws.cloudtrail.flattened.summary")),
        Column("insightDetails", Json("aws.cloudtrail.flattened.insight_details")),
        Column("edgeDeviceDetails", Json("aws.cloudtrail.flattened.edge_device_details")),
        Column("addendum", Json("aws.cloudtrail.flattened.addendum")),
        Column("eventContext", Json("aws.cloudtrail.flattened.event_context")),
    ),
    required=0,
    wrapper="Records",
    comments=tuple(f'{{{gap}"{name}":' for name in ("awsAccountId", "digestStartTime") for gap in GAPS),
    constants=(("event.kind", "event"),),
    key=r"(?:^|/)AWSLogs/(?:[^/]+/)*CloudTrail(?:-Insight|-NetworkActivity|-Aggregated)?/",
    # The first records of all had no id; S3's own notices, which begin alike, have none of these three.
    content=(
        r"Records: $|(?=.* eventTime )(?=.* (?:eventID|recipientAccountId|sourceIPAddress) )"
        r".* (?:userIdentity|insightDetails|eventSource) "
        r"|(?=.* eventCategory )(?=.* timeWindow ).* summary |.* digestStartTime "
    ),
    control=r"(?:^|/)AWSLogs/(?:[^/]+/)*CloudTrail-Digest/",
    sample=sample,
)
