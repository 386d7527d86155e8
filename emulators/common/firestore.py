"""Starts Google's own Firestore emulator, which comes with the Google Cloud CLI.

Java is started directly: a signal to ``gcloud emulators firestore start`` leaves Java running.
"""

from __future__ import annotations

import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emulators.common.server import LOOPBACK, free_port

MAIN_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
JAR = Path("platform/cloud-firestore-emulator/cloud-firestore-emulator.jar")
#: A small heap and a simple collector: it starts in half the time and needs a third of the memory.
JAVA_OPTIONS = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
START_TIMEOUT_S = 60.0

#: Stores that several processes can share, as command lines name them.
STORES = ("sqlite", "firestore")
POLL_S = 0.1


class FirestoreMissingError(RuntimeError):
    """The emulator or Java is not installed."""


def emulator_command() -> list[str]:
    """The command that starts the emulator; raises ``FirestoreMissingError`` if it is not installed."""
    gcloud, java = shutil.which("gcloud"), shutil.which("java")
    if gcloud is None or java is None:
        raise FirestoreMissingError("install the Google Cloud CLI and Java")
    for folder in Path(gcloud).resolve().parents:
        if (folder / JAR).is_file():
            return [java, *JAVA_OPTIONS, "-cp", str(folder / JAR), MAIN_CLASS, "start"]
    raise FirestoreMissingError("install google-cloud-cli-firestore-emulator beside the Google Cloud CLI")


@contextmanager
def running_firestore(log: Path, *, import_from: Path | None = None) -> Iterator[str]:
    """Run an emulator while the block runs; gives its address. Projects in it are apart.

    It is empty, or has what another one has exported to *import_from*.

    Raises
    ------
    FirestoreMissingError
        If it is not installed.
    RuntimeError
        If it does not start.
    """
    command, port = emulator_command(), free_port()
    arguments = [f"--host={LOOPBACK}", f"--port={port}", "--database-mode=firestore-native"]
    if import_from is not None:
        arguments.append(f"--import-data={import_from}")
    with (
        log.open("ab") as output,
        subprocess.Popen(
            [*command, *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            url = f"http://{LOOPBACK}:{port}"
            _wait_until_ready(url, process, log)
            yield url
        finally:
            process.terminate()


@contextmanager
def running_store(name: str, folder: Path) -> Iterator[str]:
    """Run the server of one of ``STORES`` while the block runs; gives its address, empty for SQLite."""
    if name == "sqlite":
        yield ""
        return
    with running_firestore(folder / "firestore.log") as url:
        yield url


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up_at = time.monotonic() + START_TIMEOUT_S
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < give_up_at:
        if process.poll() is not None:
            break
        try:
            with opener.open(url, timeout=POLL_S * 10) as answer:
                if answer.read().strip() == b"Ok":
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(POLL_S)
    raise RuntimeError(f"the Firestore emulator did not start: {log.read_text(errors='replace')[-2000:]}")
