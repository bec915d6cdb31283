"""What API Gateway itself answers: the embedded one takes these answers only one by one, not from the template."""

from typing import Any

from samcli.yamlhelper import yaml_parse  # type: ignore[import-untyped]

from infra.local.home import ROOT

STAGE = "v1"


def set_gateway_responses(apigateway: Any, api_id: str) -> None:
    """Give the deployed API the gateway responses of `template.yaml`, and make its stage use them."""
    template = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    for kind, response in template["Resources"]["Api"]["Properties"]["GatewayResponses"].items():
        headers = response["ResponseParameters"]["Headers"]
        apigateway.put_gateway_response(
            restApiId=api_id,
            responseType=kind,
            statusCode=str(response["StatusCode"]),
            responseParameters={f"gatewayresponse.header.{name}": value for name, value in headers.items()},
            responseTemplates=dict(response["ResponseTemplates"]),
        )
    apigateway.create_deployment(restApiId=api_id, stageName=STAGE)
