"""Tasks go where their contact goes: archived, restored, merged, unmerged; and are given to people of the practice."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from carebook import staff
from carebook.instants import parse_instant
from carebook.tasks.store import TableTasks
from functions.cover import api as cover_api
from functions.tasks import api as tasks_api
from tests.builders import Caller, physician
from tests.integration.test_duplicates_api import merge, unmerge
from tests.integration.test_merge_races import interleave
from tests.integration.test_tasks_api import NEW, add, target_of, titles


def contact_of(caller: Caller, **fields: Any) -> str:
    return f"/contacts/{caller.post(NEW, physician(**fields)).body['id']}"


@pytest.fixture
def contact(director: Caller) -> str:
    return contact_of(director)


def id_of(contact: str) -> str:
    return contact.removeprefix("/contacts/")


def test_tasks_across_contacts_show_whom_they_are_about(director: Caller, contact: str) -> None:
    other = contact_of(director, last_name="Zimmer", first_name=None, middle_name=None)
    add(director, contact, due_on="2026-12-02")
    add(director, other, due_on="2026-12-01")
    shown = [(item["contact_id"], item["contact_name"]) for item in director.get("/tasks").body["items"]]
    assert shown == [(id_of(other), "Zimmer"), (id_of(contact), "Ana M Müller")]
    director.patch(contact, {"last_name": "Meyer"})
    assert director.get("/tasks").body["items"][1]["contact_name"] == "Ana M Meyer"


def test_tasks_of_an_archived_contact_wait_until_it_is_restored(director: Caller, contact: str) -> None:
    task = add(director, contact)
    director.delete(contact)
    assert titles(director.get("/tasks")) == titles(director.get("/tasks?assignee=me")) == []
    assert director.get(target_of(contact, task)).body == task
    assert titles(director.get(f"{contact}/tasks")) == [task["title"]]
    assert director.get(f"{contact}/cover").body["open_tasks"]["count"] == 1
    for refused in (
        director.post(f"{contact}/tasks", {"title": "x"}),
        director.patch(target_of(contact, task), {"title": "x"}),
        director.delete(target_of(contact, task)),
    ):
        assert (refused.status, refused.body["code"]) == (409, "archived")
    director.post(f"{contact}/restore")
    assert titles(director.get("/tasks")) == [task["title"]]
    assert director.get(target_of(contact, task)).body == task


def test_pages_are_full_although_archived_contacts_have_tasks_in_between(director: Caller, contact: str) -> None:
    away = contact_of(director)
    for number in range(9):
        add(director, contact if number % 3 == 0 else away, title=str(number), due_on=f"2026-12-{number + 1:02}")
    director.delete(away)
    first = director.get("/tasks?limit=2")
    assert titles(first) == ["0", "3"]
    rest = director.get(f"/tasks?limit=2&cursor={first.body['next_cursor']}")
    assert titles(rest) == ["6"]
    assert rest.body["next_cursor"] is None


def test_a_merge_takes_tasks_along_and_its_undoing_gives_them_back(director: Caller, contact: str) -> None:
    duplicate = contact_of(director, npi=None, last_name="Mueller")
    mine, theirs = add(director, contact, title="mine"), add(director, duplicate, title="theirs", due_on="2026-12-01")
    assert merge(director, id_of(contact), id_of(duplicate)).status == 200
    for path in (f"{contact}/tasks", f"{duplicate}/tasks", "/tasks", "/tasks?assignee=me"):
        assert titles(director.get(path)) == ["theirs", "mine"]
    assert {item["contact_id"] for item in director.get("/tasks").body["items"]} == {id_of(contact)}
    by_old_id = director.get(target_of(duplicate, theirs))
    assert by_old_id.body == director.get(target_of(contact, theirs)).body == theirs | {"contact_id": id_of(contact)}
    # Edited meanwhile, the old entry gone and a new one made: all of it goes back, and what is new stays.
    assert director.patch(target_of(duplicate, theirs), {"due_on": "2026-12-09", "status": "started"}).status == 200
    new = add(director, duplicate, title="new", due_on="2026-12-02")
    assert unmerge(director, id_of(contact), id_of(duplicate)).status == 200
    assert titles(director.get(f"{duplicate}/tasks")) == ["theirs"]
    assert titles(director.get(f"{contact}/tasks")) == ["new", "mine"]
    back = director.get(target_of(duplicate, theirs)).body
    assert (back["due_on"], back["status"], back["contact_id"]) == ("2026-12-09", "started", id_of(duplicate))
    assert director.get(target_of(contact, theirs)).status == 404
    assert director.get(target_of(contact, new)).body["contact_id"] == id_of(contact)
    shown = {item["title"]: item["contact_id"] for item in director.get("/tasks").body["items"]}
    assert shown == {"mine": id_of(contact), "new": id_of(contact), "theirs": id_of(duplicate)}
    assert mine["contact_id"] == id_of(contact)


def test_tasks_are_listed_while_their_contact_is_being_merged(
    director: Caller, contact: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    duplicate = contact_of(director, npi=None)
    add(director, duplicate)
    seen: list[Any] = []
    interleave(monkeypatch, 2, lambda: seen.append(director.get("/tasks").body["items"]))
    merge(director, id_of(contact), id_of(duplicate))
    assert [[item["contact_id"] for item in items] for items in seen] == [[id_of(contact)]]


@pytest.mark.parametrize("at", [2, 3])
def test_nothing_is_written_while_a_merge_is_under_way(
    director: Caller, contact: str, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    duplicate = contact_of(director, npi=None)
    task = add(director, duplicate)
    refused: list[Any] = []
    interleave(monkeypatch, at, lambda: refused.append(director.post(f"{duplicate}/tasks", {"title": "x"})))
    merge(director, id_of(contact), id_of(duplicate))
    assert [(answer.status, answer.body["code"]) for answer in refused] == [(409, "merging")]
    assert titles(director.get(f"{contact}/tasks")) == [task["title"]]


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda caller, contact: caller.delete(contact),
        lambda caller, contact: caller.delete(f"{contact}?purge=true"),
    ],
    ids=["archived", "purged"],
)
@pytest.mark.parametrize("act", ["add", "replace", "remove"])
def test_no_write_slips_past_a_contact_that_goes(
    director: Caller, contact: str, monkeypatch: pytest.MonkeyPatch, act: str, meanwhile: Any
) -> None:
    task = target_of(contact, add(director, contact))
    original = getattr(TableTasks, act)

    def late(self: TableTasks, *args: Any, **kwargs: Any) -> None:
        monkeypatch.setattr(TableTasks, act, original)
        meanwhile(director, contact)
        original(self, *args, **kwargs)

    monkeypatch.setattr(TableTasks, act, late)
    method, path, body = {
        "add": ("POST", f"{contact}/tasks", {"title": "late"}),
        "replace": ("PATCH", task, {"title": "late"}),
        "remove": ("DELETE", task, None),
    }[act]
    assert director.call(method, path, body=body).status in {404, 409}
    left = director.get(f"{contact}/tasks")
    assert left.status == 404 or titles(left) == ["Ask for the lab report"]


def test_two_edits_at_once_keep_both(director: Caller, contact: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target = target_of(contact, add(director, contact))
    original = TableTasks.replace

    def late(self: TableTasks, *args: Any, **kwargs: Any) -> None:
        monkeypatch.setattr(TableTasks, "replace", original)
        assert director.patch(target, {"priority": "urgent"}).status == 200
        original(self, *args, **kwargs)

    monkeypatch.setattr(TableTasks, "replace", late)
    changed = director.patch(target, {"due_on": "2026-12-24"}).body
    assert (changed["version"], changed["priority"], changed["due_on"]) == (3, "urgent", "2026-12-24")
    assert len(director.get("/tasks").body["items"]) == len(director.get(f"{contact}/tasks").body["items"]) == 1


def test_the_contacts_history_says_who_did_what(director: Caller, contact: str) -> None:
    task = add(director, contact, description="very private")
    director.patch(target_of(contact, task), {"status": "started", "description": "also private"})
    director.delete(target_of(contact, task))
    page = director.get(f"{contact}/history")
    told = {entry["action"]: entry["changes"] for entry in page.body["items"] if entry["action"].startswith("task_")}
    path = f"tasks[{task['id']}]"
    assert {"field": f"{path}.title", "before": None, "after": task["title"]} in told["task_added"]
    assert {"field": f"{path}.status", "before": "open", "after": "started"} in told["task_changed"]
    assert {"field": f"{path}.title", "before": task["title"], "after": None} in told["task_deleted"]
    assert {"field": f"{path}.description", "abridged": True} in told["task_changed"]
    assert "private" not in page.text


@pytest.mark.parametrize("path", ["{target}", "{contact}/tasks", "{contact}/cover"])
def test_whoever_is_shown_tasks_of_a_contact_is_in_its_history(director: Caller, contact: str, path: str) -> None:
    curious = replace(director, user_id="usr_curious", groups="administrative")
    target = target_of(contact, add(director, contact))
    assert curious.get(path.format(contact=contact, target=target)).status == 200
    seen = [(entry["by"]["id"], entry["action"]) for entry in director.get(f"{contact}/history").body["items"]]
    assert ("usr_curious", "viewed") in seen


def test_a_history_is_full_although_some_of_it_concerns_others(director: Caller, contact: str) -> None:
    clinical = replace(director, user_id="usr_clinical", groups="clinical")
    for number in range(30):
        add(director, contact, title=f"hidden {number}")
        clinical.patch(contact, {"notes": str(number)})
    first = clinical.get(f"{contact}/history?limit=20").body
    rest = clinical.get(f"{contact}/history?limit=20&cursor={first['next_cursor']}").body
    assert len(first["items"]) == 20
    actions = [entry["action"] for entry in first["items"] + rest["items"]]
    assert (actions.count("updated"), actions.count("created"), actions.count("task_added")) == (30, 1, 0)
    assert rest["next_cursor"] is None


@pytest.fixture
def pool(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A user pool as ``infra/identity.yaml`` declares it, as far as it matters here."""
    cognito = boto3.client("cognito-idp")
    made = cognito.create_user_pool(
        PoolName=uuid.uuid4().hex,
        UsernameAttributes=["email"],
        Schema=[{"Name": "account_id", "AttributeDataType": "String", "Mutable": False}],
    )
    monkeypatch.setenv("CAREBOOK_USER_POOL", made["UserPool"]["Id"])
    staff._client.cache_clear()
    yield cognito, made["UserPool"]["Id"]
    staff._client.cache_clear()


