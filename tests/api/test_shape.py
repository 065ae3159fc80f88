"""The shape of a body: enough to learn from, and nothing that anybody wrote."""

import json
from typing import Any

import pytest

from custom_components.smskit.api.shape import BodyKind, shape_of
from tests.portal import php, samples

SECRET = "canary"


def tree(body: str) -> Any:
    """Return the keys and types of a body."""
    return shape_of(body).as_dict()["shape"]


def test_of_a_listing() -> None:
    """A listing shows its keys in their order, and what its first items are made of."""
    shape = shape_of(samples.SUCCESS["listchannel"])
    assert shape.as_dict() == {
        "kind": "repaired_json",
        "length": "less than 1000",
        "preceded_by": None,
        "valid": False,
        "blank_after_colon": "always",
        "missing_comma": True,
        "trailing_comma": False,
        "repeated_key": False,
        "escapes": [],
        "shape": {
            "request": "string",
            "status": "word success",
            "channels": {
                "count": "2 to 9",
                "items": [
                    {
                        "channel_id": "string",
                        "gateway_id": "string: digits",
                        "whatsapp_number": "string: digits",
                        "label": "string",
                        "last_sync": "string: date",
                    }
                ],
            },
            "channel_count": "string: digits",
        },
    }
    assert list(shape.as_dict()["shape"]) == [
        "request",
        "status",
        "channels",
        "channel_count",
    ]


@pytest.mark.parametrize("operation", sorted(samples.SUCCESS.keys() - {"scanqr"}))
def test_of_the_vendors_samples(operation: str) -> None:
    """Every key that the vendor documents is named, whatever commas are missing."""
    for body in (samples.SUCCESS[operation], samples.ERROR[operation]):
        shape = shape_of(body)
        assert shape.kind in {BodyKind.JSON, BodyKind.REPAIRED_JSON}
        assert shape.valid is (shape.kind is BodyKind.JSON)
        assert shape.trailing_comma is (", }" in body)
        assert "(other)" not in str(shape.tree)
        assert shape.blank_after_colon == "always"


def test_of_an_encoder() -> None:
    """A portal that escapes shows by its signs, and by its blanks."""
    body = php.encode({"label": 'He said "é/"', "id": 1, "to": None, "plan": True})
    shape = shape_of(body)
    assert (shape.kind, shape.valid) == (BodyKind.JSON, True)
    assert shape.blank_after_colon == "never"
    assert shape.escapes == ("\\/", "\\u", '\\"')
    assert shape.tree == {
        "label": "string",
        "id": "number",
        "to": "null",
        "plan": "boolean",
    }


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("", "string: empty"),
        ("0042", "string: digits"),
        ("+447700900123", "string: plus and digits"),
        ("0000-00-00 00:00:00", "string: zero date"),
        ("2027-02-10 12:00:00", "string: date"),
        ("102:04:44", "string: duration"),
        ("-1,234.50", "string: decimal"),
        ("USD 1,234.50", "string: amount"),
        ("Reception", "string"),
        ([], {"count": "0", "items": []}),
        ({}, {}),
        ([[[[["deep"]]]]], None),
        ({"0": "1", "2": "3"}, {"numbered": "2 to 9", "items": ["string: digits"]}),
        (["1"] * 100, {"count": "100 or more", "items": ["string: digits"]}),
    ],
)
def test_of_a_value(value: object, kind: object) -> None:
    """A value is described by its type, its form and how many parts it has."""
    shown = tree(json.dumps({"balance": value}))["balance"]
    if kind is None:
        assert "(deeper)" in str(shown)
    else:
        assert shown == kind


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("", BodyKind.EMPTY),
        (" \n", BodyKind.EMPTY),
        (php.LOGIN_PAGE, BodyKind.LOGIN_PAGE),
        (php.MAINTENANCE_PAGE, BodyKind.HTML),
        (php.NOTICE, BodyKind.PHP_MESSAGE),
        ("Illegal mix of collations (utf8mb3_general_ci)", BodyKind.SQL_ERROR),
        ("OK", BodyKind.TEXT),
        ('{"request": "getinbox", "inbox": [', BodyKind.BROKEN_JSON),
        ("[" * 100_000, BodyKind.BROKEN_JSON),
        ('[{"id": "1"}]', BodyKind.JSON),
    ],
)
def test_of_other_bodies(body: str, kind: BodyKind) -> None:
    """What is no answer is named by its kind."""
    assert shape_of(body).kind is kind


def test_of_what_stands_before() -> None:
    """A notice before the answer does not hide it."""
    shape = shape_of(php.NOTICE + '{"balance": "1"}')
    assert (shape.kind, shape.preceded_by) == (BodyKind.JSON, BodyKind.PHP_MESSAGE)
    assert not shape.valid
    assert shape.tree == {"balance": "string: digits"}


def test_of_broken_json() -> None:
    """What cannot be read shows which keys it seems to have."""
    shape = shape_of('{ "request": "x", "inbox": [ { "id": "1", "secret": "2')
    assert shape.kind is BodyKind.BROKEN_JSON
    assert shape.tree == ["request", "inbox", "id", "(other)"]


def test_of_a_repeated_key() -> None:
    """A key that an object has twice is a sign of a forged record."""
    assert shape_of('{"inbox": [{"id": "1", "id": "2"}]}').repeated_key
    assert not shape_of('{"inbox": [{"id": "1"}, {"id": "2"}]}').repeated_key


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f'{SECRET}", "{SECRET}": "{SECRET}',
        f'x" }}, {{ "{SECRET}": "y", "id": "{SECRET}',
        f'x" }} ], "status": "{SECRET}", "{SECRET}": [ {{ "message": "{SECRET}',
        f'x" }} ] }} {SECRET}',
        f'x" }} ] }} {{ "status": "error", "message": "{SECRET}", "x": [ {{ "y": "',
        f'x", "status": "error", "device_status": "{SECRET}',
        f"{SECRET}\\",
        f'{SECRET}"',
        f"{{ [ {SECRET}: ] }}",
        f'", "{SECRET * 10}": {{ "{SECRET}": [ "{SECRET}" ] }}, "x": "',
        f"<b>{SECRET}</b><title>{SECRET}</title>",
        f"\n{SECRET}\n",
    ],
)
@pytest.mark.parametrize("field", ["from", "message"])
@pytest.mark.parametrize("is_escaped", [False, True])
def test_nothing_that_a_stranger_wrote(text: str, field: str, is_escaped: bool) -> None:
    """Whatever a message looks like, no word of it is in the shape."""
    record = {"id": "12", "from": "A", "to": "1", "message": "B", "date": "C"}
    record[field] = text
    written = ", ".join(
        f'"{key}": {json.dumps(value)}' if is_escaped else f'"{key}": "{value}"'
        for key, value in record.items()
    )
    body = (
        '{ "request": "getinbox", "status": "success", "inbox": [ '
        f"{{ {written} }}, {{ {written} }} ] }}"
    )
    for part in (body, body[: len(body) // 2], f"{SECRET}{body}{SECRET}"):
        shape = shape_of(part)
        assert SECRET not in json.dumps(shape.as_dict())
        assert shape.tree
