"""The installed Google Cloud CLI: it judges commands without an account."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

#: One call of gcloud takes a second; a hundred commands are judged in ten.
TIMEOUT_S = 240.0


def require_gcloud() -> str:
    """The path of gcloud. Without it the test is skipped; with ``REQUIRE_GCLOUD`` set that is an error."""
    path = shutil.which("gcloud")
    if path is None:
        if os.environ.get("REQUIRE_GCLOUD"):
            raise RuntimeError("gcloud is not installed")
        pytest.skip("the Google Cloud CLI is not installed")
    return path


def run_gcloud(folder: Path, *arguments: str) -> str:
    """What a gcloud command prints that needs no account; its own state is in *folder*."""
    environment = {
        **os.environ,
        "CLOUDSDK_CONFIG": str(folder / "gcloud"),
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "1",
    }
    done = subprocess.run(
        [require_gcloud(), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    if done.returncode != 0:
        raise RuntimeError(f"gcloud {' '.join(arguments)}: {done.stderr}")
    return done.stdout


def find_mistakes(folder: Path, lines: Iterable[str]) -> dict[str, str]:
    """What gcloud's own linter says against each of these commands; those that it accepts are left out."""
    file = folder / "commands.json"
    file.write_text(json.dumps([{"command_string": line} for line in lines]), encoding="utf-8")
    judged = json.loads(run_gcloud(folder, "meta", "lint-gcloud-commands", f"--commands-file={file}"))
    return {one["command_string"]: one["error_message"] for one in judged if not one["success"]}
