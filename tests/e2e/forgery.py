"""Tokens that somebody else made."""

import base64
import json
import time

from joserfc import jwt
from joserfc.jwk import RSAKey


def forged_tokens(genuine: str) -> dict[str, str]:
    """Tokens with the claims of a *genuine* one, each wrong in its own way."""
    header, claims, signature = genuine.split(".")
    decoded_header, decoded = _decoded(header), _decoded(claims)
    own_key = RSAKey.generate_key(2048)
    promoted = decoded | {"cognito:groups": ["director"], "custom:account_id": "acct_harbor"}
    return {
        "no token at all": "x",
        "signed by nobody": f"{_encoded({'alg': 'none'})}.{claims}.",
        "signed by another key": jwt.encode({"alg": "RS256", "kid": decoded_header["kid"]}, decoded, own_key),
        "claims changed": f"{header}.{_encoded(promoted)}.{signature}",
        "run out": jwt.encode(
            {"alg": "RS256", "kid": decoded_header["kid"]}, decoded | {"exp": int(time.time()) - 60}, own_key
        ),
    }


def _decoded(part: str) -> dict[str, object]:
    claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def _encoded(claims: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
