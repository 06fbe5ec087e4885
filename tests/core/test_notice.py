"""Notices: every form, every wrapping, every lie."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.core.notice import Allowed, read_notice
from ingestd.errors import Poison
from ingestd.model import Ignored, Notice, ObjectRef

ALLOWED = Allowed(("logs", "my-logs-*"))
SIZE, ETAG = 259, "52dfc009c61264a5958a662a6d1654a4"
AT = 1700000000.0
WHEN = "2023-11-14T22:13:20.000Z"


def s3(key: str = "a/b.gz", bucket: Any = "logs", event: Any = "ObjectCreated:Put", **more: Any) -> dict[str, Any]:
    """A record as S3 writes it; `more` replaces parts of `object`."""
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "eu-west-1",
        "eventTime": WHEN,
        "eventName": event,
        "userIdentity": {"principalId": "AWS:EXAMPLE"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "one",
            "bucket": {"name": bucket, "ownerIdentity": {"principalId": "A3NL1KOZZKExample"}, "arn": "arn:aws:s3:::logs"},
            "object": {"key": quote_plus(key), "size": SIZE, "eTag": ETAG, "sequencer": "0A1B2C3D4E5F678901"} | more,
        },
    }


def s3_event(*records: object) -> dict[str, Any]:
    return {"Records": list(records)}


def event_bridge(key: object = "a/b.gz", kind: str = "Object Created", bucket: str = "logs", **more: Any) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": kind,
        "source": "aws.s3",
        "account": "111122223333",
        "time": WHEN,
        "region": "eu-west-1",
        "resources": ["arn:aws:s3:::logs"],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {"key": key, "size": SIZE, "etag": ETAG, "sequencer": "00617F08299329D189"} | more,
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "123456789012",
            "reason": "PutObject",
        },
    }


def security_lake() -> dict[str, Any]:
    event = event_bridge()
    for name in ("version", "id", "detail-type"):
        del event[name]
    return event


def trail(*keys: object, bucket: object = "logs") -> dict[str, Any]:
    return {"s3Bucket": bucket, "s3ObjectKey": list(keys)}


def sns(message: object) -> dict[str, Any]:
    return {
        "Type": "Notification",
        "MessageId": "dc1e94d9-56c5-5e96-808d-cc7f68faa162",
        "TopicArn": "arn:aws:sns:us-east-2:111122223333:topic",
        "Subject": "Amazon S3 Notification",
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": WHEN,
        "SignatureVersion": "1",
        "SigningCertURL": "https://evil.example/cert.pem",
        "UnsubscribeURL": "https://evil.example/unsubscribe",
    }


def s3_ref(key: str = "a/b.gz", **more: Any) -> ObjectRef:
    parts: dict[str, Any] = {"etag": ETAG, "size": SIZE, "region": "eu-west-1", "event_at": AT}
    return ObjectRef("logs", key, **(parts | more))


TEST_EVENT = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": WHEN, "Bucket": "logs", "RequestId": "5", "HostId": "8"}
OWNER = "111122223333"

FORMS: dict[str, tuple[object, Notice]] = {
    "s3 event": (s3_event(s3()), Notice((s3_ref(),))),
    "several records": (s3_event(s3("a"), s3("b")), Notice((s3_ref("a"), s3_ref("b")))),
    "the same record twice": (s3_event(s3("a"), s3("b"), s3("a")), Notice((s3_ref("a"), s3_ref("b")))),
    "copy": (s3_event(s3(event="ObjectCreated:Copy")), Notice((s3_ref(),))),
    "with the prefix that others write": (s3_event(s3(event="s3:ObjectCreated:Put")), Notice((s3_ref(),))),
    "version": (s3_event(s3(versionId="v.1_")), Notice((s3_ref(version_id="v.1_"),))),
    "no version": (s3_event(s3(versionId="", eTag=None, size=None)), Notice((s3_ref(etag=None, size=None),))),
    "quoted etag": (s3_event(s3(eTag=f'"{ETAG}"')), Notice((s3_ref(),))),
    "encoded key": (s3_event(s3("a b+c%2F&é/日本=.gz")), Notice((s3_ref("a b+c%2F&é/日本=.gz"),))),
    "bucket by pattern": (s3_event(s3(bucket="my-logs-eu")), Notice((replace(s3_ref(), bucket="my-logs-eu"),))),
    "event bridge": (event_bridge(), Notice((s3_ref(owner=OWNER),))),
    "event bridge, key as it is": (event_bridge("a+b%20c d"), Notice((s3_ref("a+b%20c d", owner=OWNER),))),
    "event bridge, version": (event_bridge(**{"version-id": "v1"}), Notice((s3_ref(version_id="v1", owner=OWNER),))),
    "security lake": (security_lake(), Notice((s3_ref(owner=OWNER),))),
    "cloudtrail": (trail("a+b", "c%20d"), Notice((ObjectRef("logs", "a+b"), ObjectRef("logs", "c%20d")))),
    "cloudtrail's check": ("CloudTrail validation message.", Notice((), (Ignored("test_event"),))),
    "test event": (TEST_EVENT, Notice((), (Ignored("test_event"),))),
    "removed": (s3_event(s3(event="ObjectRemoved:Delete", size=None)), Notice((), (Ignored("deleted", "a/b.gz"),))),
    "delete marker": (
        s3_event(s3(event="ObjectRemoved:DeleteMarkerCreated")),
        Notice((), (Ignored("deleted", "a/b.gz"),)),
    ),
    "expired": (s3_event(s3(event="LifecycleExpiration:Delete")), Notice((), (Ignored("deleted", "a/b.gz"),))),
    "tagged": (s3_event(s3(event="ObjectTagging:Put")), Notice((), (Ignored("other_event", "a/b.gz"),))),
    "moved by lifecycle": (s3_event(s3(event="LifecycleTransition")), Notice((), (Ignored("other_event", "a/b.gz"),))),
    "event bridge, deleted": (event_bridge(kind="Object Deleted"), Notice((), (Ignored("deleted", "a/b.gz"),))),
    "event bridge, tags": (event_bridge(kind="Object Tags Added"), Notice((), (Ignored("other_event", "a/b.gz"),))),
    "folder": (s3_event(s3("a/", size=0)), Notice((), (Ignored("folder", "a/"),))),
    "not a folder": (s3_event(s3("a/")), Notice((s3_ref("a/"),))),
    "empty object": (s3_event(s3(size=0)), Notice((s3_ref(size=0),))),
    "a deletion beside an object": (
        s3_event(s3("a", event="ObjectRemoved:Delete"), s3("b")),
        Notice((s3_ref("b"),), (Ignored("deleted", "a"),)),
    ),
    "a bad record beside a good one": (
        s3_event(s3("a"), {"s3": 1}, s3("b", bucket="theirs")),
        Notice((s3_ref("a"),), (), (Ignored("bad_record"), Ignored("foreign_bucket", "b"))),
    ),
    "strange region and time only inform": (
        s3_event(s3() | {"awsRegion": "../evil", "eventTime": "soon"}),
        Notice((s3_ref(region=None, event_at=None),)),
    ),
    "region and time of other types": (
        s3_event(s3() | {"awsRegion": 7, "eventTime": [1]}),
        Notice((s3_ref(region=None, event_at=None),)),
    ),
}


def text(body: object) -> str:
    return body if isinstance(body, str) else json.dumps(body)


@pytest.mark.parametrize("name", FORMS)
def test_each_form_is_recognised_raw_and_wrapped(name: str) -> None:
    """A form means the same as text, as bytes, and through SNS once and twice."""
    body, wanted = FORMS[name]
    assert read_notice(text(body), ALLOWED) == wanted
    assert read_notice(text(body).encode(), ALLOWED) == wanted
    assert read_notice(text(sns(body)), ALLOWED) == wanted
    assert read_notice(text(sns(sns(body))), ALLOWED) == wanted


POISON: dict[str, tuple[str, str, str]] = {
    "nothing": ("", "not_json", "0 characters of text"),
    "text": ("hello", "not_json", "5 characters of text"),
    "two documents": ("{} {}", "not_json", "5 characters of text"),
    "NaN": ("NaN", "not_json", "3 characters of text"),
    "lone surrogate": ('{"Records": "\\ud800"}', "not_json", "21 characters of text"),
    "number": ("7", "unrecognised", "int"),
    "null": ("null", "unrecognised", "NoneType"),
    "string": ('"x"', "unrecognised", "str"),
    "array": ("[{}]", "unrecognised", "array"),
    "empty object": ("{}", "unrecognised", "object()"),
    "other object": ('{"b": 1, "a\\n\\u001b": {"secret": 2}}', "unrecognised", "object(b, a\\n\\x1b)"),
    "no records": (text(s3_event()), "unrecognised", "object(Records)"),
    "records of a wrong type": ('{"Records": {"s3": 1}}', "unrecognised", "object(Records)"),
    "no keys": (text(trail()), "unrecognised", "object(s3Bucket, s3ObjectKey)"),
    "one key that is no list": ('{"s3Bucket": "logs", "s3ObjectKey": "a"}', "unrecognised", "object(s3Bucket, s3ObjectKey)"),
    "detail of a wrong type": (
        '{"detail-type": "Object Created", "detail": []}',
        "unrecognised",
        "object(detail-type, detail)",
    ),
    "another service's event": (
        '{"detail-type": "EC2", "detail": {"instance-id": 1}}',
        "unrecognised",
        "object(detail-type, detail)",
    ),
    "SNS subscription": (
        '{"Type": "SubscriptionConfirmation", "SubscribeURL": "https://x", "Message": "m"}',
        "unrecognised",
        "object(Type, SubscribeURL, Message)",
    ),
    "SNS without a message": ('{"Type": "Notification", "Message": 7}', "unrecognised", "object(Type, Message)"),
    "SNS with text": (
        '{"Type": "Notification", "Message": "hello"}',
        "not_json",
        "object(Type, Message) > 5 characters of text",
    ),
    "records of another service": (text(s3_event({"Sns": {}})), "bad_record", "object(Records)"),
    "record that is no object": (text(s3_event(7)), "bad_record", "object(Records)"),
    "s3 of a wrong type": (text(s3_event({"s3": []})), "bad_record", "object(Records)"),
    "no event name": (text(s3_event(s3(event=None))), "bad_record", "object(Records)"),
    "bucket of a wrong type": (text(s3_event(s3(bucket=7))), "bad_record", "object(Records)"),
    "key of a wrong type": (text(event_bridge(key=7)), "bad_record", ""),
    "key that is empty": (text(s3_event(s3(""))), "bad_record", "object(Records)"),
    "key that is too long": (text(s3_event(s3("é" * 513))), "bad_record", "object(Records)"),
    "key that is no UTF-8": (text(s3_event(s3())).replace("a%2Fb.gz", "a%ff"), "bad_record", "object(Records)"),
    "etag with a newline": (text(s3_event(s3(eTag="a\r\nx: y"))), "bad_record", "object(Records)"),
    "etag with a quote": (text(s3_event(s3(eTag='a"b'))), "bad_record", "object(Records)"),
    "version of a wrong type": (text(s3_event(s3(versionId={}))), "bad_record", "object(Records)"),
    "negative size": (text(s3_event(s3(size=-1))), "bad_record", "object(Records)"),
    "size that is true": (text(s3_event(s3(size=True))), "bad_record", "object(Records)"),
    "size as text": (text(s3_event(s3(size="7"))), "bad_record", "object(Records)"),
    "size beyond 64 bits": (text(s3_event(s3(size=10**30))), "bad_record", "object(Records)"),
    "account of a wrong form": (text(event_bridge() | {"account": "me"}), "bad_record", ""),
    "trail's key of a wrong type": (text(trail(7)), "bad_record", "object(s3Bucket, s3ObjectKey)"),
    "foreign bucket": (text(s3_event(s3(bucket="theirs"))), "foreign_bucket", "object(Records)"),
    "foreign bucket by case": (text(s3_event(s3(bucket="LOGS"))), "foreign_bucket", "object(Records)"),
    "foreign bucket, deletion": (text(s3_event(s3(bucket="theirs", event="ObjectRemoved:Delete"))), "foreign_bucket", ""),
    "foreign bucket, event bridge": (text(event_bridge(bucket="theirs")), "foreign_bucket", ""),
    "foreign bucket, trail": (text(trail("a", bucket="theirs")), "foreign_bucket", ""),
    "access point": (text(s3_event(s3(bucket="arn:aws:s3:eu-west-1:999999999999:accesspoint/x"))), "bad_record", ""),
    "bucket with a path": (text(s3_event(s3(bucket="my-logs-/../theirs"))), "bad_record", "object(Records)"),
    "too many records": (text(s3_event(*[{}] * 1001)), "too_large", "object(Records)"),
    "too many keys": (text(trail(*["a"] * 1001)), "too_large", "object(s3Bucket, s3ObjectKey)"),
    "a MiB and a byte": ("[" + " " * (1 << 20), "too_large", "1048577 bytes"),
    "many keys at the top": (
        text({f"k{n}" * 30: 1 for n in range(99)}),
        "unrecognised",
        "object(" + ", ".join((f"k{n}" * 30)[:40] for n in range(12)) + ", ...)",
    ),
}


@pytest.mark.parametrize("name", POISON)
def test_what_is_not_understood_is_poison_and_shows_its_shape(name: str) -> None:
    """A body of no known form, or with nothing to believe in it, is poison by reason, with names of keys and no values."""
    body, reason, shape = POISON[name]
    with pytest.raises(Poison) as caught:
        read_notice(body, ALLOWED)
    assert caught.value.reason == reason
    assert str(caught.value.fields["shape"]).startswith(shape)
    assert "secret" not in str(caught.value)


def test_three_wrappings_are_too_many() -> None:
    """SNS is looked through twice; a third time there is nothing to recognise."""
    with pytest.raises(Poison) as caught:
        read_notice(text(sns(sns(sns(s3_event(s3()))))), ALLOWED)
    assert caught.value.reason == "unrecognised"


@pytest.mark.parametrize("buckets", [(), ("other",), ("log",), ("logs?",)])
def test_a_bucket_that_is_not_named_is_foreign(buckets: tuple[str, ...]) -> None:
    """The allow-list denies what it does not name, and an empty one denies all."""
    with pytest.raises(Poison) as caught:
        read_notice(text(s3_event(s3())), Allowed(buckets))
    assert caught.value.reason == "foreign_bucket"


@pytest.mark.parametrize(
    ("body", "owners", "wanted"),
    [
        (s3_event(s3()), (), None),
        (s3_event(s3()), ("222233334444",), "222233334444"),
        (s3_event(s3()), ("222233334444", OWNER), None),
        (trail("a"), ("222233334444",), "222233334444"),
        (event_bridge(), (), OWNER),
        (event_bridge(), (OWNER,), OWNER),
        (event_bridge(), ("222233334444", OWNER), OWNER),
        (event_bridge() | {"account": None}, (OWNER,), OWNER),
        (event_bridge(), ("222233334444",), "foreign_owner"),
    ],
)
def test_the_owner_comes_from_the_allow_list_or_from_event_bridge(
    body: object, owners: tuple[str, ...], wanted: str | None
) -> None:
    """The only owner that may be is the owner; EventBridge's account must be one of the allowed."""
    try:
        found = read_notice(text(body), Allowed(("logs",), owners)).objects[0].owner
    except Poison as poison:
        found = poison.reason
    assert found == wanted


