"""AWS End User Messaging (`pinpoint-sms-voice-v2`) as it speaks on the wire: AWS JSON 1.0, named by X-Amz-Target."""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.local.home import REGION
from infra.local.inbox.events import AWS_ACCOUNT, ORIGIN
from infra.local.inbox.faults import Faults
from infra.local.inbox.shapes import Problem, problems, service_model
from infra.local.inbox.store import Message, OptedOut, Store

SERVICE: Final = "pinpoint-sms-voice-v2"
TARGET_PREFIX: Final = "PinpointSMSVoiceV2."
DEFAULT_LIST: Final = "Default"
LISTED_AT_ONCE: Final = 100


class Refusal(Exception):
    """An error of the service: its name, and its members."""

    def __init__(self, code: str, message: str, **members: Any) -> None:
        super().__init__(message)
        self.code = code
        self.members = {"Message": message, **members}


class LostAnswer(Exception):
    """The work was done, and nobody shall hear of it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Status and body of an answer."""

    status: int
    body: dict[str, Any]

    @property
    def text(self) -> str:
        return json.dumps(self.body)


FAULTS: Final[Mapping[str, Callable[[str], Refusal]]] = {
    "throttle": lambda _: Refusal("ThrottlingException", "Rate exceeded"),
    "outage": lambda _: Refusal("InternalServerException", "Internal failure", RequestId=str(uuid.uuid4())),
    "disabled": lambda _: Refusal("AccessDeniedException", "Account is disabled", Reason="ACCOUNT_DISABLED"),
    "spend_limit": lambda operation: Refusal(
        "ServiceQuotaExceededException",
        "Monthly spend limit reached",
        Reason=f"MONTHLY_SPEND_LIMIT_REACHED_FOR_{'TEXT' if operation == 'SendTextMessage' else 'VOICE'}",
    ),
    "opted_out": lambda _: _opted_out(),
    "not_verified": lambda _: _conflict(
        "Destination phone number is not verified", "DESTINATION_PHONE_NUMBER_NOT_VERIFIED"
    ),
    "no_origin": lambda _: _conflict("No origination identities found", "NO_ORIGINATION_IDENTITIES_FOUND"),
}


