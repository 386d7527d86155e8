"""What an installation consists of, in the order in which it is made."""

from __future__ import annotations

import secrets

from deploy import firestore
from deploy.functions import ENVIRONMENT_FILE, FUNCTIONS, Function, deploy_command, environment_file
from deploy.gcloud import gcloud
from deploy.installation import DATABASE, JOB, QUEUE, Installation, Secret
from deploy.monitoring import steps as monitoring
from deploy.step import Chapter, CheckHealth, Step, Task, Value, WriteFile

SERVICES = (
    "artifactregistry",
    "cloudbuild",
    "cloudfunctions",
    "cloudscheduler",
    "cloudtasks",
    "drive",
    "firestore",
    "iam",
    "iamcredentials",
    "logging",
    "monitoring",
    "run",
    "script",
    "secretmanager",
    "sheets",
)

#: Tasks that run at once: the function takes them all, and Google's quota for workbooks is shared anyway.
TASKS_AT_ONCE = 8

#: An account that was made a moment ago may not be known everywhere for a minute.
TRIES_WITH_NEW_ACCOUNT = 8


def install(installation: Installation) -> list[Chapter]:
    """Everything, in an order in which each step finds what it needs."""
    return [
        Chapter(
            "Google's services",
            "Switches on what Vitrina uses. A project needs a billing account for this.",
            [_services(installation)],
        ),
        Chapter(
            "Accounts",
            "The functions run as one account and are built by another; neither has a key.",
            _accounts(installation),
        ),
        Chapter(
            "Firestore",
            "The database, its indexes, and the fields that need none. Its place cannot be changed later.",
            [_database(installation), *firestore.steps(installation, DATABASE)],
        ),
        Chapter(
            "Queue",
            "Background work waits here. The functions may add to it and look at it.",
            _queue(installation),
        ),
        Chapter(
            "Secrets",
            "Kept in Secret Manager. The functions read the newest version when an instance starts.",
            [step for secret in installation.secrets for step in _secret(installation, secret)],
        ),
        Chapter(
            "Functions",
            "Each is built from the same files and takes two or three minutes.",
            [
                WriteFile("The settings of all functions", ENVIRONMENT_FILE, environment_file(installation)),
                *(_function(installation, one, is_upgrade=False) for one in FUNCTIONS),
                *(_invoker(installation, one) for one in FUNCTIONS if not one.is_public),
            ],
        ),
        Chapter("Timer", "Calls the function schedule every quarter of an hour.", [_timer(installation)]),
        _health(installation),
        # Last: without it everything works, and nobody is told when it does not.
        Chapter(
            "Monitoring",
            "A health check, the alarms of docs/runbook.md, and a dashboard.",
            monitoring.steps(installation),
        ),
    ]


def upgrade(installation: Installation) -> list[Chapter]:
    """A new release of an installation that is there: indexes first, because its code may need them."""
    return [
        Chapter("Firestore", "Indexes that this release adds.", firestore.steps(installation, DATABASE)),
        Chapter(
            "Functions",
            "Each is built from the same files; settings and secrets stay as they are.",
            [_function(installation, one, is_upgrade=True) for one in FUNCTIONS],
        ),
        _health(installation),
    ]


# --- Chapters --------------------------------------------------------------------------------------


def _services(installation: Installation) -> Step:
    return Step(
        "Services are on",
        gcloud(
            "services",
            "enable",
            *(f"{name}.googleapis.com" for name in SERVICES),
            f"--project={installation.project}",
        ),
        if_it_fails="Does the project exist, has it a billing account, and do you own it?",
    )


def _accounts(installation: Installation) -> list[Task]:
    runtime, builder = installation.service_account, installation.build_account
    return [
        _account(installation, runtime, "Vitrina"),
        _account(installation, builder, "Vitrina: builds"),
        *(
            _project_role(installation, runtime, role, why)
            for role, why in (
                ("roles/datastore.user", "reads and writes documents"),
                ("roles/cloudscheduler.viewer", "the doctor looks at the timer"),
            )
        ),
        *(
            _project_role(installation, builder, role, why)
            for role, why in (
                ("roles/storage.objectViewer", "reads what was uploaded"),
                ("roles/artifactregistry.writer", "stores what was built"),
                ("roles/logging.logWriter", "writes the log of the build"),
                ("roles/cloudfunctions.developer", "deploys a new release from Cloud Build"),
                ("roles/datastore.indexAdmin", "adds indexes of a new release"),
            )
        ),
        _act_as(installation, runtime, f"serviceAccount:{runtime}", "asks for tasks with its own tokens"),
        _act_as(installation, runtime, f"serviceAccount:{builder}", "deploys functions that run as it"),
        _act_as(installation, builder, f"serviceAccount:{builder}", "deploys functions that it builds"),
        _account_role(
            installation,
            runtime,
            installation.operator_member,
            "roles/iam.serviceAccountTokenCreator",
            "You may run `make vitrina` as the account of the functions",
        ),
    ]


def _database(installation: Installation) -> Step:
    location = installation.firestore_location or installation.region
    return Step(
        "The database",
        gcloud(
            "firestore",
            "databases",
            "create",
            f"--database={DATABASE}",
            f"--location={location}",
            "--type=firestore-native",
            "--delete-protection",
            f"--project={installation.project}",
        ),
        look=gcloud(
            "firestore",
            "databases",
            "describe",
            f"--database={DATABASE}",
            "--format=value(type)",
            f"--project={installation.project}",
        ),
        is_there=firestore.require_native,
        if_it_fails=f"Is {location} a location of Firestore? FIRESTORE_LOCATION in the settings names one.",
    )


