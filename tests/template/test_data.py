"""The table, its key, the users, the secret and the queue: what keeps them safe and who can reach them."""

from typing import Any

import pytest

from carebook.files.model import SCAN_WITHIN
from tests.template.reading import everywhere, listed, nested, only, root, written

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
        for statement in written(policy["PolicyDocument"]["Statement"])
        if statement["Effect"] == "Deny"
    ]
    assert [s["Condition"] for s in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]
    assert [(s["Principal"], s["Action"]) for s in denied] == [("*", "sqs:*")]


def test_connections_without_tls_are_refused_unless_somebody_turns_that_off() -> None:
    assert root().content["Parameters"]["EncryptedConnections"]["Default"] == "required"
    only_encrypted = root().content["Conditions"]["OnlyEncrypted"]
    assert only_encrypted == {"Fn::Equals": [{"Ref": "EncryptedConnections"}, "required"]}


BUCKETS = dict(everywhere("AWS::S3::Bucket"))
PASSED_THROUGH = "InboundBucket"  # received mail: deleted when it has been read, and then no version of it must stay
FILES = nested("Files")


@pytest.mark.parametrize("name", BUCKETS)
def test_a_bucket_is_private_versioned_encrypted_and_tidies_up(name: str) -> None:
    bucket = BUCKETS[name]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert bucket.get("VersioningConfiguration") == (None if name == PASSED_THROUGH else {"Status": "Enabled"})
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] in {"aws:kms", "AES256"}
    rules = bucket["LifecycleConfiguration"]["Rules"]
    assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)
    assert any(
        rule.get("ExpirationInDays" if name == PASSED_THROUGH else "ExpiredObjectDeleteMarker") for rule in rules
    )


@pytest.mark.parametrize("name", ["Files", "Quarantine"])
def test_what_belongs_to_people_is_encrypted_with_our_own_key_and_outlives_the_stack(name: str) -> None:
    (rule,) = BUCKETS[name]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == {"Ref": "KeyArn"}
    assert FILES.resources[name]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert FILES.resources[name]["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("name", BUCKETS)
def test_a_bucket_takes_encrypted_connections_only(name: str) -> None:
    (policy,) = [one for _, one in everywhere("AWS::S3::BucketPolicy") if one["Bucket"] == {"Ref": name}]
    (denied,) = [s for s in written(policy["PolicyDocument"]["Statement"]) if s["Sid"] == "EncryptedConnectionsOnly"]
    assert (denied["Effect"], denied["Principal"], denied["Action"]) == ("Deny", "*", "s3:*")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_an_upload_is_announced_and_a_browser_can_post_but_not_read() -> None:
    quarantine = BUCKETS["Quarantine"]
    assert quarantine["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    (rule,) = quarantine["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedMethods"] == ["POST"]
    assert "CorsConfiguration" not in BUCKETS["Files"]


def test_what_nobody_found_clean_does_not_stay_in_quarantine() -> None:
    abandoned = BUCKETS["Quarantine"]["LifecycleConfiguration"]["Rules"][0]
    assert abandoned["ExpirationInDays"] <= 30
    assert abandoned["NoncurrentVersionExpiration"]["NoncurrentDays"] <= 7


def test_with_guardduty_nobody_reads_what_is_not_tagged_clean_and_only_guardduty_tags() -> None:
    policy = FILES.resources["QuarantinePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    by_tag = {s["Sid"]: s for s in written(policy) if s["Sid"] != "EncryptedConnectionsOnly"}
    plan_role = {"aws:PrincipalArn": {"Fn::GetAtt": ["PlanRole", "Arn"]}}
    assert len(by_tag) == 3
    for statement in by_tag.values():
        assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
        assert statement["Condition"]["ArnNotEquals"] == plan_role
    reading = by_tag["NobodyReadsWhatIsNotClean"]
    assert set(reading["Action"]) == {"s3:GetObject", "s3:GetObjectVersion"}
    tag = "s3:ExistingObjectTag/GuardDutyMalwareScanStatus"
    assert reading["Condition"]["StringNotEquals"] == {tag: "NO_THREATS_FOUND"}
    for name in ("Plan", "PlanRole"):
        assert FILES.resources[name]["Condition"] == "ByGuardDuty"
    assert FILES.content["Conditions"]["ByGuardDuty"] == {"Fn::Equals": [{"Ref": "ScanEngine"}, "guardduty"]}


def test_only_the_rule_of_uploads_may_write_into_the_queue_of_scans() -> None:
    statements = written(root().resources["ScanQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"])
    (allowed,) = [s for s in statements if s["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["Uploaded", "Arn"]}}}


def test_a_scan_is_tried_as_often_as_the_queue_sends_it() -> None:
    queue = root().resources["ScanQueue"]["Properties"]
    scan = root().resources["ScanUpload"]["Properties"]
    attempts = scan["Environment"]["Variables"]["CAREBOOK_SCAN_ATTEMPTS"]
    assert int(attempts) == queue["RedrivePolicy"]["maxReceiveCount"]
    assert queue["VisibilityTimeout"] > scan["Timeout"]
    whole = queue["VisibilityTimeout"] * int(attempts)
    assert whole < SCAN_WITHIN.total_seconds()  # a scan that is still being tried does not count as stuck


def test_pdfs_are_encrypted_with_our_own_key_and_outlive_the_stack() -> None:
    (rule,) = BUCKETS["Documents"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == {"Ref": "KeyArn"}
    documents = nested("Documents").resources["Documents"]
    assert documents["DeletionPolicy"] == "RetainExceptOnCreate"
    assert documents["UpdateReplacePolicy"] == "Retain"


def test_a_pdf_that_nobody_keeps_goes_and_one_that_is_kept_stays() -> None:
    unkept, others = BUCKETS["Documents"]["LifecycleConfiguration"]["Rules"]
    assert unkept["TagFilters"] == [{"Key": "kept", "Value": "no"}]
    assert unkept["ExpirationInDays"] == unkept["NoncurrentVersionExpiration"]["NoncurrentDays"] == 1
    assert "ExpirationInDays" not in others
    assert "NoncurrentVersionExpiration" not in others