class SmsVoice:
    """The service. Its sent messages, and its opt-out lists, lie in *store*; *sent* hears of each new message."""

    def __init__(self, store: Store, faults: Faults, sent: Callable[[Message], None]) -> None:
        self._store, self._faults, self._sent = store, faults, sent
        self._operations: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "SendTextMessage": self._send_text,
            "SendVoiceMessage": self._send_voice,
            "PutOptedOutNumber": self._put_opted_out,
            "DeleteOptedOutNumber": self._delete_opted_out,
            "DescribeOptedOutNumbers": self._describe_opted_out,
        }

    def answer(self, target: str, body: bytes) -> Reply:
        """Answer one request.

        Raises:
            LostAnswer: when the answer is to be lost on the way.
        """
        operation = target.removeprefix(TARGET_PREFIX)
        try:
            asked = self._asked(operation, body)
            fault = self._faults.take("sms_voice")
            if fault and fault != "lost_answer":
                raise FAULTS[fault](operation)
            answer = Reply(200, self._operations[operation](asked))
        except Refusal as refusal:
            status = 500 if refusal.code == "InternalServerException" else 400
            return Reply(status, {"__type": refusal.code, **refusal.members})
        if fault:
            raise LostAnswer
        return answer

    def _asked(self, operation: str, body: bytes) -> dict[str, Any]:
        if operation not in self._operations:
            raise Refusal("UnknownOperationException", f"{operation or 'No operation'} is not spoken here.")
        try:
            asked = json.loads(body)
        except ValueError:
            raise Refusal("SerializationException", "The body is no JSON.") from None
        found = list(problems(service_model(SERVICE).operation_model(operation).input_shape, asked))
        if found:
            raise _not_valid(found)
        checked: dict[str, Any] = asked
        return checked

    def _send_text(self, asked: dict[str, Any]) -> dict[str, Any]:
        if not asked.get("MessageBody"):
            raise _not_valid([Problem("MessageBody", "must not be null")])
        return self._send("sms", asked, asked["MessageBody"])

    def _send_voice(self, asked: dict[str, Any]) -> dict[str, Any]:
        if not asked.get("MessageBody"):
            raise _not_valid([Problem("MessageBody", "must not be null")])
        return self._send("voice", asked, asked["MessageBody"])

    def _send(self, channel: Any, asked: dict[str, Any], text: str) -> dict[str, Any]:
        number = e164(asked["DestinationPhoneNumber"])
        if self._store.opted_out(DEFAULT_LIST, [number]):
            raise _opted_out()
        message_id = str(uuid.uuid4())
        if asked.get("DryRun"):
            return {"MessageId": message_id}
        request = {
            "origination_identity": asked.get("OriginationIdentity"),
            "configuration_set": asked.get("ConfigurationSetName"),
            "context": asked.get("Context", {}),
            "message_type": asked.get("MessageType", "TRANSACTIONAL"),
            "text_type": asked.get("MessageBodyTextType", "TEXT"),
            "voice": asked.get("VoiceId"),
            "time_to_live": asked.get("TimeToLive"),
        }
        self._sent(
            Message(
                id=message_id,
                provider="sms_voice",
                provider_id=message_id,
                channel=channel,
                direction="out",
                sender=origin_number(asked.get("OriginationIdentity")),
                recipient=number,
                text=text,
                at=time.time(),
                request={name: value for name, value in request.items() if value},
            )
        )
        return {"MessageId": message_id}

    def _put_opted_out(self, asked: dict[str, Any]) -> dict[str, Any]:
        name, number = _known_list(asked), e164(asked["OptedOutNumber"])
        return _listed(name, self._store.opt_out(name, number, time.time(), by_recipient=False))

    def _delete_opted_out(self, asked: dict[str, Any]) -> dict[str, Any]:
        name, number = _known_list(asked), e164(asked["OptedOutNumber"])
        found = self._store.opt_in(name, number)
        if found is None:
            raise Refusal(
                "ResourceNotFoundException",
                f"{number} is not opted out",
                ResourceType="opted-out-number",
                ResourceId=number,
            )
        return _listed(name, found)

    def _describe_opted_out(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = _known_list(asked)
        numbers = [e164(number) for number in asked.get("OptedOutNumbers", [])]
        after, size = asked.get("NextToken", ""), asked.get("MaxResults", LISTED_AT_ONCE)
        left = [one for one in self._store.opted_out(name, numbers) if one.number > after]
        page = left[:size]
        missing = set(numbers) - {one.number for one in left}
        if numbers and missing:
            raise Refusal(
                "ResourceNotFoundException",
                f"{min(missing)} is not opted out",
                ResourceType="opted-out-number",
                ResourceId=min(missing),
            )
        answer = {
            "OptOutListArn": _list_arn(name),
            "OptOutListName": name,
            "OptedOutNumbers": [
                {"OptedOutNumber": one.number, "OptedOutTimestamp": one.at, "EndUserOptedOut": one.by_recipient}
                for one in page
            ],
        }
        return answer | ({"NextToken": page[-1].number} if len(left) > size else {})


def e164(number: str) -> str:
    """A number with its plus; the service takes it without as well."""
    return number if number.startswith("+") else f"+{number}"


def origin_number(identity: str | None) -> str:
    """The number that a recipient sees: the identity itself when it is one, else the number of our only pool."""
    return identity if identity and identity.startswith("+") else ORIGIN


def _known_list(asked: dict[str, Any]) -> str:
    name = str(asked["OptOutListName"]).rpartition("/")[2]
    if name != DEFAULT_LIST:
        raise Refusal("ResourceNotFoundException", f"No list {name}", ResourceType="opt-out-list", ResourceId=name)
    return name


def _listed(name: str, one: OptedOut) -> dict[str, Any]:
    return {
        "OptOutListArn": _list_arn(name),
        "OptOutListName": name,
        "OptedOutNumber": one.number,
        "OptedOutTimestamp": one.at,
        "EndUserOptedOut": one.by_recipient,
    }


def _list_arn(name: str) -> str:
    return f"arn:aws:sms-voice:{REGION}:{AWS_ACCOUNT}:opt-out-list/{name}"


def _conflict(message: str, reason: str) -> Refusal:
    return Refusal("ConflictException", message, Reason=reason, ResourceType="message")


def _opted_out() -> Refusal:
    return _conflict("Destination phone number has opted out", "DESTINATION_PHONE_NUMBER_OPTED_OUT")


def _not_valid(found: list[Problem]) -> Refusal:
    return Refusal(
        "ValidationException",
        "1 validation error detected" if len(found) == 1 else f"{len(found)} validation errors detected",
        Reason="FIELD_VALIDATION_FAILED",
        Fields=[{"Name": problem.field, "Message": problem.message} for problem in found],
    )
