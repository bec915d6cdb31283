"""The cover page as callers see it."""

from typing import Any, TypedDict

from carebook.clients.schemas import ClientOfContact, ClientView, ContactOfClient
from carebook.contacts.schemas import ContactView
from carebook.documents.schemas import DocumentRow
from carebook.files.schemas import FileView
from carebook.referrals.schemas import ReferralListRow, ReferralView
from carebook.tasks.schemas import TaskView


class TasksPart(TypedDict):
    """The first tasks, and how many there are; when `exact` is false there are more than `count`."""

    items: list[TaskView]
    count: int
    exact: bool


class FilesPart(TypedDict):
    """The newest files, and how many there are; when `exact` is false there are more than `count`."""

    items: list[FileView]
    count: int
    exact: bool


class DocumentsPart(TypedDict):
    """The newest documents, and how many there are; when `exact` is false there are more than `count`."""

    items: list[DocumentRow]
    count: int
    exact: bool


class ClientsPart(TypedDict):
    """The first clients, and how many there are."""

    items: list[ClientOfContact]
    count: int
    exact: bool


class ReferralsPart(TypedDict):
    """The first referrals, and how many there are."""

    items: list[ReferralListRow]
    count: int
    exact: bool


class EmptyPart(TypedDict):
    """A section of which nothing can be there yet."""

    items: list[dict[str, Any]]
    count: int
    exact: bool


class CoverView(TypedDict):
    """A contact with the first twenty of each list that hangs on it."""

    contact: ContactView
    open_tasks: TasksPart
    files: FilesPart
    documents: DocumentsPart
    clients: ClientsPart
    referrals: ReferralsPart


class ContactsPart(TypedDict):
    """The first contacts of a client by name, and how many there are."""

    items: list[ContactOfClient]
    count: int
    exact: bool


class ReferralsOfClientPart(TypedDict):
    """The latest referrals of a client with what remains of them, and how many there are."""

    items: list[ReferralView]
    count: int
    exact: bool


class ClientCoverView(TypedDict):
    """A client with the first twenty of each list that hangs on it."""

    client: ClientView
    contacts: ContactsPart
    referrals: ReferralsOfClientPart
