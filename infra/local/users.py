"""The demo practices' staff: who they are, their passwords, and how they sign in."""

import secrets
import string
from collections.abc import Iterable, Mapping

from botocore.exceptions import ClientError

from infra.local.deploy import Outputs, client
from infra.local.progress import LaptopStackError

LAKESIDE = "acct_lakeside"
HARBOR = "acct_harbor"
ROLES = ("director", "administrative", "supervisor", "clinical")
PASSWORD_LENGTH = 20
PASSWORD_ALPHABETS = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "-_.")
"""Each gives one character at least; all may stand unquoted in a shell and in JSON."""


def staff(known: Iterable[Mapping[str, str]] = ()) -> list[dict[str, str]]:
    """All demo users, with the passwords of *known* ones kept and new ones for the rest."""
    passwords = {user["email"]: user["password"] for user in known if "email" in user and "password" in user}
    wanted = [(f"{role}@lakeside.example", LAKESIDE, role) for role in ROLES]
    wanted.append(("director@harbor.example", HARBOR, "director"))
    return [
        {"email": email, "password": passwords.get(email) or new_password(), "account_id": account, "role": role}
        for email, account, role in wanted
    ]


def new_password() -> str:
    """A random password that any Cognito password policy accepts."""
    rest = [secrets.choice(alphabet) for alphabet in PASSWORD_ALPHABETS]
    rest += [secrets.choice("".join(PASSWORD_ALPHABETS)) for _ in range(PASSWORD_LENGTH - 1 - len(rest))]
    secrets.SystemRandom().shuffle(rest)
    # A leading punctuation mark would read as an option on a command line.
    return secrets.choice(string.ascii_letters) + "".join(rest)


def create_users(port: int, stack: Outputs, users: Iterable[Mapping[str, str]]) -> int:
    """Make sure that each user exists with that password and role, as an administrator would; how many are new."""
    cognito = client("cognito-idp", port)
    created = 0
    for user in users:
        try:
            cognito.admin_create_user(
                UserPoolId=stack.user_pool_id,
                Username=user["email"],
                MessageAction="SUPPRESS",
                UserAttributes=[
                    {"Name": "email", "Value": user["email"]},
                    {"Name": "name", "Value": f"Demo {user['role']}"},
                    {"Name": "email_verified", "Value": "true"},
                    {"Name": "custom:account_id", "Value": user["account_id"]},
                ],
            )
            created += 1
        except ClientError as error:
            if error.response["Error"]["Code"] != "UsernameExistsException":
                raise
        named = {"UserPoolId": stack.user_pool_id, "Username": user["email"]}
        cognito.admin_set_user_password(**named, Password=user["password"], Permanent=True)
        cognito.admin_add_user_to_group(**named, GroupName=user["role"])
    return created


def id_token(port: int, client_id: str, user: Mapping[str, str]) -> str:
    """Sign *user* in by e-mail and password; the token that the API takes."""
    try:
        answer = client("cognito-idp", port).initiate_auth(
            ClientId=client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": user["email"], "PASSWORD": user["password"]},
        )
    except ClientError as error:
        raise LaptopStackError(
            f"{user['email']} cannot sign in ({error.response['Error']['Code']}); make run sets the password anew."
        ) from None
    token: str = answer["AuthenticationResult"]["IdToken"]
    return token
