"""The demo staff and their passwords."""

import string

from infra.local.users import HARBOR, LAKESIDE, PASSWORD_LENGTH, ROLES, new_password, staff


def test_one_practice_has_all_roles_and_the_other_a_director() -> None:
    assert [(user["account_id"], user["role"]) for user in staff()] == [
        *((LAKESIDE, role) for role in ROLES),
        (HARBOR, "director"),
    ]
    assert all(user["email"].endswith(".example") for user in staff())


def test_known_passwords_are_kept_and_others_are_new() -> None:
    first = staff()
    assert staff(first) == first
    changed = staff(first[:2])
    assert changed[:2] == first[:2]
    assert all(new["password"] != old["password"] for new, old in zip(changed[2:], first[2:], strict=True))


def test_a_broken_record_of_users_is_no_obstacle() -> None:
    assert len(staff([{"email": "director@lakeside.example"}, {}])) == 5


def test_passwords_meet_any_policy_and_need_no_quoting() -> None:
    allowed = string.ascii_letters + string.digits + "-_."
    for password in (new_password() for _ in range(200)):
        assert len(password) == PASSWORD_LENGTH
        assert password[0].isalpha()
        assert set(password) <= set(allowed)
        assert all(
            set(password) & set(kind) for kind in (string.ascii_lowercase, string.ascii_uppercase, string.digits, "-_.")
        )
