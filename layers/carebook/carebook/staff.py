"""The practice's staff: the users of the pool who belong to its account. Cognito is the only one who knows them."""

import re
from functools import lru_cache
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import ClientError

from carebook import environment
from carebook.errors import NotAllowed
from carebook.identity import Person, principal_from_claims
from carebook.table import open_table

# What Cognito gives as ``sub``. It would look a user up by their e-mail address, too.
_SUB: Final = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class UserPool:
    """The staff directory on Cognito."""

    def find(self, account: str, user_id: str) -> Person | None:
        """One request: the person with this id, if they belong to the account and may sign in."""
        if not _SUB.fullmatch(user_id):
            return None
        try:
            user = _client().admin_get_user(UserPoolId=environment.user_pool_id(), Username=user_id)
        except ClientError as error:
            if error.response["Error"]["Code"] != "UserNotFoundException":
                raise
            return None
        claims = {attribute["Name"]: attribute.get("Value") for attribute in user["UserAttributes"]}
        try:
            member = principal_from_claims(claims | {"token_use": "id"})
        except NotAllowed:
            return None
        is_theirs = member.account == account and member.user_id == user_id
        return member.person if is_theirs and user.get("Enabled", False) else None


@lru_cache(maxsize=1)
def _client() -> Any:
    # Only those who give work to others need it, so it is made when the first of them does.
    session = open_table().connection.session
    # botocore would wait longer than API Gateway does.
    patience = Config(connect_timeout=2, read_timeout=6, retries={"total_max_attempts": 3, "mode": "standard"})
    return session.create_client("cognito-idp", region_name=environment.region(), config=patience)
