"""The parameter that says which channel an operation is about."""

from dataclasses import dataclass, field

from .models import ChannelIds


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelParameter:
    """One way to name a channel: an ID under one name, or under several at once."""

    names: tuple[str, ...]
    takes_gateway: bool = False
    """Whether it takes the ID of the channel's gateway."""

    @property
    def name(self) -> str:
        """Return the name under which the parameter is remembered."""
        return "+".join(self.names)

    def fields(self, channel: ChannelIds) -> dict[str, str]:
        """Return the fields for a channel; none if it lacks the ID."""
        id_ = channel.gateway_id if self.takes_gateway else channel.channel_id
        return dict.fromkeys(self.names, id_) if id_ else {}


@dataclass(kw_only=True, slots=True)
class ChannelEvidence:
    """What the answers of one run have shown about the parameter.

    A portal that ignores the parameter may answer about the account's first channel,
    which is then right by accident. One answer about another channel disproves it.
    """

    parameter: str | None = None
    """Name of the parameter that the verified channels were shown by."""
    verified: set[str] = field(default_factory=set)
    """IDs of the channels that were shown when they were named."""
    disproved: set[str] = field(default_factory=set)
    """Names of the parameters by which another channel was shown."""

    def confirm(self, parameter: ChannelParameter, channel: ChannelIds) -> bool:
        """Note that the right channel was shown; return whether that counts."""
        if parameter.name in self.disproved:
            return False
        if parameter.name != self.parameter:
            self.parameter = parameter.name
            self.verified.clear()
        self.verified.add(channel.channel_id)
        return True

    def disprove(self, parameter: ChannelParameter) -> None:
        """Note that another channel was shown."""
        self.disproved.add(parameter.name)
        if parameter.name == self.parameter:
            self.parameter = None
            self.verified.clear()
