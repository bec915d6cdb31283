"""What messages say of an appointment or a bill: the values of their merge fields, as they are to be read."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from carebook.appointments.model import Appointment
from carebook.bills.model import Bill

# ISO 4217: how many decimal places a currency has, where that is not two.
_DECIMALS: Final[Mapping[str, int]] = dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0
) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)


def appointment_values(
    appointment: Appointment, zone: str, *, moved_from: datetime | None = None, canceled: bool = False
) -> dict[str, str | None]:
    """The merge fields of an appointment, in the reader's time zone."""
    details = appointment.details
    starts_at, ends_at = (one.astimezone(ZoneInfo(zone)) for one in (details.starts_at, details.ends_at))
    values: dict[str, str | None] = {
        "appointment.date": _day(starts_at),
        "appointment.day": f"{starts_at:%a, %b} {starts_at.day}",
        "appointment.time": _clock(starts_at),
        "appointment.end_time": _clock(ends_at),
        "appointment.practitioner": details.practitioner,
        "appointment.location": details.location,
        "appointment.kind": details.kind,
        "appointment.canceled": "canceled" if canceled else None,
    }
    if moved_from is not None:
        before = moved_from.astimezone(ZoneInfo(zone))
        values |= {
            "appointment.moved": "moved",
            "appointment.old_date": _day(before),
            "appointment.old_time": _clock(before),
        }
    return values


def bill_values(bill: Bill) -> dict[str, str | None]:
    """The merge fields of a bill."""
    details = bill.details
    return {
        "bill.number": details.number,
        "bill.amount": money(details.amount, details.currency),
        "bill.issued_on": _date(details.issued_on),
        "bill.due_on": _date(details.due_on),
    }


def money(amount: int, currency: str) -> str:
    """An amount of minor units as it is read: ``$120.00``, ``EUR 120.00``, ``JPY 1,200``."""
    places = _DECIMALS.get(currency, 2)
    whole, rest = divmod(amount, 10**places)
    digits = f"{whole:,}.{rest:0{places}}" if places else f"{whole:,}"
    return f"${digits}" if currency == "USD" else f"{currency} {digits}"


def _date(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def _day(moment: datetime) -> str:
    return f"{moment:%A}, {_date(moment)}"


def _clock(moment: datetime) -> str:
    """A time with its zone; a zone that has no letters is shown by what it differs from UTC."""
    zone = moment.tzname() or ""
    hour = moment.hour % 12 or 12
    shown = f"UTC{zone}" if zone[:1] in {"+", "-"} else zone
    return f"{hour}:{moment:%M} {'AM' if moment.hour < 12 else 'PM'} {shown}"
