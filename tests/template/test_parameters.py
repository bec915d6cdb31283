"""The face of the template: parameters that a practice can understand, and stacks that fit together."""

import re

import pytest

from tests.template.reading import NESTED, Template, all_templates, nested, root

PARAMETERS = root().content["Parameters"]
INTERFACE = root().content["Metadata"]["AWS::CloudFormation::Interface"]
OUTPUTS = {
    *("ApiUrl", "ApiId", "UserPoolId", "UserPoolClientId", "TableName"),
    *("ReceiptTopicArn", "InboundTopicArn", "InboundBucketName", "InboundPrefix"),
    "MessageDeadLetterQueueArn",
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_explains_itself_and_has_a_default(name: str) -> None:
    assert len(PARAMETERS[name]["Description"]) > 40
    assert "Default" in PARAMETERS[name]


def test_every_parameter_is_in_one_group_and_has_a_label() -> None:
    grouped = [name for group in INTERFACE["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(PARAMETERS)
    assert set(INTERFACE["ParameterLabels"]) == set(PARAMETERS)


@pytest.mark.parametrize("template", all_templates(), ids=lambda template: template.path.name)
def test_every_parameter_is_used(template: Template) -> None:
    text = re.sub(r"#.*", "", template.path.read_text())
    for name in template.content.get("Parameters", {}):
        assert re.search(rf"!Ref {name}\b|\${{{name}}}", text), name


@pytest.mark.parametrize("name", root().of_type(NESTED))
def test_a_nested_stack_is_given_what_it_asks_for(name: str) -> None:
    asked = nested(name).content["Parameters"]
    given = root().resources[name]["Properties"]["Parameters"]
    assert set(given) <= set(asked)
    assert {parameter for parameter, body in asked.items() if "Default" not in body} <= set(given)


def test_what_is_read_from_a_nested_stack_is_there() -> None:
    read = re.findall(r"(\w+)\.Outputs\.(\w+)", root().path.read_text())
    assert read
    for stack, output in read:
        assert output in nested(stack).content["Outputs"]


def test_the_outputs_that_scripts_rely_on() -> None:
    assert set(root().content["Outputs"]) == OUTPUTS
    address = "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${Api.Stage}"
    assert root().content["Outputs"]["ApiUrl"]["Value"] == {"Fn::Sub": address}


def test_choices_are_words_not_yaml_booleans() -> None:
    for template in all_templates():
        for parameter in template.content.get("Parameters", {}).values():
            if parameter["Type"] == "String":
                assert all(isinstance(value, str) for value in parameter.get("AllowedValues", []))


def test_the_firewall_counts_what_our_own_bodies_would_trip() -> None:
    (acl,) = nested("Firewall").of_type("AWS::WAFv2::WebACL").values()
    groups = {
        rule["Statement"]["ManagedRuleGroupStatement"]["Name"]: rule["Statement"]["ManagedRuleGroupStatement"]
        for rule in acl["Rules"]
        if "ManagedRuleGroupStatement" in rule["Statement"]
    }
    assert set(groups) == {"AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"}
    overridden = groups["AWSManagedRulesCommonRuleSet"]["RuleActionOverrides"]
    assert {"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}} in overridden
    limited = {rule["Name"]: rule for rule in acl["Rules"] if "RateBasedStatement" in rule["Statement"]}
    assert {name: rule["Action"] for name, rule in limited.items()} == {"rate": {"Block": {}}, "shares": {"Block": {}}}
    by_link = limited["shares"]["Statement"]["RateBasedStatement"]
    pattern = by_link["ScopeDownStatement"]["RegexMatchStatement"]["RegexString"]
    assert re.match(pattern, "/v1/shares/q1w2e3/open")
    assert re.match(pattern, "/shares/q1w2e3")
    assert not re.match(pattern, "/v1/contacts/con_1/shares/shr_1")
    assert root().resources["Firewall"]["Condition"] == "WithWebAcl"
