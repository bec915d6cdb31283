"""The settings as callers send and see them."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from carebook.channels import Methods, PhoneTypes, all_different
from carebook.fields import MANY_LINES, NOT_EMPTY, ONE_LINE, Label, LongName, OfForm, PhoneCountry, TimeZone
from carebook.settings.currencies import CURRENCIES
from carebook.settings.model import DEFAULTS, AccountSettings
from carebook.validation import validated

LocalTime = Annotated[
    str, OfForm(r"([01][0-9]|2[0-3]):[0-5][0-9]", "Give a time from 00:00 to 23:59, such as 08:00.", example="20:00")
]


def _currency(code: str) -> str:
    if code not in CURRENCIES:
        raise PydanticCustomError("currency_not_valid", "Use a currency code of ISO 4217, for example USD.")
    return code


def _no_two_alike(names: list[str]) -> list[str]:
    all_different([name.casefold() for name in names])
    return names


Category = Annotated[str, Field(min_length=1, max_length=100), ONE_LINE, NOT_EMPTY]
PostalAddress = Annotated[str, Field(max_length=500), MANY_LINES]
Currency = Annotated[str, AfterValidator(_currency)]
LeadMinutes = Annotated[int, Field(ge=1, le=60 * 24 * 60)]  # none: it would come when the appointment has begun
Days = Annotated[int, Field(ge=0, le=365)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class QuietHours(_Part):
    """When SMS and voice messages wait, in the recipient's local time. Equal times: never."""

    start: LocalTime = DEFAULTS["quiet_hours"]["start"]
    end: LocalTime = DEFAULTS["quiet_hours"]["end"]


class ChannelPhoneTypes(_Part):
    """For each channel, the types of phone that it may use."""

    sms: PhoneTypes = Field(default_factory=lambda: list(DEFAULTS["channel_phone_types"]["sms"]))
    fax: PhoneTypes = Field(default_factory=lambda: list(DEFAULTS["channel_phone_types"]["fax"]))
    voice: PhoneTypes = Field(default_factory=lambda: list(DEFAULTS["channel_phone_types"]["voice"]))


class AppointmentNotice(_Part):
    """Sent when an appointment is made, moved or canceled."""

    enabled: bool = True


class AppointmentReminder(_Part):
    """Sent before an appointment, once for each lead."""

    enabled: bool = True
    lead_minutes: Annotated[list[LeadMinutes], Field(max_length=10), AfterValidator(all_different)] = Field(
        default_factory=lambda: list(DEFAULTS["automated_messages"]["appointment_reminder"]["lead_minutes"])
    )


class BillReminder(_Part):
    """Sent before a bill is due."""

    enabled: bool = True
    days_before_due: Days = 3


class LatePaymentNotice(_Part):
    """Sent after a bill was due; 0 is the due date itself."""

    enabled: bool = True
    days_after_due: Days = 7


class AutomatedMessages(_Part):
    """The four kinds of automated message."""

    appointment_notice: AppointmentNotice = Field(default_factory=AppointmentNotice)
    appointment_reminder: AppointmentReminder = Field(default_factory=AppointmentReminder)
    bill_reminder: BillReminder = Field(default_factory=BillReminder)
    late_payment_notice: LatePaymentNotice = Field(default_factory=LatePaymentNotice)


class SettingsValues(_Part):
    """All settings of an account. Whatever is left out or cleared has its default."""

    practice_name: LongName = ""
    practice_address: PostalAddress = Field(default="", description="As the letterhead shows it, line by line.")
    practice_phone: Label = ""
    practice_fax: Label = ""
    practice_email: LongName = ""
    practice_website: LongName = ""
    country: PhoneCountry = DEFAULTS["country"]
    time_zone: TimeZone = DEFAULTS["time_zone"]
    currency: Currency = DEFAULTS["currency"]
    default_messaging_methods: Methods = Field(default_factory=lambda: list(DEFAULTS["default_messaging_methods"]))
    quiet_hours: QuietHours = Field(default_factory=QuietHours)
    opt_in_required: bool = False
    channel_phone_types: ChannelPhoneTypes = Field(default_factory=ChannelPhoneTypes)
    automated_messages: AutomatedMessages = Field(default_factory=AutomatedMessages)
    file_categories: Annotated[list[Category], Field(max_length=200), AfterValidator(_no_two_alike)] = Field(
        default_factory=list
    )


class SettingsView(SettingsValues):
    """The settings with their version; 0 until they are first changed."""

    version: int

    @classmethod
    def of(cls, settings: AccountSettings) -> "SettingsView":
        """The view of stored settings."""
        return cls.model_validate({**settings.values, "version": settings.version})


def read_settings(document: Any) -> Mapping[str, Any]:
    """The settings in *document*, checked and completed with defaults.

    Raises:
        Invalid: naming each field that breaks a rule.
    """
    return validated(SettingsValues, document).model_dump()
