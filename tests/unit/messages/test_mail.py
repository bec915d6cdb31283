"""E-mail as people and machines send it."""

import time
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carebook.files.schemas import FileFields
from carebook.messages.mail import read_mail
from carebook.shares.codes import new_token

TOKEN = "0123456789abcdef01234567"


def mail(body: str = "Thank you.", *, html: str | None = None, **headers: str) -> EmailMessage:
    message = EmailMessage()
    usual = {"From": "Ana Müller <Ana@Example.org>", "To": f"reply+{TOKEN}@reply.example", "Subject": "Re: Hello"}
    for name, value in (usual | {name.replace("_", "-"): value for name, value in headers.items()}).items():
        message[name] = value
    message.set_content(body)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message


def test_who_wrote_what_in_answer_to_what() -> None:
    read = read_mail(mail(In_Reply_To="<0100018c-ses-000000@email.amazonses.com>").as_bytes())
    assert (read.sender, read.subject, read.body) == ("ana@example.org", "Re: Hello", "Thank you.")
    assert read.tokens == (TOKEN,)
    assert read.answers == ("0100018c-ses-000000",)


def test_of_a_long_thread_the_last_messages_count() -> None:
    """Each is looked up, and whoever writes to us decides how many there are."""
    thread = " ".join(f"<{number:010}@email.amazonses.com>" for number in range(300))
    read = read_mail(mail(References=thread, In_Reply_To="<answered@email.amazonses.com>").as_bytes())
    assert len(read.answers) == 20
    assert read.answers[:2] == ("answered", "0000000299")


def test_a_link_to_what_was_shared_that_an_answer_quotes_is_not_kept() -> None:
    """The history shows it in no message, and so in no reply to one."""
    token = new_token()
    body = (
        f"Thank you!\n\n> You can open them here:\n> https://care.example/v1/shares/{token}\n"
        f"<https://safe.example/?url=https%3A%2F%2Fcare.example%2Fv1%2Fshares%2F{token}&data=1>"
    )
    for message in (mail(body), mail("", html=f'<a href="https://care.example/shares/{token}">{body}</a>')):
        read = read_mail(message.as_bytes())
        assert token not in read.body + read.said
    assert "https://care.example/v1/shares/[link]" in read_mail(mail(body).as_bytes()).body
    assert read_mail(mail("our shares/2026 figures").as_bytes()).body == "our shares/2026 figures"


@pytest.mark.parametrize(
    "header",
    [
        b"To: " + b", ".join(b"a%d@example.org" % number for number in range(50_000)),
        b"Subject: " + b"=?utf-8?q?a?= " * 50_000,
        b"Content-Type: application/pdf; name*0=a; " + b"; ".join(b"name*%d=a" % one for one in range(1, 50_000)),
    ],
    ids=["to", "subject", "name"],
)
def test_no_header_keeps_us_busy(header: bytes) -> None:
    begun = time.process_time()
    assert read_mail(b"From: a@example.org\r\n" + header + b"\r\n\r\nSTOP").sender == "a@example.org"
    assert time.process_time() - begun < 5


def test_what_is_quoted_is_not_what_is_said() -> None:
    body = "YES\n\nOn Wed, 25 Nov 2026 at 12:00, Lakeside <office@lakeside.example> wrote:\n> Reply STOP to say no."
    read = read_mail(mail(body).as_bytes())
    assert read.said == "YES"
    assert "Reply STOP" in read.body


def test_a_page_is_read_as_words() -> None:
    message = EmailMessage()
    message["From"], message["To"] = "a@example.org", "b@example.org"
    page = (
        "<html><head><style>p{}</style><title>T</title></head><body><p>Yes,&nbsp;please</p><script>x()</script></body>"
    )
    message.set_content(page, subtype="html")
    assert read_mail(message.as_bytes()).body == "Yes, please"


def test_attachments_come_with_plain_names() -> None:
    message = mail()
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="../../etc/Bericht Ü.pdf")
    (attached,) = read_mail(message.as_bytes()).attachments
    assert (attached.name, attached.content_type, attached.content) == ("Bericht Ü.pdf", "application/pdf", b"%PDF")


