"""The texts that we write ourselves, where the practice has not written its own."""

from carebook.settings.model import AccountSettings


def opt_in_request(settings: AccountSettings, method: str) -> tuple[str, str]:
    """Subject and body of the question whether we may write."""
    practice = settings.values["practice_name"] or "Your healthcare practice"
    subject = f"May {practice} write to you?"
    if method == "sms":
        return subject, f"{practice} would like to text you. Reply YES to agree, or STOP to say no."
    return subject, (
        f"{practice} would like to write to you at this address.\n\n"
        "Reply YES to this message to agree. Reply STOP, or do nothing, and we will not write."
    )
