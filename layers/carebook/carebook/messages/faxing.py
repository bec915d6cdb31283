"""Fax through a gateway that takes e-mail: the number is the address, the body the cover page."""

from email.utils import formataddr
from typing import Any

from carebook.messages.channels import Outcome, Outgoing
from carebook.messages.email import html_of, one_line, send_simple


class FaxChannel:
    """A gateway such as Retarus: ``13105550123@gateway``. It knows the practice by the sender's address.

    Args:
        domain: the gateway's.
    """

    def __init__(self, ses: Any, *, sender: str, configuration_set: str | None, domain: str) -> None:
        self._ses = ses
        self._sender = sender
        self._configuration_set = configuration_set
        self._domain = domain

    def send(self, outgoing: Outgoing) -> Outcome:
        """One request. Attachments are PDF and become the pages behind the cover."""
        content = {
            "Subject": {"Data": one_line(outgoing.subject) or "Fax", "Charset": "UTF-8"},
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
            to=f"{outgoing.to.removeprefix('+')}@{self._domain}",
            configuration_set=self._configuration_set,
            reply_to=None,
        )