def hire(pool: Any, account: str, name: str = "Bo Berg") -> str:
    cognito, pool_id = pool
    attributes = {"email": f"{uuid.uuid4().hex}@example.org", "name": name, "custom:account_id": account}
    user = cognito.admin_create_user(
        UserPoolId=pool_id,
        Username=attributes["email"],
        UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
    )["User"]
    sub: str = next(one["Value"] for one in user["Attributes"] if one["Name"] == "sub")
    return sub


def test_a_task_is_given_to_somebody_of_the_practice(director: Caller, contact: str, pool: Any) -> None:
    colleague = hire(pool, director.account)
    task = add(director, contact, assignee=colleague)
    assert (task["assignee"], task["assignee_name"]) == (colleague, "Bo Berg")
    theirs = replace(director, user_id=colleague, groups="clinical")
    assert titles(theirs.get("/tasks?assignee=me")) == [task["title"]]
    other = hire(pool, director.account, "Cy Cho")
    handed_on = director.patch(target_of(contact, task), {"assignee": other}).body
    assert (handed_on["assignee"], handed_on["assignee_name"]) == (other, "Cy Cho")
    assert titles(theirs.get("/tasks")) == []
    assert theirs.get(target_of(contact, task)).status == 404
    assert titles(director.get(f"/tasks?assignee={other}")) == [task["title"]]
    taken = director.patch(target_of(contact, task), {"assignee": None}).body
    assert taken["assignee"] == director.user_id
    entries = theirs.get(f"{contact}/history").body["items"]
    told = [change for entry in entries for change in entry["changes"] if change["field"].endswith(".assignee")]
    # Theirs was when they got it and when it was taken from them; who had it later is not for them.
    assert [(change["before"], change["after"]) for change in told] == [("Bo Berg", "Cy Cho"), (None, "Bo Berg")]


