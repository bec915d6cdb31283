"""The table, its key, the users, the secret and the queue: what keeps them safe and who can reach them."""

from typing import Any

import pytest

from tests.template.reading import everywhere, given, listed, nested, only, root

TABLE = only(nested("Table"), "AWS::DynamoDB::Table")
KEY = only(nested("Table"), "AWS::KMS::Key")
POOL = only(nested("Identity"), "AWS::Cognito::UserPool")
CLIENT = only(nested("Identity"), "AWS::Cognito::UserPoolClient")
ANYONE = ({"AWS": "*"}, "*")


def test_the_table_can_be_taken_back_to_any_second_of_the_last_35_days() -> None:
    assert TABLE["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 35}


def test_the_table_is_encrypted_with_our_own_key() -> None:
    assert TABLE["SSESpecification"] == {
        "SSEEnabled": True,
        "SSEType": "KMS",
        "KMSMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
    }


def test_expired_items_leave_the_table() -> None:
    assert TABLE["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_the_table_has_the_keys_that_the_code_builds() -> None:
    def names(schema: list[dict[str, str]]) -> list[tuple[str, str]]:
        return [(key["AttributeName"], key["KeyType"]) for key in schema]

    assert names(TABLE["KeySchema"]) == [("PK", "HASH"), ("SK", "RANGE")]
    indexes = {index["IndexName"]: index for index in TABLE["GlobalSecondaryIndexes"]}
    assert set(indexes) == {"GSI1", "GSI2"}
    for name, index in indexes.items():
        assert names(index["KeySchema"]) == [(f"{name}PK", "HASH"), (f"{name}SK", "RANGE")]
        expected = "KEYS_ONLY" if index["IndexName"] == "GSI2" else "ALL"
        assert index["Projection"] == {"ProjectionType": expected}
    assert TABLE["BillingMode"] == "PAY_PER_REQUEST"
    assert "StreamSpecification" not in TABLE


@pytest.mark.parametrize(
    ("stack", "kind"),
    [("Table", "AWS::DynamoDB::Table"), ("Table", "AWS::KMS::Key"), ("Identity", "AWS::Cognito::UserPool")],
)
def test_what_cannot_be_made_again_stays_when_the_stack_goes(stack: str, kind: str) -> None:
    (resource,) = [body for body in nested(stack).resources.values() if body["Type"] == kind]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


@pytest.mark.parametrize(
    ("stack", "value", "protected"),
    [
        ("Table", TABLE["DeletionProtectionEnabled"], [True, False]),
        ("Identity", POOL["DeletionProtection"], ["ACTIVE", "INACTIVE"]),
    ],
)
def test_deletion_is_refused_unless_a_parameter_says_otherwise(stack: str, value: Any, protected: list[Any]) -> None:
    assert value == {"Fn::If": ["Protected", *protected]}
    assert nested(stack).content["Conditions"]["Protected"] == {"Fn::Equals": [{"Ref": "DeletionProtection"}, "on"]}
    assert root().resources[stack]["Properties"]["Parameters"]["DeletionProtection"] == {"Ref": "DeletionProtection"}
    assert root().content["Parameters"]["DeletionProtection"]["Default"] == "on"


def test_the_key_is_renewed_every_year() -> None:
    assert KEY["EnableKeyRotation"] is True


def test_the_key_is_used_for_this_account_or_by_a_named_service_only() -> None:
    administration, *uses = KEY["KeyPolicy"]["Statement"]
    assert administration["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    for statement in uses:
        assert not [action for action in listed(statement["Action"]) if "*" in action]
        condition = statement["Condition"]
        if statement["Principal"] in ANYONE:
            assert condition["StringEquals"]["kms:CallerAccount"] == {"Ref": "AWS::AccountId"}
            assert condition["StringEquals"]["kms:ViaService"]
        else:
            assert set(statement["Principal"]) == {"Service"}
            assert "ArnLike" in condition


def test_only_administrators_create_users() -> None:
    assert POOL["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True


def test_users_cannot_choose_their_account() -> None:
    (attribute,) = [attribute for attribute in POOL["Schema"] if attribute["Name"] == "account_id"]
    assert attribute["Mutable"] is False
    assert CLIENT["WriteAttributes"] == ["email"]  # a client without this list may write every attribute
    assert {"custom:account_id", "email", "name"} <= set(CLIENT["ReadAttributes"])


def test_a_new_address_counts_when_its_owner_has_confirmed_it() -> None:
    assert POOL["UsernameAttributes"] == POOL["AutoVerifiedAttributes"] == ["email"]
    assert POOL["UserAttributeUpdateSettings"] == {"AttributesRequireVerificationBeforeUpdate": ["email"]}


def test_passwords_are_strong() -> None:
    policy = POOL["Policies"]["PasswordPolicy"]
    assert policy["MinimumLength"] >= 12
    for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols"):
        assert policy[f"Require{kind}"] is True


def test_authenticator_apps_are_as_the_parameter_says() -> None:
    assert POOL["MfaConfiguration"] == {"Fn::FindInMap": ["Mfa", {"Ref": "AuthenticatorApp"}, "Configuration"]}
    modes = nested("Identity").content["Mappings"]["Mfa"]
    assert {choice: mode["Configuration"] for choice, mode in modes.items()} == {
        "off": "OFF",
        "optional": "OPTIONAL",
        "required": "ON",
    }


def test_a_token_is_short_lived_and_the_client_tells_nothing_of_who_exists() -> None:
    assert CLIENT["IdTokenValidity"] == CLIENT["AccessTokenValidity"] == 1
    assert CLIENT["TokenValidityUnits"] == dict.fromkeys(("AccessToken", "IdToken", "RefreshToken"), "hours")
    assert CLIENT["PreventUserExistenceErrors"] == "ENABLED"
    assert CLIENT["EnableTokenRevocation"] is True
    assert CLIENT["GenerateSecret"] is False
    flows = {"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
    assert set(CLIENT["ExplicitAuthFlows"]) == flows


def test_the_four_roles_are_groups() -> None:
    groups = nested("Identity").of_type("AWS::Cognito::UserPoolGroup").values()
    assert {group["GroupName"] for group in groups} == {"director", "administrative", "supervisor", "clinical"}
    assert all(group["Description"] for group in groups)
    assert len({group["Precedence"] for group in groups}) == 4


@pytest.mark.parametrize("secret", [secret for _, secret in everywhere("AWS::SecretsManager::Secret")])
def test_a_secret_is_made_by_aws_and_encrypted_with_our_own_key(secret: dict[str, Any]) -> None:
    assert "SecretString" not in secret
    assert secret["GenerateSecretString"] == {"PasswordLength": 64, "ExcludePunctuation": True}
    assert secret["KmsKeyId"] == {"Fn::GetAtt": ["Table", "Outputs.KeyArn"]}


@pytest.mark.parametrize("name", dict(everywhere("AWS::SQS::Queue")))
def test_a_queue_is_encrypted_and_takes_encrypted_connections_only(name: str) -> None:
    queue = dict(everywhere("AWS::SQS::Queue"))[name]
    assert queue.get("SqsManagedSseEnabled") is True or "KmsMasterKeyId" in queue
    denied = [
        statement
        for _, policy in everywhere("AWS::SQS::QueuePolicy")
        if {"Ref": name} in policy["Queues"]
        for statement in map(given, policy["PolicyDocument"]["Statement"])
        if statement["Effect"] == "Deny"
    ]
    assert [s["Condition"] for s in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]
    assert [(s["Principal"], s["Action"]) for s in denied] == [("*", "sqs:*")]


def test_connections_without_tls_are_refused_unless_somebody_turns_that_off() -> None:
    assert root().content["Parameters"]["EncryptedConnections"]["Default"] == "required"
    only_encrypted = root().content["Conditions"]["OnlyEncrypted"]
    assert only_encrypted == {"Fn::Equals": [{"Ref": "EncryptedConnections"}, "required"]}
