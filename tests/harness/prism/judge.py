"""Asks Prism whether requests fit the OpenAPI file of Asana.

Prism knows the form of single requests and nothing of what was sent before. It does not see a missing
envelope or an unknown field; the emulator refuses both.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from emulators.common.client import local_client
from emulators.common.server import free_port
from tests.harness.prism.recorder import SentRequest
from tests.harness.shared import shared_path

HERE = Path(__file__).parent
PROGRAM = HERE / "node_modules" / ".bin" / "prism"
DESCRIPTION = "conformance/vendors/asana_oas.yaml.gz"
START_TIMEOUT_S = 60.0


class PrismMissingError(RuntimeError):
    """Prism cannot be started; the message says what to do."""


def find_description() -> Path:
    """The packed OpenAPI file; raises ``PrismMissingError`` unless all that is needed is there."""
    path = shared_path(DESCRIPTION)
    if path is None:
        raise PrismMissingError(f"the description is not at ../shared/{DESCRIPTION} (or VITRINA_SHARED)")
    if shutil.which("node") is None or not PROGRAM.exists():
        raise PrismMissingError("Prism is not installed: run `make prism`, which needs npm")
    return path


def reason_to_skip() -> str:
    """Why requests cannot be judged here, or nothing; with ``REQUIRE_PRISM`` set, that is an error."""
    try:
        find_description()
    except PrismMissingError as error:
        if os.environ.get("REQUIRE_PRISM"):
            raise
        return str(error)
    return ""


class Judge:
    """A running Prism.

    Parameters
    ----------
    url
        Its address.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = local_client(base_url=url, timeout=30.0)
        self._known: dict[Any, list[str]] = {}

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @property
    def judged(self) -> int:
        """Count of different requests that Prism has seen: those that differ only in ids are one."""
        return len(self._known)

    def violations(self, requests: Iterable[SentRequest]) -> list[str]:
        """What Prism has against *requests*; the actions of a batch are judged one by one too."""
        found: dict[str, None] = {}
        for request in requests:
            for one in (request, *_actions(request)):
                found.update(dict.fromkeys(self._violations(one)))
        return list(found)

    def _violations(self, request: SentRequest) -> list[str]:
        key = tuple(
            _without_ids(part) for part in (request.method, request.target, request.body.decode("latin-1"))
        )
        if key not in self._known:
            self._known[key] = self._ask(request)
        return self._known[key]

    def _ask(self, request: SentRequest) -> list[str]:
        headers = {"Authorization": "Bearer judged"}
        if request.content_type:
            headers["Content-Type"] = request.content_type
        answer = self._http.request(
            request.method, request.target, content=request.body or None, headers=headers
        )
        place = f"{request.method} {request.target}"
        rows = json.loads(answer.headers.get("sl-violations", "[]"))
        # Prism also judges its own answer, an example of the description that does not always fit it.
        rows = [row for row in rows if row["location"][0] == "request"]
        if answer.status_code >= 400 and not rows:
            return [f"{place}: {answer.status_code} {answer.text[:300]}"]
        return [f"{place}: {'.'.join(row['location'])}: {row['message'][:300]}" for row in rows]


@contextmanager
def running_judge(folder: Path) -> Iterator[Judge]:
    """Run Prism while the block runs; it answers with the examples of the OpenAPI file."""
    with _running_prism(folder, "mock") as url:
        judge = Judge(url)
        try:
            yield judge
        finally:
            judge.close()


@contextmanager
def running_proxy(folder: Path, upstream: str) -> Iterator[str]:
    """Run Prism before a server, whose answers it judges too; yields its address."""
    with _running_prism(folder, "proxy", upstream) as url:
        yield url


@contextmanager
def _running_prism(folder: Path, command: str, *more: str) -> Iterator[str]:
    description = folder / "asana_oas.yaml"
    description.write_bytes(gzip.decompress(find_description().read_bytes()))
    port = free_port()
    log = folder / "prism.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(PROGRAM), command, "--host", "127.0.0.1", "--port", str(port), str(description), *more],
            stdout=output,
            stderr=output,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process, log)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up_at = time.monotonic() + START_TIMEOUT_S
    with local_client() as http:
        while process.poll() is None and time.monotonic() < give_up_at:
            try:
                http.get(f"{url}/users/me")
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
    raise PrismMissingError(f"Prism did not start: {log.read_text(encoding='utf-8')[-2000:]}")


def _actions(request: SentRequest) -> Iterator[SentRequest]:
    """The actions of a batch as the requests that they stand for."""
    if request.path != "/batch":
        return
    for action in json.loads(request.body)["data"]["actions"]:
        method, data, options = action["method"].upper(), action.get("data", {}), action.get("options", {})
        query = dict(data) if method == "GET" else {}
        if "fields" in options:
            query["opt_fields"] = ",".join(options["fields"])
        query.update({key: str(options[key]) for key in ("limit", "offset") if key in options})
        has_body = method in ("POST", "PUT")
        yield SentRequest(
            method,
            str(httpx.URL(action["relative_path"], params=query)),
            "application/json" if has_body else "",
            json.dumps({"data": data}).encode() if has_body else b"",
        )


def _without_ids(text: str) -> str:
    return re.sub(r"\d{2,}", "0", text)
