"""Taking a number off the platform's own list: what is asked, checked against AWS's own models, and what a no means."""

from collections.abc import Callable, Iterator
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from botocore.stub import Stubber

from carebook.messages import opt_outs as opt_outs_module
from carebook.messages.channels import OptOuts
from carebook.messages.opt_outs import PlatformOptOuts, SimpleOptOuts

NUMBER = "+13105550123"
MAKERS: dict[str, tuple[str, str, Callable[[Any], OptOuts], dict[str, str]]] = {
    "platform": (
        "pinpoint-sms-voice-v2",
        "delete_opted_out_number",
        lambda client: PlatformOptOuts(client, name="Practice"),
        {"OptOutListName": "Practice", "OptedOutNumber": NUMBER},
    ),
    "sns": ("sns", "opt_in_phone_number", SimpleOptOuts, {"phoneNumber": NUMBER}),
}


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(opt_outs_module, "count", found.append)
    return found


@pytest.fixture
def stubbed() -> Iterator[Callable[[str], tuple[OptOuts, Stubber]]]:
    stubbers: list[Stubber] = []

    def make(kind: str) -> tuple[OptOuts, Stubber]:
        service, _, maker, _ = MAKERS[kind]
        client = botocore.session.get_session().create_client(
            service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        stubbers.append(Stubber(client))
        stubbers[-1].activate()
        return maker(client), stubbers[-1]

    yield make
    for one in stubbers:
        one.assert_no_pending_responses()


@pytest.mark.parametrize("kind", MAKERS)
def test_a_number_is_taken_off_by_one_request(kind: str, stubbed: Any, counted: list[str]) -> None:
    listed, stubber = stubbed(kind)
    stubber.add_response(MAKERS[kind][1], {}, MAKERS[kind][3])
    listed.take_off(NUMBER)
    assert counted == []


@pytest.mark.parametrize(
    ("kind", "code", "fields", "noted"),
    [
        ("platform", "ResourceNotFoundException", {"ResourceType": "opted-out-number"}, []),
        ("platform", "ResourceNotFoundException", {"ResourceType": "opt-out-list"}, ["OptInRefused"]),
        ("platform", "ValidationException", {"Reason": "PHONE_NUMBER_CANNOT_BE_OPTED_IN"}, ["OptInRefused"]),
        ("platform", "ConflictException", {"Reason": "DESTINATION_PHONE_NUMBER_OPTED_OUT"}, ["OptInRefused"]),
        ("platform", "AccessDeniedException", {"Reason": "ACCOUNT_DISABLED"}, ["OptInRefused"]),
        ("sns", "InvalidParameter", {}, ["OptInRefused"]),  # once in thirty days
        ("sns", "AuthorizationError", {}, ["OptInRefused"]),
    ],
)
def test_a_no_is_noted_and_nothing_falls_over(
    kind: str, code: str, fields: dict[str, str], noted: list[str], stubbed: Any, counted: list[str]
) -> None:
    listed, stubber = stubbed(kind)
    stubber.add_client_error(MAKERS[kind][1], code, http_status_code=400, modeled_fields=fields)
    listed.take_off(NUMBER)
    assert counted == noted


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        ("platform", "ThrottlingException", 400),
        ("platform", "InternalServerException", 500),
        ("platform", "504", 504),  # no answer behind a gateway
        ("sns", "Throttled", 429),
        ("sns", "InternalError", 500),
    ],
)
def test_what_is_only_busy_is_for_the_next_try(
    kind: str, code: str, status: int, stubbed: Any, counted: list[str]
) -> None:
    listed, stubber = stubbed(kind)
    stubber.add_client_error(MAKERS[kind][1], code, http_status_code=status)
    with pytest.raises(ClientError):
        listed.take_off(NUMBER)
    assert counted == []


def test_a_line_that_is_down_is_for_the_next_try() -> None:
    class Down:
        def delete_opted_out_number(self, **_: Any) -> None:
            raise ConnectTimeoutError(endpoint_url="x")

    with pytest.raises(ConnectTimeoutError):
        PlatformOptOuts(Down(), name="Default").take_off(NUMBER)