def test_a_task_stays_with_somebody_who_has_left(director: Caller, contact: str, pool: Any) -> None:
    colleague = hire(pool, director.account)
    task = add(director, contact, assignee=colleague)
    cognito, pool_id = pool
    cognito.admin_disable_user(UserPoolId=pool_id, Username=colleague)
    assert director.patch(target_of(contact, task), {"priority": "high"}).body["assignee"] == colleague
    refused = director.post(f"{contact}/tasks", {"title": "x", "assignee": colleague})
    assert [error["code"] for error in refused.body["errors"]] == ["unknown_user"]


def test_nobody_else_can_be_given_a_task(director: Caller, contact: str, pool: Any) -> None:
    stranger = hire(pool, f"{director.account}_2")
    cognito, pool_id = pool
    email = next(
        one["Value"]
        for one in cognito.admin_get_user(UserPoolId=pool_id, Username=hire(pool, director.account))["UserAttributes"]
        if one["Name"] == "email"
    )
    for assignee in (stranger, str(uuid.uuid4()), "usr_nobody", email.partition("@")[0]):
        refused = director.post(f"{contact}/tasks", {"title": "x", "assignee": assignee})
        assert (refused.status, refused.body["errors"]) == (
            422,
            [
                {
                    "field": "assignee",
                    "code": "unknown_user",
                    "message": "Give the id of somebody who works in the practice.",
                }
            ],
        )
    assert (
        director.post(f"{contact}/tasks", {"title": "x", "assignee": email}).body["errors"][0]["code"] == "wrong_form"
    )
    assert titles(director.get("/tasks")) == []


