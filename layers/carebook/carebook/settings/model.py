"""The account's settings: how the practice reads phone numbers, reaches people and reminds them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

DEFAULTS: Final[Mapping[str, Any]] = {
    "practice_name": "",
    "country": "US",
    "time_zone": "America/New_York",
    "currency": "USD",
    "default_messaging_methods": ["email"],
    "quiet_hours": {"start": "20:00", "end": "09:00"},
    "opt_in_required": False,
    "channel_phone_types": {"sms": ["cell"], "fax": ["fax"], "voice": ["cell", "home", "work", "after_hours"]},
    "automated_messages": {
        "appointment_notice": {"enabled": True},
        "appointment_reminder": {"enabled": True, "lead_minutes": [2880, 120]},
        "bill_reminder": {"enabled": True, "days_before_due": 3},
        "late_payment_notice": {"enabled": True, "days_after_due": 7},
    },
    "file_categories": [],
}


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """The settings of one account. Version 0: never changed, all defaults.

    ``values`` has the shape that callers see: every setting by its name in the API. ``changed`` says for each setting
    that was ever changed which version did it last.
    """

    version: int = 0
    values: Mapping[str, Any] = field(default_factory=lambda: DEFAULTS)
    changed: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def stored(cls, version: int, document: Mapping[str, Any]) -> "AccountSettings":
        """Settings as kept; one that came into being later has its default."""
        values = {**DEFAULTS, **document}
        return cls(version, values, values.pop("changed", {}))

    def to_document(self) -> dict[str, Any]:
        """The settings as kept."""
        return {**self.values, "changed": self.changed}

    def with_values(self, values: Mapping[str, Any]) -> "AccountSettings":
        """The next version."""
        version = self.version + 1
        changed = {name: version for name, value in values.items() if value != self.values[name]}
        return AccountSettings(version, values, {**self.changed, **changed})

    def changed_since(self, version: int) -> dict[str, Any]:
        """The settings that have changed since a version, as they are now."""
        return {name: self.values[name] for name, when in self.changed.items() if when > version >= 0}

    @property
    def country(self) -> str:
        """ISO 3166 alpha-2 code by which national phone numbers are read."""
        return str(self.values["country"])

    @property
    def time_zone(self) -> str:
        """IANA name of the zone by whose calendar the practice works."""
        return str(self.values["time_zone"])

    @property
    def default_messaging_methods(self) -> tuple[str, ...]:
        """What a new contact gets when nothing else is said."""
        return tuple(self.values["default_messaging_methods"])

    @property
    def channel_phone_types(self) -> Mapping[str, list[str]]:
        """For each channel that needs a number: the types of phone it may use."""
        types: Mapping[str, list[str]] = self.values["channel_phone_types"]
        return types
