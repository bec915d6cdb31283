"""Tasks and the cover page on the deployed stack."""

import base64
import json
from typing import Any

from tests.e2e.conftest import ANOTHER, Stack


def user_of(stack: Stack, who: str) -> str:
    """The user's id, out of their token."""
    payload = stack.tokens[who].split(".")[1]
    claims: dict[str, str] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims["sub"]


def test_a_task_is_given_done_and_seen_on_the_cover_page(stack: Stack, contact: dict[str, Any]) -> None:
    path = f"/contacts/{contact['id']}"
    clinical = user_of(stack, "clinical")
    given = stack.call(
        "POST", f"{path}/tasks", body={"title": "Call back", "due_on": "2020-01-01", "assignee": clinical}
    )
    assert given.status_code == 201, given.text
    task = given.json()
    assert (task["assignee"], task["assignee_name"], task["overdue"]) == (clinical, "Demo clinical", True)
    mine = stack.call("GET", "/tasks?assignee=me&status=unfinished&due_before=2020-01-02", as_="clinical").json()
    assert [(row["id"], row["contact_name"]) for row in mine["items"]] == [(task["id"], contact["last_name"])]
    for who in ("clinical", "administrative"):
        cover = stack.call("GET", f"{path}/cover", as_=who).json()
        assert cover["contact"]["id"] == contact["id"]
        assert cover["open_tasks"] == {"items": [task], "count": 1, "exact": True}
    assert stack.call("GET", f"{path}/cover", as_="supervisor").json()["open_tasks"]["count"] == 0
    target = f"{path}/tasks/{task['id']}"
    assert stack.call("GET", target, as_="supervisor").status_code == 404
    done = stack.call("PATCH", target, as_="clinical", body={"status": "done"}, headers={"If-Match": '"1"'})
    assert (done.status_code, done.json()["completed_by"]["id"]) == (200, clinical)
    assert stack.call("GET", f"{path}/cover").json()["open_tasks"]["count"] == 0


def test_nobody_of_another_practice_is_given_a_task(stack: Stack, contact: dict[str, Any]) -> None:
    body = {"title": "Call", "assignee": user_of(stack, ANOTHER)}
    refused = stack.call("POST", f"/contacts/{contact['id']}/tasks", body=body)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown_user")
