"""The deployed functions and their parameters, and the gcloud command that deploys one."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.gcloud import Command, gcloud
from deploy.installation import Installation

#: The newest Python that all packages of requirements.txt have wheels for and Google supports until 2028.
RUNTIME = "python312"
#: Where functions-framework finds the entry points, from the root of what is uploaded.
SOURCE_FILE = "functions/main.py"
#: Threads in which functions-framework serves requests with one processor: four for each.
THREADS = 4
#: Settings of glibc. Without the first, each thread keeps what it freed for itself; without the others, freed
#: blocks of up to 32 MB stay as well once there was one of them.
ALLOCATOR = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_TRIM_THRESHOLD_": "131072",
}
#: The settings of the functions, written before they are deployed.
ENVIRONMENT_FILE = ".vitrina/functions.yaml"


@dataclass(frozen=True)
class Function:
    """One Cloud Function.

    Parameters
    ----------
    is_public
        Whether Google lets everybody call it. The function itself checks who calls, in any case.
    max_instances
        Bounds the bill; a request beyond ``max_instances * THREADS`` at once is answered 429.
    """

    entry_point: str
    is_public: bool
    memory: str
    timeout_s: int
    max_instances: int
    purpose: str

    @property
    def name(self) -> str:
        """Its name in Google Cloud."""
        return f"vitrina-{self.entry_point}"


FUNCTIONS = (
    Function(
        "menu", is_public=True, memory="512Mi", timeout_s=60, max_instances=10, purpose="clicks of staff"
    ),
    Function(
        "webhook",
        is_public=True,
        memory="512Mi",
        timeout_s=30,
        max_instances=10,
        purpose="the tracker's changes",
    ),
    # A file of 10 MB comes from a phone over a slow connection, and then goes to Drive.
    Function(
        "client", is_public=True, memory="512Mi", timeout_s=180, max_instances=10, purpose="clients' pages"
    ),
    # Learning norms holds the agency's whole history in memory. A task may take as long as Google allows.
    Function("task", is_public=False, memory="1Gi", timeout_s=1800, max_instances=4, purpose="queued work"),
    Function(
        "schedule", is_public=False, memory="512Mi", timeout_s=180, max_instances=1, purpose="the timer"
    ),
)


def deploy_command(installation: Installation, function: Function, *, is_upgrade: bool) -> Command:
    """The command that deploys a function.

    An upgrade leaves settings, secrets and who may call as they are: Cloud Build does not know them.
    """
    min_instances = installation.menu_min_instances if function.entry_point == "menu" else 0
    build_account = f"projects/{installation.project}/serviceAccounts/{installation.build_account}"
    made = [
        "--allow-unauthenticated" if function.is_public else "--no-allow-unauthenticated",
        f"--min-instances={min_instances}",
        f"--env-vars-file={ENVIRONMENT_FILE}",
        "--set-secrets=" + ",".join(f"{one.variable}={one.name}:latest" for one in installation.secrets),
    ]
    return gcloud(
        "functions",
        "deploy",
        function.name,
        "--gen2",
        f"--region={installation.region}",
        "--source=.",
        f"--runtime={RUNTIME}",
        f"--entry-point={function.entry_point}",
        f"--set-build-env-vars=GOOGLE_FUNCTION_SOURCE={SOURCE_FILE}",
        "--trigger-http",
        f"--service-account={installation.service_account}",
        f"--build-service-account={build_account}",
        f"--memory={function.memory}",
        "--cpu=1",
        f"--concurrency={THREADS}",
        f"--timeout={function.timeout_s}s",
        f"--max-instances={function.max_instances}",
        "--serve-all-traffic-latest-revision",
        *([] if is_upgrade else made),
        f"--project={installation.project}",
    )


def environment_file(installation: Installation) -> str:
    """The text of ``ENVIRONMENT_FILE``: one setting a line, as YAML."""
    quoted = {
        name: value.replace("\\", "\\\\").replace('"', '\\"')
        for name, value in {**ALLOCATOR, **installation.environment}.items()
    }
    return "".join(f'{name}: "{value}"\n' for name, value in sorted(quoted.items()))