def test_when_cognito_is_busy_nothing_is_written(
    director: Caller, contact: str, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "TooManyRequestsException", "Message": ""}}, "AdminGetUser")

    monkeypatch.setattr(staff._client(), "admin_get_user", busy)
    refused = director.post(f"{contact}/tasks", {"title": "x", "assignee": str(uuid.uuid4())})
    assert (refused.status, refused.body["code"]) == (503, "try_again")
    assert titles(director.get("/tasks")) == []


def test_overdue_goes_by_the_calendar_of_the_practice(
    director: Caller, contact: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(director, contact, due_on="2026-11-01")  # when clocks are set back in New York: a day of 25 hours
    for zone, moment, overdue in (
        ("America/New_York", "2026-11-02T04:59:59Z", False),
        ("America/New_York", "2026-11-02T05:00:00Z", True),
        ("Pacific/Kiritimati", "2026-11-01T10:00:00Z", True),
        ("Pacific/Honolulu", "2026-11-02T09:59:59Z", False),
    ):
        director.patch("/settings", {"time_zone": zone})
        for module in (tasks_api, cover_api):
            monkeypatch.setattr(module, "utcnow", lambda moment=moment: parse_instant(moment))
        shown = [director.get(path).body["items"][0] for path in ("/tasks", f"{contact}/tasks")]
        shown += director.get(f"{contact}/cover").body["open_tasks"]["items"]
        assert [item["overdue"] for item in shown] == [overdue] * 3
