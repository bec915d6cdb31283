"""Text messages: through AWS End User Messaging, or through SNS where no origination identity is set."""

from typing import Any

from botocore.exceptions import ClientError

from carebook.messages.calls import call
from carebook.messages.channels import SENDING_DISABLED, Outcome, Outgoing, Refused


class TextChannel:
    """End User Messaging: receipts, replies, opt-outs."""

    def __init__(self, texting: Any, *, identity: str, configuration_set: str | None) -> None:
        self._texting = texting
        self._identity = identity
        self._configuration_set = configuration_set

    def send(self, outgoing: Outgoing) -> Outcome:
        """One request."""
        request = {
            "DestinationPhoneNumber": outgoing.to,
            "OriginationIdentity": self._identity,
            "MessageBody": outgoing.body,
            "MessageType": "TRANSACTIONAL",
            "Context": outgoing.ids,
        }
        if self._configuration_set:
            request["ConfigurationSetName"] = self._configuration_set
        return call(lambda: self._texting.send_text_message(**request), refusal_of)


class SimpleTextChannel:
    """SNS Publish: nobody tells whether it arrived."""

    def __init__(self, sns: Any) -> None:
        self._sns = sns

    def send(self, outgoing: Outgoing) -> Outcome:
        """One request."""
        kind = {"DataType": "String", "StringValue": "Transactional"}
        attributes = {"AWS.SNS.SMS.SMSType": kind}
        return call(
            lambda: self._sns.publish(PhoneNumber=outgoing.to, Message=outgoing.body, MessageAttributes=attributes),
            _sns_refusal,
        )


def refusal_of(error: ClientError) -> Refused | None:
    """What End User Messaging's refusals mean, for texts and for calls."""
    code, reason = error.response["Error"]["Code"], str(error.response.get("Reason", ""))
    if reason == "DESTINATION_PHONE_NUMBER_OPTED_OUT":
        return Refused("opted_out", opted_out=True)
    if reason in {"ACCOUNT_DISABLED", "INSUFFICIENT_ACCOUNT_REPUTATION"}:
        return Refused(SENDING_DISABLED)
    if code in {"AccessDeniedException", "ResourceNotFoundException"}:
        return Refused("channel_not_configured")
    if code == "ServiceQuotaExceededException":
        return Refused(reason.lower() or "quota_exceeded")
    if code in {"ConflictException", "ValidationException"}:
        return Refused(reason.lower() or "not_accepted")
    return None


def _sns_refusal(error: ClientError) -> Refused | None:
    code, message = error.response["Error"]["Code"], str(error.response["Error"].get("Message", ""))
    if code in {"OptedOut", "OptedOutException"} or "opted out" in message.casefold():
        return Refused("opted_out", opted_out=True)
    return None
