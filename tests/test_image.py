"""The picture of a channel: a code, or why there is none; and never anything else."""

import base64
from collections.abc import Callable
from io import BytesIO
import json
import logging
from pathlib import Path
import struct
from typing import Any, Final
from xml.etree import ElementTree as ET
import zlib

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from PIL import Image
import pytest

from custom_components.smskit.const import DOMAIN
from tests.channels.home import PAIRING_QR, REFRESH_QR, Home
from tests.home import OPTIONS
from tests.portal import Channel, FaultKind

TRANSLATIONS = Path(__file__).parents[1] / "custom_components" / DOMAIN / "translations"
TEXTS: Final[dict[str, dict[str, str]]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))["common"]
    for path in TRANSLATIONS.glob("*.json")
}
SCRIPT: Final = b"<script>alert(1)</script>"
SVG: Final = b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>"


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options with an inbox that is out of the way."""
    return OPTIONS


@pytest.fixture
def home_type() -> type[Home]:
    """Return a home with channels."""
    return Home


def lines(picture: str) -> list[str]:
    """Return what a drawn picture says, after it was read as a browser would."""
    root = ET.fromstring(picture)  # noqa: S314 - from Home Assistant itself
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags == {"svg", "rect", "g", "text"}
    texts = (element.text for element in root.iter() if element.tag.endswith("text"))
    return [text for text in texts if text]


@pytest.fixture(params=sorted(TEXTS))
def texts(request: pytest.FixtureRequest, hass: HomeAssistant) -> dict[str, str]:
    """Return the texts of pictures in a language, which Home Assistant is set to."""
    hass.config.language = request.param
    return TEXTS[request.param]


# --- What it says ------------------------------------------------------------------


async def test_says_connected(
    texts: dict[str, str], office: Channel, new_home: Home
) -> None:
    """A connected channel's picture shows its number."""
    served = await new_home.look()
    assert lines(served.text) == [texts["qr_connected"], "+447700900123"]


async def test_says_expired(
    texts: dict[str, str], office: Channel, new_home: Home
) -> None:
    """An expired channel's picture says so, and nothing is fetched for it."""
    home = new_home
    home.portal.expire(office)
    await home.advance(300.5)
    served = await home.look()
    assert lines(served.text) == [texts["qr_expired"], texts["qr_expired_hint"]]
    served = await home.look()
    assert lines(served.text) == [texts["qr_expired"], texts["qr_expired_hint"]]


async def test_says_what_to_do(texts: dict[str, str], new_home: Home) -> None:
    """Before anybody wanted a code, the picture shows how to have one."""
    home = new_home
    home.portal.add_channel(home.account)
    await home.start()
    served = await home.look()
    assert lines(served.text) == [texts["qr_ask"], texts["qr_ask_hint"]]


async def test_says_that_it_waits(texts: dict[str, str], home: Home) -> None:
    """While the portal refuses a code, the picture says why."""
    home.portal.fail(FaultKind.REFUSED_ERROR, "scanqr", text="Try <b>later</b> & again")
    await home.create()
    served = await home.look()
    quoted = texts["cause_refusal_quoted"].format(quote="Try later & again")
    assert lines(served.text) == [texts["qr_waiting"], quoted]


async def test_says_unviewable(
    texts: dict[str, str], office: Channel, new_home: Home
) -> None:
    """A channel of which the portal reports nothing has a picture that says so."""
    home = new_home
    home.portal.fail(FaultKind.HTTP_500, "viewchannel")
    await home.advance(300.5)
    unreachable = [texts["qr_unreachable"], texts["qr_unreachable_hint"]]
    assert lines((await home.look()).text) == unreachable


@pytest.mark.expected_log(
    "Error fetching 127.0.0.1 channels data", "Error fetching 127.0.0.1 balance data"
)
async def test_says_unreachable(
    texts: dict[str, str], office: Channel, new_home: Home
) -> None:
    """While the portal cannot be reached the picture says so, and is served."""
    home = new_home
    await home.portal.refuse()
    await home.advance(301)
    unreachable = [texts["qr_unreachable"], texts["qr_unreachable_hint"]]
    assert lines((await home.look()).text) == unreachable
    await home.portal.accept()
    await home.advance(300.5)
    assert lines((await home.look()).text)[0] == texts["qr_connected"]


