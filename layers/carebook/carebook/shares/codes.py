"""Tokens and codes: how they are made, what is kept of them, how a code is said."""

import hashlib
import hmac
import secrets
from typing import Final

from carebook.shares.model import Lock

# Five guesses an hour are 10,800 in 90 days, the longest life of a share: one in nine thousand of eight digits.
DIGITS: Final = 8
_TOKEN_BYTES: Final = 20
# Some 50 ms and 16 MB for each guess, for us as for whoever holds the table.
_COST: Final = {"n": 1 << 14, "r": 8, "p": 1, "dklen": 32}
_BETWEEN_DIGITS: Final = frozenset(" -\t\u00a0\u2009\u2010\u2011\u2012\u2013.")
# Who comes with a token that is none waits as long as everybody else.
NO_LOCK: Final = Lock(salt="00" * 16, proof="")


def new_token() -> str:
    """What stands in a link: 160 bits that nobody can guess."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def new_code() -> str:
    """What opens a share, beside the link."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"


def hash_of(token: str) -> str:
    """What is kept of a token. It is random itself, so a plain hash gives nothing away."""
    return hashlib.sha256(token.encode()).hexdigest()


def locked_with(code: str, *, share_id: str, pepper: bytes) -> Lock:
    """What is kept of a code."""
    salt = secrets.token_bytes(16).hex()
    return Lock(salt, _proof(code, share_id=share_id, salt=salt, pepper=pepper))


def fits(code: str, lock: Lock, *, share_id: str, pepper: bytes) -> bool:
    """Whether *code* is the one. It takes as long when it is not."""
    proof = _proof(code, share_id=share_id, salt=lock.salt, pepper=pepper)
    return hmac.compare_digest(proof, lock.proof)


def _proof(code: str, *, share_id: str, salt: str, pepper: bytes) -> str:
    """Slow, so that the few codes there are cannot be tried out; and worth nothing without the *pepper*."""
    bound = hmac.new(pepper, f"code of {share_id}\n{code}".encode(), hashlib.sha256).digest()
    return hashlib.scrypt(bound, salt=bytes.fromhex(salt), **_COST).hex()


def digits_of(typed: str) -> str | None:
    """The code in what somebody typed, with spaces or dashes or without; None when it has not the form of one."""
    digits = "".join(sign for sign in typed if sign not in _BETWEEN_DIGITS)
    return digits if len(digits) == DIGITS and digits.isascii() and digits.isdigit() else None


def written(code: str) -> str:
    """A code as it is read easily: ``4829 1037``."""
    return f"{code[:4]} {code[4:]}"


def spoken(code: str) -> str:
    """A code as a voice says it: digit by digit."""
    return ", ".join(code)
