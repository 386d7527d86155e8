"""Starts Google's own Firestore emulator, which comes with the Google Cloud CLI.

Java is started directly: a signal to ``gcloud emulators firestore start`` leaves Java running.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOOPBACK = "127.0.0.1"
MAIN_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
JAR = Path("platform/cloud-firestore-emulator/cloud-firestore-emulator.jar")
#: A small heap and a simple collector: it starts in half the time and needs a third of the memory.
JAVA_OPTIONS = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
START_TIMEOUT_S = 60.0
POLL_S = 0.1


class FirestoreMissingError(RuntimeError):
    """The emulator or Java is not installed."""


def emulator_jar() -> Path:
    """The program of the emulator; raises ``FirestoreMissingError``."""
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        raise FirestoreMissingError("install the Google Cloud CLI")
    for folder in Path(gcloud).resolve().parents:
        if (folder / JAR).is_file():
            return folder / JAR
    raise FirestoreMissingError("install google-cloud-cli-firestore-emulator beside the Google Cloud CLI")


@contextmanager
def running_firestore(log: Path) -> Iterator[str]:
    """Run an empty emulator while the block runs; gives its address. Projects in it are apart.

    Raises
    ------
    FirestoreMissingError
        If it is not installed.
    RuntimeError
        If it does not start.
    """
    jar, java, port = emulator_jar(), shutil.which("java"), _free_port()
    if java is None:
        raise FirestoreMissingError("install Java")
    arguments = [f"--host={LOOPBACK}", f"--port={port}", "--database-mode=firestore-native"]
    with (
        log.open("ab") as output,
        subprocess.Popen(
            [java, *JAVA_OPTIONS, "-cp", str(jar), MAIN_CLASS, "start", *arguments],
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


def _free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as server:
        port: int = server.getsockname()[1]
    return port


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
