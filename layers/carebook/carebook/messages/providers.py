"""The channels of this installation, as its parameters set them up. Clients are made when a channel is first used."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from carebook import environment
from carebook.messages.channels import Channel, OptOuts

_TRIES: Final = 4


def is_configured(method: str) -> bool:
    """Whether messages can go out by *method* here."""
    return _CONFIGURED[method]()


def _email_is() -> bool:
    return environment.message_sender() is not None


def _fax_is() -> bool:
    return _email_is() and environment.fax_domain() is not None


def _voice_is() -> bool:
    return environment.origination_identity() is not None


# Texts go through SNS when there is no identity, which needs no setting up here.
_CONFIGURED: Final[dict[str, Callable[[], bool]]] = {
    "email": _email_is,
    "sms": lambda: True,
    "fax": _fax_is,
    "voice": _voice_is,
}


class Providers:
    """Channels by method, made late and kept."""

    def __init__(self) -> None:
        self._channels: dict[str, Channel | None] = {}

    def of(self, method: str) -> Channel | None:
        """The channel of a method; None when it is not configured."""
        if method not in self._channels:
            self._channels[method] = _MAKERS[method]() if is_configured(method) else None
        return self._channels[method]


@lru_cache(maxsize=1)
def opt_outs() -> OptOuts:
    """The list of who wants no texts, with the platform through which texts go out."""
    from carebook.messages.calls import client_of
    from carebook.messages.opt_outs import PlatformOptOuts, SimpleOptOuts

    # Otherwise a reply would wait for the queue, which gives it again after six minutes.
    if environment.origination_identity() is None:
        return SimpleOptOuts(client_of("sns", tries=_TRIES))
    return PlatformOptOuts(client_of("pinpoint-sms-voice-v2", tries=_TRIES), name=environment.opt_out_list())


def _email() -> Channel:
    from carebook.messages.calls import client_of
    from carebook.messages.email import EmailChannel

    return EmailChannel(
        client_of("sesv2"),
        sender=environment.message_sender() or "",
        configuration_set=environment.email_configuration_set(),
        reply_domain=environment.reply_domain(),
    )


def _fax() -> Channel:
    from carebook.messages.calls import client_of
    from carebook.messages.faxing import FaxChannel

    return FaxChannel(
        client_of("sesv2"),
        sender=environment.message_sender() or "",
        configuration_set=environment.email_configuration_set(),
        domain=environment.fax_domain() or "",
    )


def _text() -> Channel:
    from carebook.messages.calls import client_of
    from carebook.messages.texting import SimpleTextChannel, TextChannel

    identity = environment.origination_identity()
    if identity is None:
        return SimpleTextChannel(client_of("sns"))
    return TextChannel(
        client_of("pinpoint-sms-voice-v2"),
        identity=identity,
        configuration_set=environment.text_configuration_set(),
    )


def _voice() -> Channel:
    from carebook.messages.calling import VoiceChannel
    from carebook.messages.calls import client_of

    return VoiceChannel(
        client_of("pinpoint-sms-voice-v2"),
        identity=environment.origination_identity() or "",
        configuration_set=environment.text_configuration_set(),
    )


_MAKERS: Final[dict[str, Callable[[], Channel]]] = {"email": _email, "fax": _fax, "sms": _text, "voice": _voice}
