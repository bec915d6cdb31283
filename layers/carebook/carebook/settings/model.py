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

    ``values`` has the shape that callers see: every setting by its name in the API.
    """

    version: int = 0
    values: Mapping[str, Any] = field(default_factory=lambda: DEFAULTS)

    @classmethod
    def stored(cls, version: int, document: Mapping[str, Any]) -> "AccountSettings":
        """Settings as kept; one that came into being later has its default."""
        return cls(version, {**DEFAULTS, **document})

    @property
    def country(self) -> str:
        """ISO 3166 alpha-2 code by which national phone numbers are read."""
        return str(self.values["country"])

    @property
    def default_messaging_methods(self) -> tuple[str, ...]:
        """What a new contact gets when nothing else is said."""
        return tuple(self.values["default_messaging_methods"])

    @property
    def channel_phone_types(self) -> Mapping[str, list[str]]:
        """For each channel that needs a number: the types of phone it may use."""
        types: Mapping[str, list[str]] = self.values["channel_phone_types"]
        return types