def _queue(installation: Installation) -> list[Task]:
    place = (f"--location={installation.region}", f"--project={installation.project}")
    limits = (
        # The timer sends again what was not carried out, so that nothing is lost after the last attempt.
        "--max-attempts=20",
        "--min-backoff=1s",
        "--max-backoff=60s",
        f"--max-concurrent-dispatches={TASKS_AT_ONCE}",
    )
    return [
        Step(
            "The queue",
            gcloud("tasks", "queues", "create", QUEUE, *limits, *place),
            look=gcloud("tasks", "queues", "describe", QUEUE, "--format=value(name)", *place),
            change=gcloud("tasks", "queues", "update", QUEUE, *limits, *place),
            if_it_fails="The name of a queue that was deleted cannot be used again for a week.",
        ),
        *(
            Step(
                f"The functions: {why}",
                gcloud(
                    "tasks",
                    "queues",
                    "add-iam-policy-binding",
                    QUEUE,
                    f"--member=serviceAccount:{installation.service_account}",
                    f"--role={role}",
                    *place,
                ),
                tries=TRIES_WITH_NEW_ACCOUNT,
            )
            for role, why in (
                ("roles/cloudtasks.enqueuer", "may add tasks"),
                ("roles/cloudtasks.viewer", "the doctor looks at the queue"),
            )
        ),
    ]


def _secret(installation: Installation, secret: Secret) -> list[Task]:
    project = f"--project={installation.project}"
    if secret.is_generated:
        value = Value(secret.variable, lambda: secrets.token_hex(24))
        pipe = "openssl rand -hex 24"
    else:
        value = Value(secret.variable)
        pipe = f'printf %s "${secret.variable}"'
    return [
        Step(
            f"The secret {secret.variable}"
            + (", which is made up" if secret.is_generated else ", which you are asked for"),
            gcloud(
                "secrets",
                "create",
                secret.name,
                "--replication-policy=automatic",
                "--data-file=-",
                project,
                pipe=pipe,
            ),
            look=gcloud("secrets", "describe", secret.name, "--format=value(name)", project),
            value=value,
        ),
        Step(
            f"The functions may read {secret.variable}",
            gcloud(
                "secrets",
                "add-iam-policy-binding",
                secret.name,
                f"--member=serviceAccount:{installation.service_account}",
                "--role=roles/secretmanager.secretAccessor",
                project,
            ),
            tries=TRIES_WITH_NEW_ACCOUNT,
        ),
    ]


def _function(installation: Installation, function: Function, *, is_upgrade: bool) -> Step:
    return Step(
        f"The function {function.name}: {function.purpose}",
        deploy_command(installation, function, is_upgrade=is_upgrade),
        tries=1 if is_upgrade else TRIES_WITH_NEW_ACCOUNT // 2,
        if_it_fails="gcloud names the build or the revision that failed; its log says why.",
    )


def _invoker(installation: Installation, function: Function) -> Step:
    return Step(
        f"Queue and timer may call {function.name} as the functions' account",
        gcloud(
            "functions",
            "add-invoker-policy-binding",
            function.name,
            f"--region={installation.region}",
            f"--member=serviceAccount:{installation.service_account}",
            f"--project={installation.project}",
        ),
    )


def _timer(installation: Installation) -> Step:
    place = (f"--location={installation.region}", f"--project={installation.project}")
    url = installation.url("vitrina-schedule")
    parameters = (
        "--schedule=*/15 * * * *",
        "--time-zone=Etc/UTC",
        f"--uri={url}",
        "--http-method=POST",
        "--attempt-deadline=180s",
        f"--oidc-service-account-email={installation.service_account}",
        f"--oidc-token-audience={url}",
    )
    return Step(
        "The timer",
        gcloud("scheduler", "jobs", "create", "http", JOB, *parameters, *place),
        look=gcloud("scheduler", "jobs", "describe", JOB, "--format=value(name)", *place),
        change=gcloud("scheduler", "jobs", "update", "http", JOB, *parameters, *place),
        if_it_fails="Is the region one of Cloud Scheduler? `gcloud scheduler locations list` shows them.",
    )


def _health(installation: Installation) -> Chapter:
    token = gcloud("auth", "print-identity-token")
    return Chapter(
        "Health",
        "Asks each function for its release, its settings and its store.",
        [
            CheckHealth(f"{one.name} is well", one, f"{installation.url(one.name)}/health", token)
            for one in FUNCTIONS
        ],
    )


# --- Parts -----------------------------------------------------------------------------------------


def _account(installation: Installation, email: str, title: str) -> Step:
    project = f"--project={installation.project}"
    return Step(
        f"The account {email}",
        gcloud(
            "iam", "service-accounts", "create", email.partition("@")[0], f"--display-name={title}", project
        ),
        look=gcloud("iam", "service-accounts", "describe", email, "--format=value(email)", project),
    )


def _project_role(installation: Installation, email: str, role: str, why: str) -> Step:
    return Step(
        f"{email.partition('@')[0]}: {why}",
        gcloud(
            "projects",
            "add-iam-policy-binding",
            installation.project,
            f"--member=serviceAccount:{email}",
            f"--role={role}",
            "--condition=None",
        ),
        tries=TRIES_WITH_NEW_ACCOUNT,
    )


def _act_as(installation: Installation, email: str, member: str, why: str) -> Step:
    name = member.partition(":")[2].partition("@")[0]
    return _account_role(installation, email, member, "roles/iam.serviceAccountUser", f"{name}: {why}")


def _account_role(installation: Installation, email: str, member: str, role: str, title: str) -> Step:
    return Step(
        title,
        gcloud(
            "iam",
            "service-accounts",
            "add-iam-policy-binding",
            email,
            f"--member={member}",
            f"--role={role}",
            f"--project={installation.project}",
        ),
        tries=TRIES_WITH_NEW_ACCOUNT,
    )
