"""Automations of the Prefect server: somebody is told of a night that failed or crashed, and of a night that never came.

The server watches, so that it tells even where the machine of the nights is off; flows/alerts.py, which delivers, speaks from
within a night. The server knows the block below by the entry point `prefect.collections` (pyproject.toml): chiso has to be
installed where it runs.
"""

import asyncio
import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from prefect.automations import Automation
from prefect.blocks.abstract import NotificationBlock
from prefect.events.actions import SendNotification
from prefect.events.schemas.automations import EventTrigger, Posture
from pydantic import Field, SecretStr

from flows.alerts import WAYS, AlertError, tell
from flows.status import OVERDUE

_BLOCK = "chiso-alerts"
_NIGHTS = ["nightly", "backfill", "rebuild"]


class Alerts(NotificationBlock):
    """Tells by webhook and by mail, as the environment said when the automations were registered; kept encrypted."""

    _block_type_name = "chiso alerts"

    settings: dict[str, SecretStr] = Field(description="What flows/alerts.py takes from the environment of a night.")

    async def notify(self, body: str, subject: str | None = None) -> None:
        """Deliver a message."""
        environment = {name: secret.get_secret_value() for name, secret in self.settings.items()}
        await asyncio.to_thread(tell, subject or "chiso", body, environment)


def register(environment: Mapping[str, str] = os.environ, overdue: timedelta = OVERDUE) -> list[str]:
    """Register the automations, or bring those of before up to date; return their names.

    A night is missed when none was completed for `overdue`. Raises AlertError where nobody could be told.
    """
    settings: Any = {name: environment[name] for name in WAYS if environment.get(name)}
    if not {"CHISO_WEBHOOK", "CHISO_MAIL_TO"} & set(settings):
        raise AlertError("is to reach nobody: neither CHISO_WEBHOOK nor CHISO_MAIL_TO is set")
    block: Any = Alerts(settings=settings).save(_BLOCK, overwrite=True)
    hours = f"{overdue / timedelta(hours=1):g}"
    automations = [
        Automation(
            name="chiso: a night failed",
            trigger=EventTrigger(
                expect={"prefect.flow-run.Failed", "prefect.flow-run.Crashed"},
                match_related=_of_flows(_NIGHTS),
                posture=Posture.Reactive,
            ),
            actions=[
                SendNotification(
                    block_document_id=block,
                    subject="chiso: {{ flow.name }} {{ flow_run.state.name }}",
                    body="{{ flow.name }} {{ flow_run.name }} has ended as {{ flow_run.state.name }}.\n\nchiso status\nchiso doctor\n",
                )
            ],
        ),
        Automation(
            name="chiso: no night came",
            trigger=EventTrigger(
                expect={"prefect.flow-run.Completed"}, match_related=_of_flows(["nightly"]), posture=Posture.Proactive, within=overdue
            ),
            actions=[
                SendNotification(
                    block_document_id=block,
                    subject="chiso: no night",
                    body=f"No night was completed for {hours} hours: is the worker running, and the schedule on?\n\nchiso doctor\n",
                )
            ],
        ),
    ]
    for automation in automations:
        _put(automation)
    return [automation.name for automation in automations]


def _of_flows(names: list[str]) -> Any:
    return {"prefect.resource.role": "flow", "prefect.resource.name": names}


def _put(automation: Automation) -> None:
    """Create an automation, or change the one that has its name."""
    read: Any = Automation.read  # one call for both worlds: a coroutine only within a running loop
    try:
        automation.id = read(name=automation.name).id
    except ValueError:  # there is none of this name
        automation.create()
    else:
        automation.update()
