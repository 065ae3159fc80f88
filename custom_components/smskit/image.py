"""Images of the QR codes that pair channels."""

from html import escape
from typing import Final, override

from homeassistant.components.image import ImageEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from .api import Connection, Picture
from .const import DOMAIN
from .coordinator import ChannelCoordinator, SmskitConfigEntry
from .entity import ChannelEntity, async_add_for_channels
from .permissions import is_admin_request

PARALLEL_UPDATES = 0

_SVG: Final = "image/svg+xml"


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmskitConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the QR code images of the channels."""
    texts = await async_get_translations(hass, hass.config.language, "common", [DOMAIN])
    async_add_for_channels(
        entry,
        async_add_entities,
        lambda coordinator, channel_id, _: PairingQrImage(
            hass, coordinator, channel_id, texts
        ),
        lambda _: ("pairing_qr",),
    )


class PairingQrImage(ChannelEntity, ImageEntity):
    """Image of the QR code, or of a text that explains why there is none.

    Whoever scans the code links a phone of theirs to the account, so only
    administrators get it. The token in `entity_picture` is for everybody who may read
    the state: by it, a text is served.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        coordinator: ChannelCoordinator,
        channel_id: str,
        texts: dict[str, str],
    ) -> None:
        """Initialize the image with texts in the language of Home Assistant."""
        ChannelEntity.__init__(self, coordinator, channel_id, "pairing_qr")
        ImageEntity.__init__(self, hass)
        self._texts = texts
        self._code: Picture | None = None
        self._text_picture = b""
        self._update_picture()

    @property
    @override
    def available(self) -> bool:
        """Return True: without a QR code, the image explains why there is none."""
        return True

    @override
    async def async_image(self) -> bytes:
        if not is_admin_request():
            return self._serve(_SVG, self._text_picture)
        # Whoever views the code needs one that can be scanned.
        self.coordinator.async_pair(self._channel_id, requested=False)
        if self._code is None:
            return self._serve(_SVG, self._text_picture)
        return self._serve(self._code.content_type, self._code.data)

    def _serve(self, content_type: str, picture: bytes) -> bytes:
        # It is read with the picture, before anything else can run.
        self._attr_content_type = content_type
        return picture

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self._update_picture()
        super()._handle_coordinator_update()

    def _update_picture(self) -> None:
        """Update the code, the text for who may not see it, and their timestamp."""
        state = self.coordinator.data.get(self._channel_id)
        code = state.code if state is not None else None
        if not self.coordinator.last_update_success:
            code = None
        text = _render_text(self._placeholder_text())
        if (code, text) != (self._code, self._text_picture):
            self._code, self._text_picture = code, text
            self._attr_image_last_updated = dt_util.utcnow()

    def _placeholder_text(self) -> tuple[str, str]:
        """Return a heading and a line of text that explain why no code is shown."""
        state = self.coordinator.data.get(self._channel_id)
        if (
            not self.coordinator.last_update_success
            or state is None
            or state.details is None
        ):
            return self._text("qr_unreachable"), self._text("qr_unreachable_hint")
        if state.connected:
            # The listing is fetched less often and may contain an old number.
            number = state.details.number or state.channel.number
            return self._text("qr_connected"), f"+{number}" if number else ""
        if state.connection is Connection.EXPIRED:
            return self._text("qr_expired"), self._text("qr_expired_hint")
        if state.code is not None:
            return self._text("qr_hidden"), self._text("qr_hidden_hint")
        if state.pairing:
            return self._text("qr_waiting"), state.problem or ""
        return self._text("qr_ask"), self._text("qr_ask_hint")

    def _text(self, key: str) -> str:
        return self._texts.get(f"component.{DOMAIN}.common.{key}", key)


def _render_text(lines: tuple[str, str]) -> bytes:
    """Return an SVG with a heading and a line of text below it."""
    heading, line = (escape(text) for text in lines)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" width="400" height="400">
<rect width="400" height="400" rx="24" fill="#f5f7f8"/>
<g font-family="Roboto,Noto Sans,sans-serif" text-anchor="middle" fill="#21313a">
<text x="200" y="195" font-size="30" font-weight="500">{heading}</text>
<text x="200" y="235" font-size="17" opacity="0.75">{line}</text>
</g>
</svg>
""".encode()