@pytest.mark.expected_log("Error fetching 127.0.0.1 balance data")
async def test_no_old_code(home: Home) -> None:
    """A code is not shown any more once the portal does not answer for it."""
    created = await home.create()
    assert (await home.look()).code == home.portal.qr_payload(created["channel_id"])
    home.account.api_enabled = False
    await home.advance(16)
    assert "No answer" in (await home.look()).text


async def test_number_with_markup(office: Channel, new_home: Home) -> None:
    """Markup in what the portal calls a number is text and nothing else."""
    home = new_home
    number = '44"></text><script>alert(1)</script><text>&'
    home.portal.pair(office, number)
    await home.advance(300.5)
    served = await home.look()
    assert lines(served.text) == ["Connected", f"+{number}"]


# --- When it changes ---------------------------------------------------------------


async def test_changes_with_the_code_only(home: Home) -> None:
    """The time of a picture moves when it is another one, and at no other time."""
    await home.create()
    seen: dict[str | None, bytes] = {}
    for _ in range(90):
        await home.advance(1)
        picture = (await home.look()).body
        time = home.state(PAIRING_QR)
        assert seen.setdefault(time, picture) == picture
    assert len(set(seen.values())) == len(seen)
    assert 4 <= len(seen) <= 7


async def test_unchanged_through_polls(office: Channel, new_home: Home) -> None:
    """Polls and looks that find nothing new do not touch the picture's time."""
    before = new_home.state(PAIRING_QR)
    for _ in range(4):
        await new_home.look()
        await new_home.advance(300.5)
    assert new_home.state(PAIRING_QR) == before


# --- What a phone reads ------------------------------------------------------------


def picture(text: str, format_: str, **options: Any) -> bytes:
    """Return a PNG that is base-64 text in another format."""
    buffer = BytesIO()
    with Image.open(BytesIO(base64.b64decode(text))) as image:
        image.convert("RGB").save(buffer, format_, **options)
    return buffer.getvalue()


def base_64(data: bytes) -> str:
    """Return bytes as a portal writes a picture."""
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (FaultKind.SLOW, None),
        (FaultKind.QR_QUOTED, None),
        (FaultKind.QR_QUOTED, "escaped"),
        (FaultKind.QR_WRAPPED, None),
        (FaultKind.QR_DATA_URI, None),
        (FaultKind.PHP_NOTICE, None),
        (FaultKind.BOM, None),
    ],
)
async def test_forms_of_the_text(home: Home, kind: FaultKind, text: str | None) -> None:
    """In whatever form the base-64 text comes, a phone reads the very payload."""
    home.portal.fail(kind, "scanqr", text=text, seconds=0)
    created = await home.create()
    served = await home.look()
    assert served.content_type == "image/png"
    assert served.code == home.portal.qr_payload(created["channel_id"])


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "GIF", "WEBP"])
async def test_formats(new_home: Home, format_: str) -> None:
    """Whatever a picture is and is called by the portal, it is served as a PNG."""
    home = new_home
    channel = home.portal.add_channel(home.account)
    await home.start()
    png = await png_of(home)
    home.portal.fail(
        FaultKind.NOT_JSON,
        "scanqr",
        text=f"data:image/svg+xml;base64,{base_64(picture(png, format_))}",
    )
    await home.press(REFRESH_QR)
    served = await home.look()
    assert served.content_type == "image/png"
    assert served.code == home.portal.qr_payload(channel)


async def png_of(home: Home) -> str:
    """Return the code as base-64 text of a PNG."""
    await home.press(REFRESH_QR)
    return base_64((await home.look()).body)


# --- What is refused ---------------------------------------------------------------


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


def png(width: int, height: int, *chunks: bytes) -> bytes:
    """Return a black PNG of one bit a pixel, however large, with more chunks."""
    row = b"\0" * (1 + (width + 7) // 8)
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            *chunks,
            chunk(b"IDAT", pixels),
            chunk(b"IEND", b""),
        )
    )


def noise(side: int) -> bytes:
    """Return a PNG that cannot be packed."""
    buffer = BytesIO()
    Image.effect_noise((side, side), 200).save(buffer, "PNG")
    return buffer.getvalue()


def bmp() -> bytes:
    """Return a picture of a kind that is not taken."""
    buffer = BytesIO()
    Image.new("RGB", (30, 30), "red").save(buffer, "BMP")
    return buffer.getvalue()


SMALL: Final = png(40, 40)
NO_APP: Final = b"\xff\xe1\0\2"


def saved(format_: str, **options: Any) -> bytes:
    """Return a small picture in a format."""
    buffer = BytesIO()
    Image.new("RGB", (40, 40), "white").save(buffer, format_, **options)
    return buffer.getvalue()


