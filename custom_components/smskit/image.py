"""The picture that pairs a channel."""

from html import escape
from typing import Final, override

from homeassistant.components.image import ImageEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from .api import Connection
from .const import DOMAIN
from .coordinator import ChannelCoordinator, SmskitConfigEntry
from .entity import ChannelEntity, async_add_for_channels

PARALLEL_UPDATES = 0

_SVG: Final = "image/svg+xml"


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmskitConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the pictures of the channels."""
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
    """The code while one is needed, and otherwise a picture that says why not."""

    def __init__(
        self,
        hass: HomeAssistant,
        coordinator: ChannelCoordinator,
        channel_id: str,
        texts: dict[str, str],
    ) -> None:
        """Show texts in the language of Home Assistant."""
        ChannelEntity.__init__(self, coordinator, channel_id, "pairing_qr")
        ImageEntity.__init__(self, hass)
        self._texts = texts
        self._picture = b""
        self._update_picture()

    @property
    @override
    def available(self) -> bool:
        """There is always a picture, if only one that tells what is wrong."""
        return True

    @override
    async def async_image(self) -> bytes:
        # Whoever looks at a code wants one that can be scanned.
        self.coordinator.async_pair(self._channel_id, asked=False)
        return self._picture

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self._update_picture()
        super()._handle_coordinator_update()

    def _update_picture(self) -> None:
        """Take another picture, and its time, if it is another."""
        state = self.coordinator.data.get(self._channel_id)
        code = state.code if state is not None else None
        if code is not None and self.coordinator.last_update_success:
            content_type, picture = code.content_type, code.data
        else:
            content_type, picture = _SVG, _draw(self._why_not())
        if picture != self._picture:
            self._attr_content_type, self._picture = content_type, picture
            self._attr_image_last_updated = dt_util.utcnow()

    def _why_not(self) -> tuple[str, str]:
        """Return in a word, and in a line, why there is no code."""
        state = self.coordinator.data.get(self._channel_id)
        if not self.coordinator.last_update_success or state is None:
            return self._text("qr_unreachable"), self._text("qr_unreachable_hint")
        if state.connected:
            # The list of channels is read less often, and may know an earlier one.
            number = (state.details and state.details.number) or state.channel.number
            return self._text("qr_connected"), f"+{number}" if number else ""
        if state.connection is Connection.EXPIRED:
            return self._text("qr_expired"), self._text("qr_expired_hint")
        if state.details is None:
            return self._text("qr_unreachable"), self._text("qr_unreachable_hint")
        if state.pairing:
            return self._text("qr_waiting"), state.problem or ""
        return self._text("qr_ask"), self._text("qr_ask_hint")

    def _text(self, key: str) -> str:
        return self._texts.get(f"component.{DOMAIN}.common.{key}", key)


def _draw(lines: tuple[str, str]) -> bytes:
    """Return a picture of a word and a line below it."""
    word, line = (escape(text) for text in lines)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" width="400" height="400">
<rect width="400" height="400" rx="24" fill="#f5f7f8"/>
<g font-family="Roboto,Noto Sans,sans-serif" text-anchor="middle" fill="#21313a">
<text x="200" y="195" font-size="30" font-weight="500">{word}</text>
<text x="200" y="235" font-size="17" opacity="0.75">{line}</text>
</g>
</svg>
""".encode()