@pytest.mark.parametrize(
    "body",
    [
        "[" * 10_000,
        '{"a":' * 10_000,
        "[" * (1 << 20),
        "[" * 10_000 + "]" * 10_000,
        json.dumps({"Type": "Notification", "Message": "[" * 10_000}),
    ],
)
def test_deep_nesting_is_poison(body: str) -> None:
    """Nesting of any depth is refused by the parser's own limit, alone and inside of SNS."""
    with pytest.raises(Poison) as caught:
        read_notice(body, ALLOWED)
    assert caught.value.reason == "too_deep"


@pytest.mark.parametrize(
    "body",
    [
        "[" * (1 << 20),
        "{" + ",".join(f'"{n}":{n}' for n in range(70_000)) + "}",
        text(s3_event(*[{}] * 1000)),
        text(s3_event(*[s3("k" * 100)] * 1000))[: 1 << 20],
        text(sns(sns(text(s3_event(*[s3(f"{n}" * 50) for n in range(400)]))))),
        '{"Records": [' + "1," * 500_000 + "1]}",
        '"' + "a" * ((1 << 20) - 2) + '"',
    ],
)
def test_a_hostile_mebibyte_has_a_small_answer(body: str) -> None:
    """A body of a MiB, whatever it holds, is answered without work for each of its parts: the answer itself is small."""
    assert len(body) <= 1 << 20
    assert len(answer(body)) < 1000


