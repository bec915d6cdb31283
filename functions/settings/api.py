"""HTTP: /settings."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.http.api import Api, answer
from carebook.http.patches import MergePatch
from carebook.identity import Permission
from carebook.settings.schemas import SettingsValues, SettingsView, read_settings
from carebook.settings.service import change_settings
from carebook.settings.store import TableSettings
from carebook.table import open_table

api = Api()


@api.get("/settings", tags=["settings"], summary="Read the account's settings")
def read() -> Response[SettingsView]:
    principal = api.principal
    principal.require(Permission.READ_SETTINGS)
    settings = TableSettings(open_table()).current(principal.account)
    return answer(SettingsView.of(settings), version=settings.version)


@api.patch("/settings", tags=["settings"], summary="Change settings")
def change(patch: Annotated[MergePatch[SettingsValues], Body()]) -> Response[SettingsView]:
    principal = api.principal
    principal.require(Permission.EDIT_SETTINGS)
    settings = change_settings(
        TableSettings(open_table()),
        account=principal.account,
        patch=patch.root,
        validate=read_settings,
        expected_version=api.expected_version,
    )
    return answer(SettingsView.of(settings), version=settings.version)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point."""
    return api.resolve(event, context)
