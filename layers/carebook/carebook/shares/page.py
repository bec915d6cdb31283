"""The page that recipients see: one form, then a list. It needs no script and nothing from anywhere else."""

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Any, Final

_STYLE: Final = """
:root{color-scheme:light dark;--paper:#f3f5f4;--card:#fff;--ink:#17211d;--soft:#56645e;--line:#d5ddd9;--go:#0b6b4f;
--go-ink:#fff;--bad:#a3231b;--bad-paper:#fdeeec}
@media(prefers-color-scheme:dark){:root{--paper:#101614;--card:#19211e;--ink:#e9f0ec;--soft:#a3b2ab;--line:#33403a;
--go:#5fc9a3;--go-ink:#08231a;--bad:#ffb0a8;--bad-paper:#3a1b18}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem 1rem;background:var(--paper);
color:var(--ink);font:1.0625rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:32rem;background:var(--card);border:1px solid var(--line);border-radius:1rem;
padding:clamp(1.5rem,6vw,2.5rem);box-shadow:0 1px 2px rgb(0 0 0/.05),0 12px 32px -16px rgb(0 0 0/.25)}
svg{display:block;width:2.75rem;height:2.75rem;margin:0 0 1rem -.5rem;color:var(--go)}
h1{margin:0 0 .5rem;font-size:1.5rem;line-height:1.25;letter-spacing:-.01em}
p{margin:0 0 1rem}
.soft{color:var(--soft);font-size:.9375rem}
.said{white-space:pre-wrap;overflow-wrap:anywhere;border-left:3px solid var(--line);padding-left:.875rem}
.bad{color:var(--bad);background:var(--bad-paper);border-radius:.625rem;padding:.75rem .875rem}
main>:last-child{margin-bottom:0}
label{display:block;font-weight:600;margin:1.25rem 0 0}
#hint{margin:0 0 .5rem}
input{width:100%;font:inherit;font-size:1.625rem;font-variant-numeric:tabular-nums;letter-spacing:.18em;
padding:.625rem .875rem;color:inherit;background:transparent;border:1.5px solid var(--soft);border-radius:.625rem}
button,.go{font:inherit;font-weight:600;color:var(--go-ink);background:var(--go);border:0;border-radius:.625rem;
padding:.75rem 1.25rem;cursor:pointer;text-decoration:none;display:inline-block;text-align:center}
.again{color:inherit}
form button{width:100%;margin-top:1rem;min-height:3.25rem}
button:hover,.go:hover{filter:brightness(1.08)}
:focus-visible{outline:3px solid var(--go);outline-offset:2px}
ul{list-style:none;margin:1.25rem 0;padding:0;border-top:1px solid var(--line)}
li{display:flex;flex-wrap:wrap;gap:.625rem 1rem;align-items:center;justify-content:space-between;padding:.875rem 0;
border-bottom:1px solid var(--line)}
li>div{flex:1 1 12rem;min-width:0}
@media(max-width:30rem){li .go{width:100%}}
li b{display:block;font-weight:600;overflow-wrap:anywhere}
"""
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
# Of all answers to who has no token, pages or not: nothing is kept, passed on, framed or found by a search engine.
DISCREET: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Strict-Transport-Security": "max-age=31536000",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
}
_ICON: Final = (
    '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" '
    'stroke-linejoin="round" aria-hidden="true">{}</svg>'
)
_LOCK: Final = _ICON.format(
    '<rect x="4.5" y="10.5" width="15" height="10" rx="2"/><path d="M8 10.5V7a4 4 0 0 1 8 0v3.5"/>'
)
_PAPERS: Final = _ICON.format(
    '<path d="M14 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8z"/><path d="M14 3v5h5"/>'
)
_WHOLE: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
    '<title>{title}</title><link rel="icon" href="data:,"><style>{style}</style></head>'
    "<body><main>{icon}<h1>{title}</h1>{inside}</main></body></html>"
)
_FORM: Final = (
    "<p>{lead}</p>{alert}"
    '<form method="post" action="{action}" autocomplete="off"><label for="code">Code</label>'
    '<p class="soft" id="hint">Eight digits, with or without spaces.</p>'
    '<input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="20" required '
    'aria-describedby="{described}"{invalid}>'
    '<button type="submit">Open</button></form>'
)
_LEAD: Final = "Enter the code that you were given separately from this link."


def page_of(status: int, answer: Mapping[str, Any], *, action: str, opening: bool) -> str:
    """The page that says what a JSON answer says.

    Args:
        action: where the form goes, as seen from this page.
        opening: whether a code was sent; without one the form is shown.
    """
    if status == 200:
        return _opened(answer, action) if opening else _form(action, alert="")
    code = answer.get("code")
    if code == "share_locked":
        sentence = "There were too many wrong codes, so no code is looked at for an hour. Come back then."
        return _page("Locked for an hour", _LOCK, f'<p role="alert">{sentence}</p>')
    if opening and code in _ALERTS:
        return _form(action, alert=_ALERTS[code])
    if status == 404:
        sentence = (
            "It may have run out or been taken back, or it is not complete. Ask who sent it to you for another one."
        )
        return _page("Nothing here", _LOCK, f"<p>This link leads nowhere, or nowhere any more. {sentence}</p>")
    return _page("Not now", _LOCK, '<p role="alert">That did not work. Try again in a moment.</p>')


_ALERTS: Final = {
    "wrong_code": "This is not the code. Look at it once more.",
    "not_valid": "A code has eight digits. Look at it once more.",
    "malformed_json": "Enter the code.",
    "try_again": "That did not work at this moment. Try again.",
}


def _form(action: str, *, alert: str) -> str:
    inside = _FORM.format(
        lead=_LEAD,
        action=escape(action, quote=True),
        alert=f'<p class="bad" role="alert" id="wrong">{escape(alert)}</p>' if alert else "",
        described="wrong hint" if alert else "hint",
        invalid=' aria-invalid="true" autofocus' if alert else "",
    )
    return _page("Documents for you", _LOCK, inside)


def _opened(answer: Mapping[str, Any], action: str) -> str:
    sender, said = answer["practice_name"], answer["message"]
    inside = f"<p>From {escape(sender)}</p>" if sender else ""
    inside += f'<p class="said">{escape(said)}</p>' if said else ""
    inside += f"<ul>{''.join(map(_row, answer['items']))}</ul>"
    again = f'<a class="again" href="{escape(action, quote=True)}">enter the code again</a>'
    inside += f'<p class="soft">The downloads work for five minutes. After that, {again}.</p>'
    return _page("Documents for you", _PAPERS, inside)


def _row(item: Mapping[str, Any]) -> str:
    name = escape(item["name"])
    if not item["available"]:
        return f'<li><div><b>{name}</b><span class="soft">Not available any more</span></div></li>'
    link = (
        f'<a class="go" href="{escape(item["url"], quote=True)}" rel="noreferrer" '
        f'aria-label="Download {name}">Download</a>'
    )
    return f'<li><div><b>{name}</b><span class="soft">{_kind(item)}</span></div>{link}</li>'


def _kind(item: Mapping[str, Any]) -> str:
    kind = item["name"].rpartition(".")[2].upper() if "." in item["name"] else "File"
    return escape(kind[:8] if item["size"] is None else f"{kind[:8]}, {_weight(item['size'])}")


def _weight(size: int) -> str:
    if size < 1_000_000:
        return f"{max(1, round(size / 1_000))} KB"
    return f"{size / 1_000_000:.1f} MB"


def _page(title: str, icon: str, inside: str) -> str:
    return _WHOLE.format(title=escape(title), style=_STYLE, icon=icon, inside=inside)
