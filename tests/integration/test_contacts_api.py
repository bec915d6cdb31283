from tests.builders import Caller, physician


def test_a_contact_comes_back_as_it_was_added(director: Caller) -> None:
    added = director.post("/contacts", physician())
    assert added.status == 201, added.text
    assert added.headers["Location"] == f"/contacts/{added.body['id']}"
    assert added.etag == '"1"'
    read = director.get(f"/contacts/{added.body['id']}")
    assert read.status == 200, read.text
    assert read.body == added.body
    assert read.body["phones"] == [
        {"number": "+13105550123", "type": "cell", "extension": None, "display": "(310) 555-0123"}
    ]
    assert read.body["reachable"]["sms"] == {"ok": True, "to": "+13105550123"}
    assert read.body["reachable"]["fax"] == {"ok": False, "reason": "no_eligible_phone"}
