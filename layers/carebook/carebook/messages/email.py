"""E-mail through Amazon SES."""

from email.headerregistry import Address
from email.utils import formataddr
from html import escape
from typing import Any, Final

from botocore.exceptions import ClientError

from carebook.messages.calls import call
from carebook.messages.channels import SENDING_DISABLED, Attached, Outcome, Outgoing, Refused

_PAGE: Final = (
    '<!doctype html><html><head><meta charset="utf-8"><title>{subject}</title></head>'
    '<body style="font:16px/1.5 system-ui,sans-serif;color:#1a1a1a;max-width:40em;margin:2em auto;padding:0 1em">'
    "{paragraphs}</body></html>"
)
_LONGEST_FILE_NAME: Final = 255


class EmailChannel:
    """Simple messages of SES v2: a plain part, an HTML part, attachments.

    Args:
        sender: the address that messages come from.
        configuration_set: asks for TLS and publishes receipts.
        reply_domain: where replies are received; None lets them go to *sender*.
    """

    def __init__(self, ses: Any, *, sender: str, configuration_set: str | None, reply_domain: str | None) -> None:
        self._ses = ses
        self._sender = sender
        self._configuration_set = configuration_set
        self._reply_domain = reply_domain

    def send(self, outgoing: Outgoing) -> Outcome:
        """One request."""
        to = ascii_address(outgoing.to)
        if to is None:
            return Refused("address_not_supported")
        reply_to = None
        if self._reply_domain and outgoing.reply_token:
            reply_to = f"reply+{outgoing.reply_token}@{self._reply_domain}"
        content = {
            "Subject": {"Data": one_line(outgoing.subject) or f"Message from {outgoing.sender}", "Charset": "UTF-8"},
            "Body": {
                "Text": {"Data": outgoing.body, "Charset": "UTF-8"},
                "Html": {"Data": html_of(outgoing), "Charset": "UTF-8"},
            },
        }
        return send_simple(
            self._ses,
            content=content,
            outgoing=outgoing,
            sender=formataddr((one_line(outgoing.sender), self._sender)),
            to=to,
            configuration_set=self._configuration_set,
            reply_to=reply_to,
        )


def send_simple(
    ses: Any,
    *,
    content: dict[str, Any],
    outgoing: Outgoing,
    sender: str,
    to: str,
    configuration_set: str | None,
    reply_to: str | None,
) -> Outcome:
    """Hand an e-mail to SES."""
    if outgoing.attachments:
        content["Attachments"] = [_attachment(one) for one in outgoing.attachments]
    if reply_to:
        content["Headers"] = [{"Name": "List-Unsubscribe", "Value": f"<mailto:{reply_to}?subject=unsubscribe>"}]
    request: dict[str, Any] = {
        "FromEmailAddress": sender,
        "Destination": {"ToAddresses": [to]},
        "Content": {"Simple": content},
        "EmailTags": [{"Name": name, "Value": value} for name, value in outgoing.ids.items()],
    }
    if reply_to:
        request["ReplyToAddresses"] = [reply_to]
    if configuration_set:
        request["ConfigurationSetName"] = configuration_set
    return call(lambda: ses.send_email(**request), _refusal)


def one_line(text: str) -> str:
    """*text* without anything that could begin another header."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def ascii_address(address: str) -> str | None:
    """*address* as SES takes it: the domain in ASCII; None when the local part cannot be written so."""
    local, _, domain = address.rpartition("@")
    if not local.isascii():
        return None
    try:
        return Address(username=local, domain=domain.encode("idna").decode()).addr_spec
    except (UnicodeError, ValueError):
        return None


def html_of(outgoing: Outgoing) -> str:
    """The text as a page of its own: nothing in it is read as markup."""
    paragraphs = "".join(
        f"<p>{escape(paragraph).replace(chr(10), '<br>')}</p>"
        for paragraph in outgoing.body.replace("\r\n", "\n").split("\n\n")
    )
    return _PAGE.format(subject=escape(outgoing.subject), paragraphs=paragraphs)


def _attachment(attached: Attached) -> dict[str, Any]:
    return {
        "RawContent": attached.content,
        "FileName": one_line(attached.name)[-_LONGEST_FILE_NAME:],
        "ContentType": attached.content_type,
        "ContentDisposition": "ATTACHMENT",
        "ContentTransferEncoding": "BASE64",
    }


def _refusal(error: ClientError) -> Refused | None:
    code = error.response["Error"]["Code"]
    if code in {"MessageRejected", "BadRequestException"}:
        return Refused("rejected")
    if code in {"AccountSuspendedException", "SendingPausedException"}:
        return Refused(SENDING_DISABLED)
    if code in {"MailFromDomainNotVerifiedException", "NotFoundException"}:
        return Refused("channel_not_configured")
    return None
