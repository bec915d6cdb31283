"""The seal and the pepper, both out of the secret that only functions can read."""

from carebook.cursors import seal, unseal
from carebook.secrets import signing_secret
from carebook.shares.collaborators import Secrets


class SigningVault:
    """A vault whose key is the signing secret."""

    @property
    def pepper(self) -> bytes:
        """The signing secret itself: what is made with it says what it is for."""
        return signing_secret()

    def seal(self, share: tuple[str, str], secrets: Secrets) -> str:
        """Readable and changeable by who has the signing secret, and by nobody else."""
        return seal(signing_secret(), ("share", *share), [secrets.link, secrets.code])

    def unseal(self, share: tuple[str, str], sealed: str) -> Secrets:
        """What was sealed."""
        return Secrets(*unseal(signing_secret(), ("share", *share), sealed))
