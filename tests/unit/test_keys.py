"""Keys: taken apart as they were built, never shared by two records, and in the order of names and days."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carebook import keys
from carebook.contacts.model import ContactDetails
from tests.fakes.examples import ACCOUNTS, CONTACT_IDS, NOW, details

TYPES = st.none() | st.sampled_from(["parent_guardian", "physician", "community_care", "aged_care_facility", "other"])
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ULIDS = CONTACT_IDS.map(lambda text: text.removeprefix("con_"))
# Short ones, so that one being the beginning of another is common.
RIVALS = st.text(st.sampled_from("Aa_-CONLISTHIST"), min_size=1, max_size=6) | ACCOUNTS
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.text(
    st.sampled_from("aab  -'éÉ李𠮷🎈0\u0301"), max_size=12
)


def all_keys(account: str, contact_id: str, contact_type: str | None) -> set[keys.Key]:
    lists = [
        keys.contact_list_pk(account, archived=archived, contact_type=kind)
        for archived in (False, True)
        for kind in (None, contact_type)
    ]
    return {
        keys.settings_key(account),
        keys.purged_key(account, contact_id),
        keys.contact_key(account, contact_id),
        keys.file_key(account, contact_id, contact_id.replace("con_", "fil_")),
        keys.history_key(account, contact_id, contact_id.removeprefix("con_")),
        keys.done_once_key(account, "f" * 64),
        keys.received_once_key(account, "f" * 64),
        keys.answer_key(account, "f" * 64),
        keys.answer_beside_key(account, contact_id, "f" * 64),
        keys.merge_key(account, contact_id, contact_id),
        keys.index_state_key(account),
        keys.reindex_key(account, contact_id, 1),
        keys.vocabulary_key(account, "con"),
        keys.client_key(account, contact_id.replace("con", "cli")),
        keys.referral_key(account, contact_id.replace("con", "cli"), contact_id.replace("con", "ref")),
        *(
            keys.Key(keys.referral_list_pk(account, status), keys.referral_list_sk("2026-11-23", "ref_1"))
            for status in (None, "active")
        ),
        keys.link_key(account, contact_id.replace("con", "cli"), contact_id),
        *(
            keys.list_key(keys.client_list_pk(account, archived=archived), "smith", "cli_1")
            for archived in (False, True)
        ),
        keys.vocabulary_wanted_key(account, "con"),
        keys.message_key(account, contact_id, f"msg_{contact_id.removeprefix('con_')}"),
        keys.consent_key(account, "tel", "+13105550123"),
        keys.share_key(account, contact_id, contact_id.replace("con", "shr")),
        keys.sealed_share_key(account, contact_id, contact_id.replace("con", "shr")),
        keys.Key(keys.search_pk(account, "con", 1, "s"), f"smith 1smith {contact_id}"),
        *(keys.list_key(pk, "smith", contact_id) for pk in lists),
    }


@given(RIVALS, CONTACT_IDS, RIVALS, CONTACT_IDS, TYPES)
def test_two_contacts_never_share_a_key(
    account: str, contact_id: str, other_account: str, other_id: str, contact_type: str | None
) -> None:
    if (account, contact_id) != (other_account, other_id):
        assert keys.contact_pk(account, contact_id) != keys.contact_pk(other_account, other_id)
        assert keys.contact_key(account, contact_id) != keys.contact_key(other_account, other_id)
        assert keys.purged_key(account, contact_id) != keys.purged_key(other_account, other_id)


@given(RIVALS, RIVALS, CONTACT_IDS, TYPES, TYPES)
def test_two_accounts_never_share_a_partition(
    account: str, other: str, contact_id: str, contact_type: str | None, other_type: str | None
) -> None:
    if account != other:
        ours = {key.pk for key in all_keys(account, contact_id, contact_type)}
        theirs = {key.pk for key in all_keys(other, contact_id, other_type)}
        assert ours.isdisjoint(theirs)


@given(ACCOUNTS, CONTACT_IDS, TYPES)
def test_keys_of_different_kinds_differ(account: str, contact_id: str, contact_type: str | None) -> None:
    found = all_keys(account, contact_id, contact_type)
    assert len(found) == 26 + (2 if contact_type is None else 4)
    assert all(len(key.pk.encode()) <= 2048 and len(key.sk.encode()) <= 1024 for key in found)


@given(MOMENTS, ACCOUNTS, CONTACT_IDS)
def test_a_purge_key_gives_back_account_and_contact(at: datetime, account: str, contact_id: str) -> None:
    assert keys.parse_purge_sk(keys.purge_sk(at, account, contact_id)) == (account, contact_id)


@given(MOMENTS, ACCOUNTS, CONTACT_IDS, CONTACT_IDS)
def test_a_merge_key_gives_back_account_survivor_and_duplicate(
    at: datetime, account: str, survivor: str, duplicate: str
) -> None:
    assert keys.parse_merge_sk(keys.merge_sk(at, account, survivor, duplicate)) == (account, survivor, duplicate)
    assert keys.merged_id(keys.merge_key(account, survivor, duplicate).sk) == duplicate
    assert keys.MERGES_FIRST < keys.merge_key(account, survivor, duplicate).sk < keys.MERGES_LAST


@given(MOMENTS, ACCOUNTS, st.sampled_from(["con", "cli"]))
def test_a_vocabulary_key_gives_back_account_and_book(at: datetime, account: str, book: str) -> None:
    assert keys.parse_vocabulary_sk(keys.vocabulary_sk(at, account, book)) == (account, book)


@given(ACCOUNTS, CONTACT_IDS, st.from_regex(r"[0-9a-f]{64}", fullmatch=True))
def test_a_kept_answer_gives_back_its_request_and_other_items_of_a_contact_give_none(
    account: str, contact_id: str, request: str
) -> None:
    assert keys.request_of_answer(keys.answer_beside_key(account, contact_id, request).sk) == request
    partition = keys.contact_pk(account, contact_id)
    others = {key.sk for key in all_keys(account, contact_id, None) if key.pk == partition}
    assert {sk for sk in others if keys.request_of_answer(sk) is not None} == {f"ANSWER#{'f' * 64}"}


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=60)), ACCOUNTS, ACCOUNTS, CONTACT_IDS)
def test_purge_keys_stand_in_the_order_of_their_days(
    at: datetime, later: timedelta, account: str, other: str, contact_id: str
) -> None:
    soon, late = keys.purge_sk(at, account, contact_id), keys.purge_sk(at + later, other, contact_id)
    assert soon <= keys.due_until(at + later)
    if later >= timedelta(seconds=1):
        assert soon < late
        assert late > keys.due_until(at)


@given(MOMENTS, st.timedeltas(timedelta(seconds=1), timedelta(days=60)), ACCOUNTS, ACCOUNTS)
def test_a_mark_of_a_vocabulary_gives_back_account_and_book_and_stands_in_the_order_of_its_moment(
    at: datetime, later: timedelta, account: str, other: str
) -> None:
    soon, late = keys.vocabulary_sk(at, account, "con"), keys.vocabulary_sk(at + later, other, "cli")
    assert (keys.parse_vocabulary_sk(soon), keys.parse_vocabulary_sk(late)) == ((account, "con"), (other, "cli"))
    assert soon <= keys.due_until(at) < late


@given(ACCOUNTS, CONTACT_IDS, ULIDS)
def test_a_history_key_gives_back_its_ulid_and_stands_between_the_ends_of_its_history(
    account: str, contact_id: str, ulid: str
) -> None:
    key = keys.history_key(account, contact_id, ulid)
    assert keys.ulid_of_history(key.sk) == ulid
    assert keys.HISTORY_FIRST < key.sk < keys.HISTORY_LAST
    assert not keys.HISTORY_FIRST <= keys.contact_key(account, contact_id).sk <= keys.HISTORY_LAST


@given(ACCOUNTS, CONTACT_IDS, CONTACT_IDS)
def test_a_link_gives_back_its_client_and_its_contact_both_ways_round(account: str, client: str, contact: str) -> None:
    key = keys.link_key(account, client, contact)
    assert (keys.client_of(key.pk), keys.linked_id(key.sk)) == (client, contact)
    assert keys.linked_id(keys.link_sk(client)) == client
    assert keys.LINKS_FIRST < key.sk < keys.LINKS_LAST
    assert keys.LINKS_FIRST < keys.link_sk(client) < keys.LINKS_LAST


@given(ACCOUNTS, CONTACT_IDS, CONTACT_IDS, st.dates(), st.dates())
def test_a_referral_gives_back_its_id_and_stands_by_its_day(
    account: str, client: str, referral: str, day: date, other: date
) -> None:
    key = keys.referral_key(account, client, referral)
    assert (keys.client_of(key.pk), keys.id_of_referral(key.sk)) == (client, referral)
    assert keys.REFERRALS_FIRST < key.sk < keys.REFERRALS_LAST
    for place in (keys.referral_sk, keys.referral_list_sk):
        one, two = place(day.isoformat(), referral), place(other.isoformat(), referral)
        assert (one < two) == (day < other)
    assert keys.REFERRALS_FIRST < keys.referral_sk(day.isoformat(), referral) < keys.REFERRALS_LAST


@given(ACCOUNTS, CONTACT_IDS, CONTACT_IDS)
def test_a_share_gives_back_its_id_and_stands_apart_from_what_is_sealed_of_it(
    account: str, contact: str, share: str
) -> None:
    share_id = share.replace("con_", "shr_")
    key, sealed = (build(account, contact, share_id) for build in (keys.share_key, keys.sealed_share_key))
    assert keys.id_of_share(key.sk) == share_id
    assert keys.SHARES_FIRST < key.sk < keys.SHARES_LAST
    assert not keys.SHARES_FIRST <= sealed.sk <= keys.SHARES_LAST
    assert {key.sk[:4], sealed.sk[:4]} == {"SHR#"}  # a merge moves both


def place(named: ContactDetails, contact_id: str) -> str:
    return keys.list_key("A#a#LIST#all", named.list_name_key, contact_id).sk


@settings(max_examples=400)
@given(NAMES, NAMES, CONTACT_IDS, CONTACT_IDS)
def test_places_in_a_list_stand_in_the_order_of_name_keys_and_then_of_ids(
    name: str, other: str, contact_id: str, other_id: str
) -> None:
    one, two = (details(last_name=last_name, first_name=None) for last_name in (name, other))
    in_order = (one.list_name_key, contact_id) < (two.list_name_key, other_id)
    assert (place(one, contact_id) < place(two, other_id)) == in_order


@given(st.text(st.sampled_from("aab 李𠮷"), max_size=150), CONTACT_IDS)
def test_a_place_in_a_list_ends_with_the_id_and_fits_into_a_sort_key(name: str, contact_id: str) -> None:
    sk = place(details(last_name=name, first_name=name, middle_name=name), contact_id)
    assert sk.endswith(f" {contact_id}")
    assert len(sk.encode()) <= 1024


def test_the_key_order_of_dynamodb_is_that_of_python() -> None:
    """DynamoDB compares bytes in UTF-8, Python compares code points; both orders are the same."""
    samples = [
        "",
        " ",
        "!",
        "0",
        "a",
        "z",
        "é",
        "\u07ff",
        "\u0800",
        "\uffee",
        "\uffff",
        "\U00010000",
        "𠮷",
        keys.HIGHEST,
    ]
    assert sorted(samples) == sorted(samples, key=str.encode) == samples


def test_a_purge_is_due_from_the_second_of_its_moment() -> None:
    assert keys.purge_sk(NOW, "acc", "con_1") <= keys.due_until(NOW)
    assert keys.purge_sk(NOW + timedelta(seconds=1), "acc", "con_1") > keys.due_until(NOW)


@given(MOMENTS, ACCOUNTS, CONTACT_IDS, ULIDS)
def test_a_files_keys_give_back_whose_it_is(at: datetime, account: str, contact_id: str, ulid: str) -> None:
    file_id = f"fil_{ulid}"
    assert keys.id_of_file(keys.file_key(account, contact_id, file_id).sk) == file_id
    assert keys.FILES_FIRST < keys.file_key(account, contact_id, file_id).sk < keys.FILES_LAST
    sk = keys.file_due_sk(at, account, contact_id, file_id)
    assert keys.parse_file_due_sk(sk) == (account, contact_id, file_id)
    assert sk <= keys.due_until(at)
    assert keys.parse_object_key(keys.object_key(account, contact_id, file_id, "s3cret")) == (
        account,
        contact_id,
        file_id,
    )


@pytest.mark.parametrize("key", ["", "a", "a/b/c", "a/b/c/", "/b/c/d", "a/b/c/d/e", "malware-protection-resource"])
def test_an_object_that_is_no_files_has_no_owner(key: str) -> None:
    assert keys.parse_object_key(key) is None


@given(ACCOUNTS, CONTACT_IDS, ULIDS)
def test_a_message_key_gives_back_whose_it_is(account: str, contact_id: str, ulid: str) -> None:
    key = keys.message_key(account, contact_id, f"msg_{ulid}")
    assert key.pk == keys.contact_pk(account, contact_id)
    assert keys.parse_recipient_pk(key.pk) == (account, contact_id)
    assert keys.message_id_of(key.sk) == f"msg_{ulid}"
    assert keys.MESSAGES_FIRST < key.sk < keys.MESSAGES_LAST


@given(MOMENTS, MOMENTS, ACCOUNTS, ULIDS)
def test_messages_are_due_in_the_order_of_their_time(at: datetime, now: datetime, account: str, ulid: str) -> None:
    shards = {keys.message_due_pk(shard) for shard in range(keys.MESSAGE_SHARDS)}
    pk, sk = keys.message_due(at, account, f"msg_{ulid}")
    assert pk in shards
    assert (sk <= keys.due_until(now)) == (at.replace(microsecond=0) <= now)


@given(RIVALS, RIVALS, CONTACT_IDS)
def test_what_has_no_account_shares_no_partition_with_what_has_one(account: str, address: str, contact_id: str) -> None:
    ours = {key.pk for key in all_keys(account, contact_id, None)}
    assert ours.isdisjoint({keys.writers_pk("tel", address), keys.reply_key(address).pk, keys.provider_pk(address)})
