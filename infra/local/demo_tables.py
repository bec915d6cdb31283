"""What the demo contacts are made of: places with their area codes, specialties, kinds of services."""

from typing import NamedTuple


class Place(NamedTuple):
    """A town of the United States with the telephone area code, ZIP prefix and time zone it really has."""

    city: str
    region: str
    area_code: str
    zip_prefix: str
    time_zone: str


EASTERN, CENTRAL, MOUNTAIN, PACIFIC = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"

PLACES = (
    Place("New York", "NY", "212", "100", EASTERN),
    Place("Brooklyn", "NY", "718", "112", EASTERN),
    Place("Buffalo", "NY", "716", "142", EASTERN),
    Place("Rochester", "NY", "585", "146", EASTERN),
    Place("Boston", "MA", "617", "021", EASTERN),
    Place("Worcester", "MA", "508", "016", EASTERN),
    Place("Hartford", "CT", "860", "061", EASTERN),
    Place("Philadelphia", "PA", "215", "191", EASTERN),
    Place("Pittsburgh", "PA", "412", "152", EASTERN),
    Place("Baltimore", "MD", "410", "212", EASTERN),
    Place("Richmond", "VA", "804", "232", EASTERN),
    Place("Atlanta", "GA", "404", "303", EASTERN),
    Place("Miami", "FL", "305", "331", EASTERN),
    Place("Cleveland", "OH", "216", "441", EASTERN),
    Place("Ann Arbor", "MI", "734", "481", EASTERN),
    Place("Chicago", "IL", "312", "606", CENTRAL),
    Place("Milwaukee", "WI", "414", "532", CENTRAL),
    Place("Minneapolis", "MN", "612", "554", CENTRAL),
    Place("Austin", "TX", "512", "787", CENTRAL),
    Place("Houston", "TX", "713", "770", CENTRAL),
    Place("New Orleans", "LA", "504", "701", CENTRAL),
    Place("Denver", "CO", "303", "802", MOUNTAIN),
    Place("Santa Fe", "NM", "505", "875", MOUNTAIN),
    Place("Phoenix", "AZ", "602", "850", "America/Phoenix"),
    Place("Seattle", "WA", "206", "981", PACIFIC),
    Place("Portland", "OR", "503", "972", PACIFIC),
    Place("San Francisco", "CA", "415", "941", PACIFIC),
    Place("Los Angeles", "CA", "310", "900", PACIFIC),
    Place("San Diego", "CA", "619", "921", PACIFIC),
    Place("Honolulu", "HI", "808", "968", "Pacific/Honolulu"),
)

NAME_LOCALES = {
    "en_US": None, "es_MX": "es", "vi_VN": "vi", "pl_PL": "pl", "fr_FR": "fr", "de_DE": "de", "tr_TR": "tr",
    "pt_BR": "pt", "zh_CN": "zh", "ko_KR": "ko", "ja_JP": "ja", "ar_EG": "ar", "he_IL": "he", "fa_IR": "fa",
    "hi_IN": "hi", "ru_RU": "ru", "el_GR": "el", "th_TH": "th",
}  # fmt: skip
"""Where names come from, and the language such a contact prefers."""

PHYSICIAN_LOCALES = ("en_US",) * 6 + (
    "es_MX",
    "vi_VN",
    "pl_PL",
    "fr_FR",
    "de_DE",
    "tr_TR",
    "pt_BR",
    "zh_CN",
    "ar_EG",
    "hi_IN",
)
FAMILY_LOCALES = ("en_US",) * 4 + tuple(NAME_LOCALES)

QUALIFICATIONS = ("MD", "MD", "MD, FAAP", "MD, FACP", "DO", "MD, PhD", "MBBS, FRCP", "NP", "PA-C", "MD, MPH")
SPECIALTIES = (
    "Family Medicine", "Pediatrics", "Neurology", "Orthopedics", "Internal Medicine", "Cardiology", "Psychiatry",
    "Rehabilitation", "Otolaryngology", "Geriatrics",
)  # fmt: skip
LANDMARKS = (
    "Maple Street", "Riverside", "Oak Hill", "Cedar Grove", "North Shore", "Bay View", "Willow Creek", "Stone Bridge",
    "Highland", "Elm Park", "Fox Hollow", "Summit", "Meadow Lane", "Old Mill", "Harborview", "Sunnyside",
)  # fmt: skip
STREETS = (
    "Maple Ave",
    "Main St",
    "Oak St",
    "2nd Ave",
    "Lincoln Blvd",
    "Park Rd",
    "River Rd",
    "Church St",
    "Hillcrest Dr",
)
AGED_CARE = ("Senior Living", "Nursing Home", "Assisted Living", "Memory Care", "Retirement Village")
COMMUNITY_CARE = (
    "Home Care", "Meals on Wheels", "Early Intervention", "Community Nursing", "Family Support Center",
    "Hospice Services",
)  # fmt: skip
OTHER_ORGANIZATIONS = ("Elementary School", "Pharmacy", "Health Plan", "Legal Aid", "Youth Sports League")

PHYSICIAN_NOTES = (
    "Sends the referral by fax, the letter follows by mail.",
    "Prefers a short progress report every ten sessions.",
    "Office closes at noon on Fridays.",
    "Ask for the care coordinator, not the front desk.",
    "New to the area, took over from a colleague who retired.",
)
FAMILY_NOTES = (
    "Mother, lives with the client.",
    "Father; call in the evening only.",
    "Legal guardian, papers on file.",
    "Grandmother, picks up on Tuesdays and Thursdays.",
    "Needs an interpreter for the yearly review. 🗣️",
    "Speaks two languages at home; the older sister translates.",
)
SERVICE_NOTES = (
    "Visitors ring at the side entrance.",
    "Transport can be arranged with two days' notice.",
    "Billing goes to the head office.",
    "Therapy room is booked from 9 to 12 on Wednesdays.",
)