JPEG: Final = saved("JPEG")


def progressive(*, more_scans: int) -> bytes:
    """Return a JPEG that goes over its pixels again and again."""
    data = saved("JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * more_scans + data[-2:]


def two_sizes(data: bytes) -> bytes:
    """Return a JPEG that says its size twice."""
    start = data.index(b"\xff\xc0")
    size = data[start : start + 2 + int.from_bytes(data[start + 2 : start + 4])]
    return data[:start] + size + data[start:]


def animation(format_: str) -> bytes:
    """Return two pictures in one."""
    return saved(
        format_, save_all=True, append_images=[Image.new("RGB", (40, 40), "black")]
    )


def gif(
    blocks: bytes = b"", *, size: tuple[int, int] = (40, 40), corner: int = 0
) -> bytes:
    """Return a GIF with more blocks, of whatever size it says, its frame somewhere."""
    data = saved("GIF")
    start = data.rindex(b"\x2c\0\0\0\0")
    frame = data[start : start + 1] + struct.pack("<HH", corner, corner)
    sized = data[:6] + struct.pack("<HH", *size) + data[10:start]
    return sized + frame + data[start + 5 : -1] + blocks + data[-1:]


def webp(kind: bytes = b"", content: bytes = b"") -> bytes:
    """Return a WebP of one chunk."""
    body = b"WEBP" + (kind + struct.pack("<I", len(content)) + content if kind else b"")
    return b"RIFF" + struct.pack("<I", len(body)) + body


def long_chunk() -> bytes:
    """Return a WebP with a chunk that does not end within it."""
    data = webp(b"VP8 ", bytes(10))
    return data[:16] + struct.pack("<I", 2**31) + data[20:]


def canvas(side: int) -> bytes:
    """Return a WebP that says that it is large, whatever its picture is."""
    buffer = BytesIO()
    Image.new("RGBA", (40, 40)).save(buffer, "WEBP", exact=True)
    data = bytearray(buffer.getvalue())
    assert data[12:16] == b"VP8X"
    data[24:30] = (side - 1).to_bytes(3, "little") * 2
    return bytes(data)


def text_bomb() -> bytes:
    """Return a chunk of a few bytes that swells to 50 MiB."""
    return chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(50 * 2**20), 9))


# What the portal answers, and a part of what the debug log says of it.
MALICIOUS: Final[dict[str, tuple[Callable[[], bytes | str], str]]] = {
    "SVG with a script": (SVG.decode, "no picture"),
    "SVG with a script, base-64": (lambda: SVG, "neither PNG"),
    "SVG with a script, data URI": (
        lambda: f"data:image/svg+xml;base64,{base_64(SVG)}",
        "neither PNG",
    ),
    "HTML": (lambda: f"<html><body>{SCRIPT.decode()}</body></html>", "HTML page"),
    "HTML, base-64": (lambda: b"<!DOCTYPE html>" + SCRIPT, "neither PNG"),
    "HTML before base-64": (lambda: f"<b>x</b>{base_64(SCRIPT)}", "neither PNG"),
    "HTML behind base-64": (lambda: base_64(SMALL) + SCRIPT.decode(), "no picture"),
    "50 MB": (lambda: "A" * (50 * 10**6), "too large"),
    "more than 1 MiB": (lambda: noise(1400), "too large"),
    "small bomb of huge dimensions": (lambda: png(30_000, 30_000), "too large"),
    "small bomb of large dimensions": (lambda: png(9000, 9000), "too large"),
    "small bomb, GIF": (lambda: gif(size=(65_535, 65_535)), "too large"),
    "small bomb, GIF, by its frame": (lambda: gif(corner=60_000), "too large"),
    "small bomb, WebP": (lambda: canvas(16_383), "too large"),
    "thousands of scans": (lambda: progressive(more_scans=4000), "too many scans"),
    "JPEG of 1 MiB of scans": (lambda: progressive(more_scans=55_000), "many scans"),
    "JPEG of empty segments": (lambda: JPEG[:2] + NO_APP * 200_000, "too many parts"),
    "JPEG of one long marker": (lambda: JPEG[:-2] + b"\xff" * 700_000, "broken"),
    "JPEG of two pictures": (lambda: two_sizes(JPEG), "broken picture"),
    "JPEG within a segment": (lambda: JPEG[:40], "broken picture"),
    "JPEG without an end": (lambda: JPEG[:-2], "broken picture"),
    "JPEG with something in between": (
        lambda: JPEG[:20] + b"x" + JPEG[20:],
        "broken picture",
    ),
    "JPEG without a beginning": (lambda: JPEG[:2] + b"x" + JPEG[2:], "broken"),
    "PNG of empty chunks": (
        lambda: png(40, 40, *[chunk(b"tEXt", b"")] * 60_000),
        "too many parts",
    ),
    "PNG of two headers": (lambda: png(40, 40, SMALL[8:33]), "broken picture"),
    "PNG of a header alone": (lambda: SMALL[:20], "broken picture"),
    "animated PNG": (lambda: animation("PNG"), "animation"),
    "animated GIF": (lambda: animation("GIF"), "animation"),
    "animated WebP": (lambda: animation("WEBP"), "animation"),
    "GIF of comments": (lambda: gif(b"\x21\xfe\1a\0" * 180_000), "too many parts"),
    "GIF of something else": (lambda: gif(b"x"), "broken picture"),
    "WebP without a picture": (lambda: webp(b"VP8X", bytes(10)), "broken picture"),
    "WebP of nothing": (webp, "broken picture"),
    "WebP that is longer": (lambda: webp(b"VP8 ", bytes(10))[:-1], "broken"),
    "WebP of a long chunk": (long_chunk, "broken picture"),
    "truncated base-64": (lambda: base_64(SMALL)[:-3], "no base-64"),
    "truncated picture": (lambda: noise(60)[:2000], "broken picture"),
    "wrong magic": (lambda: b"GIF8" + SMALL[4:], "neither PNG"),
    "no magic": (lambda: SMALL[8:], "neither PNG"),
    "BMP": (bmp, "neither PNG"),
    "PDF": (lambda: b"%PDF-1.7\n" + SCRIPT, "neither PNG"),
    "words": (lambda: "Please wait.", "no base-64"),
    "nothing": (lambda: "", "empty body"),
    "broken JSON": (lambda: '{"request": "scanqr", "status": "su', "broken JSON"),
    "JSON": (lambda: '{"request": "scanqr", "status": "success"}', "broken JSON"),
}


