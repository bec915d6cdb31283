"""What the functions of shares ask of DynamoDB and S3 is what their roles let them do."""

from carebook.table import open_table
from functions.messages import deliver
from tests.builders import Context
from tests.integration.calls.recording import recorded, recorded_in_buckets
from tests.integration.merges import merge
from tests.integration.shares.conftest import Recipient, Sharer
from tests.messaging import queued_records
from tests.template.test_roles import BUCKET_CALLS, CALLS


def test_the_function_for_staff(sharer: Sharer) -> None:
    key = {"Idempotency-Key": "k"}
    items = [{"file_id": sharer.file()}, {"document_id": sharer.document()}]
    with recorded() as asked, recorded_in_buckets() as asked_of_buckets:
        made = sharer.share(*items, headers=key)
        sharer.share(*items, headers=key)
        sharer.share({"file_id": "none"}, headers={"Idempotency-Key": "refused"})
        path = f"{sharer.path}/shares/{made.body['id']}"
        for target in (path, f"{sharer.path}/shares", "/contacts/con_01ARZ3NDEKTSV4RRFFQ69G5FAV/shares"):
            sharer.caller.get(target)
        assert sharer.caller.delete(path).status == 204
    assert asked == CALLS["SharesApi"]
    assert asked_of_buckets == BUCKET_CALLS["SharesApi"]["documents"]


def test_the_function_for_who_has_a_link(sharer: Sharer, recipient: Recipient) -> None:
    sharer.shared({"file_id": sharer.file()}, {"document_id": sharer.document()})
    token, code = sharer.post.token, sharer.post.code
    with recorded() as asked, recorded_in_buckets() as asked_of_buckets:
        for one in (token, "q" * 27):
            recipient.look(one)
            recipient.open(one, "00000000")
        assert recipient.open(token, code).status == 200
    assert asked == CALLS["SharesPublic"]
    # Addresses are signed; what is fetched by them is fetched with the rights of who signed.
    assert asked_of_buckets == {"GetObject"}
    assert BUCKET_CALLS["SharesPublic"] == {"files": asked_of_buckets, "documents": asked_of_buckets}


def test_the_function_that_delivers_fills_in_what_is_sealed_with_the_rights_that_it_has(sharer: Sharer) -> None:
    sharer.share()
    other = sharer.caller.post("/contacts?allow_duplicate=true", {"type": "other", "last_name": "Müller"}).body["id"]
    merge(sharer.caller, other, sharer.contact_id)
    open_table()
    with recorded() as asked:
        while batch := queued_records():
            deliver.handler({"Records": batch}, Context(remaining_ms=60_000))
    assert len(sharer.post.texts) == 2
    assert asked["table"] <= CALLS["DeliverMessages"]["table"]