def answer(body: str) -> str:
    try:
        return f"{len(read_notice(body, ALLOWED).objects)} objects"
    except Poison as poison:
        return str(poison)


def test_ten_thousand_strange_keys_are_read_as_they_were_put() -> None:
    """Keys of any characters, those that encodings and paths care about first, come through each form unchanged."""
    rnd = random.Random(9)
    usual, strange = "abz019-_.~/", "+ %&=?#;:@$,<>^`{}|\\\"'\n\r\t\x00\x7fé日\U0001f600"
    for _ in range(10_000):
        key = "".join(rnd.choices(usual + strange * 2, k=rnd.randint(1, 40))) + rnd.choice(["", "%2F", "..", "//", "%25", "+"])
        assert read_notice(text(s3_event(s3(key))), ALLOWED).objects[0].key == key
        assert read_notice(text(event_bridge(key)), ALLOWED).objects[0].key == key
        assert read_notice(text(sns(trail(key))), ALLOWED).objects[0].key == key


@settings(max_examples=300)
@given(key=st.text(st.characters(codec="utf-8"), min_size=1, max_size=60))
def test_any_key_is_read_as_it_was_put(key: str) -> None:
    """The key of the GET is the key of the PUT, through the form encoding of S3 and through EventBridge."""
    assert read_notice(text(s3_event(s3(key))), ALLOWED).objects[0].key == key
    assert read_notice(text(event_bridge(key)), ALLOWED).objects[0].key == key


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=8,
)


