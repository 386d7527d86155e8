"""Steps that make the health check, the alarms of ``alerts/`` and the dashboard.

Cloud Monitoring gives each of them a name of its own: they are found again by their titles.
"""

from __future__ import annotations

import json
from pathlib import Path

from deploy import ROOT
from deploy.gcloud import Command, gcloud
from deploy.installation import Installation
from deploy.step import Step

FOLDER = Path(__file__).parent
ALERTS = sorted((FOLDER / "alerts").glob("*.json"))
DASHBOARD = FOLDER / "dashboard.json"

#: Title of the health check, and beginning of that of the channel.
TITLE = "Vitrina"

_ALPHA_IS_MISSING = "These commands are in gcloud's alpha component: gcloud components install alpha beta"


def steps(installation: Installation) -> list[Step]:
    """All of them. Without an address for alarms, incidents are seen on the dashboard only."""
    has_channel = bool(installation.alert_email)
    return [
        _health_check(installation),
        *([_channel(installation)] if has_channel else []),
        *(_alarm(installation, file, has_channel=has_channel) for file in ALERTS),
        _dashboard(installation),
    ]


def _health_check(installation: Installation) -> Step:
    project = f"--project={installation.project}"
    host, _, path = installation.url("vitrina-menu/health").removeprefix("https://").partition("/")
    return Step(
        "Google asks vitrina-menu every five minutes whether it is well",
        gcloud(
            *("monitoring", "uptime", "create", TITLE),
            "--resource-type=uptime-url",
            f"--resource-labels=host={host},project_id={installation.project}",
            "--protocol=https",
            f"--path=/{path}",
            "--period=5",
            "--timeout=30",
            project,
        ),
        look=_list("monitoring", "uptime", "list-configs", title=TITLE, project=project),
        is_there=_is_something,
    )


def _channel(installation: Installation) -> Step:
    project, title = f"--project={installation.project}", f"{TITLE}: {installation.alert_email}"
    return Step(
        "Alarms go to the address of ALERT_EMAIL",
        gcloud(
            *("beta", "monitoring", "channels", "create"),
            f"--display-name={title}",
            "--type=email",
            f"--channel-labels=email_address={installation.alert_email}",
            "--format=value(name)",
            project,
        ),
        look=_list("beta", "monitoring", "channels", "list", title=title, project=project),
        is_there=_is_something,
        remembered_as="channel",
        if_it_fails=_ALPHA_IS_MISSING,
    )


def _alarm(installation: Installation, file: Path, *, has_channel: bool) -> Step:
    project = f"--project={installation.project}"
    title, policies = _title(file), ("alpha", "monitoring", "policies")
    policy_file = f"--policy-from-file={file.relative_to(ROOT)}"
    # An update puts the whole file in place of what is there, channels included.
    made = ("--notification-channels=${channel}",) if has_channel else ()
    changed = ("--add-notification-channels=${channel}",) if has_channel else ()
    return Step(
        f"The alarm {file.stem}",
        gcloud(*policies, "create", policy_file, *made, "--format=value(name)", project),
        look=_list(*policies, "list", title=title, project=project),
        is_there=_is_something,
        change=gcloud(*policies, "update", "${policy}", policy_file, *changed, project),
        remembered_as="policy",
        if_it_fails=_ALPHA_IS_MISSING,
    )


def _dashboard(installation: Installation) -> Step:
    project = f"--project={installation.project}"
    dashboards, title = ("monitoring", "dashboards"), _title(DASHBOARD)
    return Step(
        "The dashboard; changes of yours to one that is there stay",
        gcloud(*dashboards, "create", f"--config-from-file={DASHBOARD.relative_to(ROOT)}", project),
        look=_list(*dashboards, "list", title=title, project=project),
        is_there=_is_something,
    )


def _title(file: Path) -> str:
    return str(json.loads(file.read_text(encoding="utf-8"))["displayName"])


def _list(*words: str, title: str, project: str) -> Command:
    """Lists the names of what has this title; prints nothing if there is nothing."""
    return gcloud(*words, f'--filter=displayName="{title}"', "--format=value(name)", "--limit=1", project)


def _is_something(output: str) -> bool:
    return bool(output.strip())