def test_what_has_no_name_is_still_an_attachment_and_the_words_are_none() -> None:
    message = mail("Words", html="<p>Words</p>")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", disposition="attachment")
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", disposition="inline")
    message.add_attachment("a,b", subtype="csv", filename="table.csv")
    found = [(one.name, one.content_type) for one in read_mail(message.as_bytes()).attachments]
    assert found == [("attachment.pdf", "application/pdf"), ("attachment.png", "image/png"), ("table.csv", "text/csv")]


def test_a_mail_that_was_passed_on_is_one_attachment_and_whole() -> None:
    inner = mail("The result is attached", Subject="Result")
    inner.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="result.pdf")
    message = mail("See below")
    message.add_attachment(inner)
    (attached,) = read_mail(message.as_bytes()).attachments
    assert (attached.content_type, attached.name) == ("message/rfc822", "attachment.eml")
    passed_on = message_from_bytes(attached.content, policy=policy.default)
    assert (passed_on["Subject"], [part.get_filename() for part in passed_on.iter_attachments()]) == (
        "Result",
        ["result.pdf"],
    )


@pytest.mark.parametrize("headers", [{"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}])
def test_a_machine_is_known_as_one(headers: dict[str, str]) -> None:
    assert read_mail(mail(**headers).as_bytes()).is_automatic
    assert not read_mail(mail(Auto_Submitted="no").as_bytes()).is_automatic


SES = (
    "amazonses.com; spf=pass (spfCheck: domain of {spf} designates 192.0.2.1 as permitted sender) client-ip=192.0.2.1;"
    " envelope-from=a@{spf}; helo=mail.{spf}; dkim=pass header.i=@{dkim}; dmarc=none header.from=example.org;"
)


@pytest.mark.parametrize(
    ("found", "proven"),
    [
        ("amazonses.com; spf=pass; dkim=pass header.i=@example.org; dmarc=pass", True),
        ("amazonses.com; spf=fail; dkim=fail; dmarc=fail", False),
        # A domain without a DMARC policy: whoever sent it must have sent it for that domain.
        (SES.format(spf="bounce.example.org", dkim="elsewhere.example"), True),
        (SES.format(spf="elsewhere.example", dkim="example.org"), True),
        (SES.format(spf="elsewhere.example", dkim="elsewhere.example"), False),
        (SES.format(spf="badexample.org", dkim="example.org.elsewhere.example"), False),
        ("amazonses.com; spf=fail; envelope-from=ana@example.org; dkim=none; dmarc=none", False),
        ("amazonses.com; spf=fail; helo=dmarc=pass; dkim=fail; dmarc=none", False),
        ("amazonses.com.elsewhere.example; spf=pass; dkim=pass; dmarc=pass", False),
        ("elsewhere.example; spf=pass; dkim=pass", False),
        (None, False),
    ],
)
def test_only_ses_vouches_for_a_sender(found: str | None, proven: bool) -> None:
    headers = {} if found is None else {"Authentication_Results": found}
    assert read_mail(mail(**headers).as_bytes()).is_proven is proven


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"Subject: x\r\n\r\nwithout a sender",
        b"From: nobody\r\n\r\nx",
    ],
)
def test_a_mail_of_nobody_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="sender"):
        read_mail(raw)


def test_an_unknown_character_set_loses_no_mail() -> None:
    raw = b'From: a@b.example\r\nContent-Type: text/plain; charset="x-nobody-knows"\r\n\r\nHello'
    assert read_mail(raw).body == "Hello"


@settings(max_examples=200)
@given(st.binary(max_size=400), st.binary(max_size=100))
def test_no_mail_whatever_is_in_it_is_a_crash(body: bytes, header: bytes) -> None:
    raw = (
        b"From: a@b.example\r\nContent-Type: "
        + header.replace(b"\n", b" ")
        + b"\r\nTo: "
        + header[:40]
        + b"\r\n\r\n"
        + body
    )
    try:
        read = read_mail(raw)
    except ValueError:
        return
    assert len(read.body) <= 20_000
    read.body.encode()
    for one in read.attachments:
        FileFields(name=one.name)