_REFUSALS: Final = {
    "a web page",
    "an answer that is too large",
    "an empty page",
    "something that is not a QR code",
    "an answer that could not be read",
    "an answer that is cut off or broken",
}


@pytest.mark.parametrize("name", MALICIOUS)
async def test_refused(home: Home, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """What is no sane picture is refused with a reason, and never served."""
    caplog.set_level(logging.DEBUG, "custom_components.smskit")
    make, reason = MALICIOUS[name]
    made = make()
    text = base_64(made) if isinstance(made, bytes) else made
    assert "bomb" not in name or len(text) < 200_000
    home.portal.fail(FaultKind.NOT_JSON, "scanqr", text=text)
    await home.create()
    served = await home.look()
    word, why = lines(served.text)
    assert word == "Waiting for a code"
    assert why in _REFUSALS
    assert reason in caplog.text
    assert b"alert" not in served.body
    with pytest.raises(HomeAssistantError) as raised:
        await home.press(REFRESH_QR)
    assert raised.value.translation_domain == DOMAIN
    assert raised.value.translation_key == "portal_error"
    assert raised.value.translation_placeholders == {"error": why}
    # A sane one is taken again.
    home.portal.clear_faults()
    await home.press(REFRESH_QR)
    assert (await home.look()).code is not None


# --- What is left out ---------------------------------------------------------------


def exif() -> Image.Exif:
    """Return metadata with a script."""
    metadata = Image.Exif()
    metadata[270] = SCRIPT.decode()
    return metadata


def with_chunk(data: bytes, more: bytes) -> bytes:
    """Return a PNG with one more chunk, right behind its header."""
    return data[:33] + more + data[33:]


def transparent(data: bytes, format_: str) -> bytes:
    """Return a code whose light parts are transparent, and dark by themselves."""
    buffer = BytesIO()
    with Image.open(BytesIO(data)) as image:
        dark = image.convert("L").point(lambda value: 255 - value)
    pixels = Image.new("RGBA", dark.size, "black")
    pixels.putalpha(dark)
    pixels.save(buffer, format_)
    return buffer.getvalue()


def deep(data: bytes) -> bytes:
    """Return a code of 16 bits a pixel."""
    buffer = BytesIO()
    with Image.open(BytesIO(data)) as image:
        image.convert("L").convert("I").point(lambda value: value * 257).convert(
            "I;16"
        ).save(buffer, "PNG")
    return buffer.getvalue()


def converted(data: bytes, format_: str, mode: str = "RGB", **options: Any) -> bytes:
    """Return a code in another format."""
    buffer = BytesIO()
    with Image.open(BytesIO(data)) as image:
        image.convert(mode).save(buffer, format_, **options)
    return buffer.getvalue()


# What may stand in and behind a code that a phone reads, and where.
DRESSED: Final[dict[str, Callable[[bytes], bytes]]] = {
    "HTML behind a PNG": lambda data: data + SCRIPT,
    "archive behind a PNG": lambda data: data + b"PK\3\4" + SCRIPT,
    "comment in a PNG": lambda data: with_chunk(
        data, chunk(b"tEXt", b"Comment\0" + SCRIPT)
    ),
    "unknown chunk in a PNG": lambda data: with_chunk(data, chunk(b"abCd", SCRIPT)),
    "bomb of text in a PNG": lambda data: with_chunk(data, text_bomb()),
    "profile in a PNG": lambda data: converted(data, "PNG", icc_profile=SCRIPT),
    "comment in a JPEG": lambda data: converted(data, "JPEG", comment=SCRIPT),
    "metadata in a JPEG": lambda data: converted(data, "JPEG", exif=exif()),
    "HTML behind a JPEG": lambda data: converted(data, "JPEG") + SCRIPT,
    "comment in a GIF": lambda data: converted(data, "GIF", comment=SCRIPT),
    "HTML behind a GIF": lambda data: converted(data, "GIF") + SCRIPT,
    "metadata in a WebP": lambda data: converted(data, "WEBP", exif=exif()),
    "profile in a WebP": lambda data: converted(data, "WEBP", icc_profile=SCRIPT),
    "HTML behind a WebP": lambda data: converted(data, "WEBP") + SCRIPT,
    "progressive JPEG": lambda data: converted(data, "JPEG", progressive=True),
    "JPEG for printers": lambda data: converted(data, "JPEG", "CMYK"),
    "lossless WebP": lambda data: converted(data, "WEBP", lossless=True),
    "transparent PNG": lambda data: transparent(data, "PNG"),
    "transparent GIF": lambda data: transparent(data, "GIF"),
    "transparent WebP": lambda data: transparent(data, "WEBP"),
    "deep PNG": deep,
    "PNG with colors": lambda data: converted(data, "PNG", "P"),
}


@pytest.mark.parametrize("name", DRESSED)
async def test_left_out(new_home: Home, name: str) -> None:
    """A phone reads the code that is served, and nothing else is in it."""
    home = new_home
    channel = home.portal.add_channel(home.account)
    await home.start()
    dressed = DRESSED[name](base64.b64decode(await png_of(home)))
    home.portal.fail(FaultKind.NOT_JSON, "scanqr", text=base_64(dressed))
    await home.press(REFRESH_QR)
    served = await home.look()
    assert served.content_type == "image/png"
    assert served.code == home.portal.qr_payload(channel)
    assert set(chunks(served.body)) == {b"IHDR", b"IDAT", b"IEND"}
    assert b"alert" not in served.body
    with Image.open(BytesIO(served.body)) as image:
        assert image.mode == "L"
        assert image.getpixel((0, 0)) == pytest.approx(255, abs=8)


def chunks(data: bytes) -> list[bytes]:
    """Return the kinds of all chunks of a PNG, of which nothing else is left."""
    position, kinds = 8, []
    while position < len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        kinds.append(kind)
        position += 12 + length
    assert position == len(data)
    return kinds


@pytest.mark.parametrize(
    "kind", [FaultKind.QR_SVG, FaultKind.QR_HTML, FaultKind.QR_TRUNCATED]
)
async def test_refused_of_the_portal(home: Home, kind: FaultKind) -> None:
    """The portal's own bad pictures are refused like all others."""
    home.portal.fail(kind, "scanqr")
    await home.create()
    word, why = lines((await home.look()).text)
    assert word == "Waiting for a code"
    assert why == "something that is not a QR code"


async def test_bad_between_good(home: Home) -> None:
    """A bad picture takes the place of the code for fifteen seconds only."""
    created = await home.create()
    home.portal.fail(FaultKind.QR_HTML, "scanqr", times=1)
    await home.advance(15.5)
    assert lines((await home.look()).text)[0] == "Waiting for a code"
    await home.advance(15.5)
    assert (await home.look()).code == home.portal.qr_payload(created["channel_id"])