@settings(max_examples=500)
@given(body=st.text() | st.binary() | JSON.map(json.dumps))
def test_arbitrary_bodies_are_poison(body: str | bytes) -> None:
    """Any text, bytes or JSON gives a notice or poison, never another error."""
    try:
        notice = read_notice(body, ALLOWED)
    except Poison:
        return
    assert notice.objects or notice.ignored


@settings(max_examples=400)
@given(data=st.data(), name=st.sampled_from(sorted(FORMS)))
def test_a_changed_part_never_raises_another_error(data: st.DataObject, name: str) -> None:
    """A form with any one of its parts replaced by anything gives a notice or poison, and never a bucket off the list."""
    body = json.loads(json.dumps(FORMS[name][0]))
    if not isinstance(body, dict):
        return
    node: Any = body
    while True:
        at = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else list(range(len(node)))))
        if not isinstance(node[at], dict | list) or not node[at] or data.draw(st.booleans()):
            break
        node = node[at]
    node[at] = data.draw(JSON)
    try:
        notice = read_notice(json.dumps(body), ALLOWED)
    except Poison:
        return
    assert notice.objects or notice.ignored
    assert all(ALLOWED.has_bucket(ref.bucket) for ref in notice.objects)


def test_nothing_of_the_message_but_the_object_is_kept() -> None:
    """URLs, ARNs, topics and hosts of a message are in no part of what comes out."""
    for body, _ in FORMS.values():
        kept = repr(read_notice(text(sns(body)), ALLOWED))
        assert "evil" not in kept
        assert "arn:" not in kept
        assert "http" not in kept
