"""Text-to-voice calls through AWS End User Messaging."""

from typing import Any

from carebook.messages.calls import call
from carebook.messages.channels import Outcome, Outgoing
from carebook.messages.speech import spoken
from carebook.messages.texting import refusal_of


class VoiceChannel:
    """Reads a text out, after a pause: who picks up is rarely ready for the first word."""

    def __init__(self, calling: Any, *, identity: str, configuration_set: str | None) -> None:
        self._calling = calling
        self._identity = identity
        self._configuration_set = configuration_set

    def send(self, outgoing: Outgoing) -> Outcome:
        """One request."""
        request = {
            "DestinationPhoneNumber": outgoing.to,
            "OriginationIdentity": self._identity,
            "MessageBody": spoken(outgoing.body),
            "MessageBodyTextType": "SSML",
            "VoiceId": "JOANNA",
            "Context": outgoing.ids,
        }
        if self._configuration_set:
            request["ConfigurationSetName"] = self._configuration_set
        return call(lambda: self._calling.send_voice_message(**request), refusal_of)
