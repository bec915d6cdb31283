"""A file's record as it is kept, also one that was kept before all of it was known."""

from carebook import keys
from carebook.files.documents import file_document, file_from
from carebook.files.model import TrueType
from carebook.table import Row
from tests.fakes.examples import ACCOUNT, contact
from tests.fakes.files import file_of


def test_a_record_from_before_types_were_kept_has_none() -> None:
    file = file_of(contact(), true_type=TrueType("application/pdf", text=False))
    key = keys.file_key(ACCOUNT, file.contact_id, file.id)
    document = file_document(file)
    assert file_from(ACCOUNT, file.contact_id, Row(key, 1, document)) == file
    del document["true_type"]
    assert file_from(ACCOUNT, file.contact_id, Row(key, 1, document)).true_type is None
