"""The function that makes PDFs, called in process: moto has no Lambda that runs code."""

import json
from io import BytesIO
from typing import Any

import pytest
from botocore.client import BaseClient

from functions.documents import typeset
from tests.builders import Context


def call_in_process(patch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Let ``lambda:Invoke`` run the handler here; the events that it was called with."""
    called: list[dict[str, Any]] = []
    send = BaseClient._make_api_call  # type: ignore[attr-defined]

    def invoke(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if operation != "Invoke":
            return send(client, operation, parameters)
        assert parameters["FunctionName"] == "carebook-test-typeset"
        event = json.loads(parameters["Payload"])
        called.append(event)
        try:
            answer, failed = typeset.handler(event, Context()), {}
        except Exception as error:  # noqa: BLE001 - as Lambda does
            answer, failed = {"errorMessage": str(error)}, {"FunctionError": "Unhandled"}
        return {"StatusCode": 200, "Payload": BytesIO(json.dumps(answer).encode()), **failed}

    patch.setattr(BaseClient, "_make_api_call", invoke)
    return called
