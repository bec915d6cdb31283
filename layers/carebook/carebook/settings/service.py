"""Reading and changing an account's settings."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from carebook.errors import Conflict, StaleVersion, Unavailable
from carebook.merge_patch import merge_patch
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings


class SettingsStore(Protocol):
    """Where settings are kept."""

    def current(self, account: str) -> AccountSettings:
        """The account's settings; the defaults when none were ever saved."""
        ...

    def replace(self, account: str, settings: AccountSettings) -> None:
        """Save *settings* as the successor of the version before.

        Raises:
            Conflict: when somebody else saved in the meantime.
        """
        ...


def change_settings(
    store: SettingsStore,
    *,
    account: str,
    patch: Mapping[str, Any],
    validate: Callable[[Any], Mapping[str, Any]],
    expected_version: int | None = None,
) -> AccountSettings:
    """The settings with a merge patch applied and saved; unchanged ones are not saved again.

    A setting that the patch clears goes back to its default.

    Raises:
        Invalid: from *validate*, when the outcome breaks a rule.
        StaleVersion: when *expected_version* is not the current one.
    """
    for _ in attempts():
        before = store.current(account)
        if expected_version is not None and before.version != expected_version:
            current = before.changed_since(expected_version)
            raise StaleVersion(version=before.version, expected=expected_version, current=current)
        values = validate(merge_patch(before.values, patch))
        if values == before.values:
            return before
        after = before.with_values(values)
        try:
            store.replace(account, after)
        except Conflict:
            continue
        return after
    raise Unavailable("The settings are being changed by others. Try again in a moment.")
