"""Addresses of the Cloud Tasks API v2."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from emulators.common.control import CONTROL_PREFIX, Control
from emulators.common.statefile import StateFile
from emulators.tasks import errors, seed, wire
from emulators.tasks.dispatcher import Dispatcher
from emulators.tasks.models import Clock, Json, Task, Tasks

LOCATION = "/v2/<path:location>"
QUEUE = f"{LOCATION}/queues/<queue_id>"
TASK = f"{QUEUE}/tasks/<task_id>"
DEFAULT_PAGE, LARGEST_PAGE = 1000, 1000


def create_app(
    identity_url: str | None = None, state_path: Path | None = None, clock: Clock = time.time
) -> Flask:
    """The emulator as a WSGI application. It begins to dispatch at once.

    Parameters
    ----------
    identity_url
        Base address of the emulator that signs ID tokens.
    state_path
        File that keeps the state between runs, or ``None``.
    clock
        Epoch seconds.
    """
    tasks = Tasks(clock)
    state_file = StateFile(state_path, tasks.dump)
    saved = state_file.load()
    if saved is not None:
        tasks.load(saved)

    def reset() -> None:
        tasks.clear()
        state_file.mark_changed()

    def fill(body: Any) -> None:
        seed.load(tasks, body)
        state_file.mark_changed()

    def restore_state(saved: Json) -> None:
        tasks.load(copy.deepcopy(saved))
        state_file.mark_changed()

    app = Flask(__name__)
    control = Control(
        name_call=_name_of_call,
        fault_response=lambda code, retry_after_s: errors.answer(code, retry_after_s=retry_after_s),
        reset=reset,
        seed=fill,
        snapshot=tasks.dump,
        save_state=tasks.dump,
        restore_state=restore_state,
    )
    control.install(app)

    def note_change() -> None:
        state_file.mark_changed()
        control.touch()

    tasks.on_change = note_change
    _install_errors(app)
    _install_tasks(app, tasks)
    _install_queues(app, tasks)
    _install_control(app, tasks)
    app.extensions |= {"state_file": state_file, "tasks": tasks}
    Dispatcher(tasks, identity_url)
    return app


def _name_of_call() -> str | None:
    return request.endpoint or "unknown" if request.path.startswith("/v2/") else None


def _install_errors(app: Flask) -> None:
    @app.errorhandler(errors.GoogleError)
    def refused(error: errors.GoogleError) -> Response:
        return errors.answer(error.code, str(error))

    @app.errorhandler(HTTPException)
    def wrong_address(error: HTTPException) -> Response:
        return errors.answer(error.code or 500, error.description if error.code == 400 else None)


def _install_tasks(app: Flask, tasks: Tasks) -> None:
    def create(location: str, queue_id: str) -> Response:
        queue = f"{location}/queues/{queue_id}"
        body = wire.parse(wire.CREATE_TASK, _body())
        task = body.get("task", {})
        http_request, due_at, deadline_s = wire.new_task(task)
        made = tasks.create(queue, task.get("name"), http_request, due_at, deadline_s)
        return jsonify(wire.task_to_json(made, body.get("responseView", wire.BASIC)))

    def get(location: str, queue_id: str, task_id: str) -> Response:
        return _shown(tasks.get(f"{location}/queues/{queue_id}/tasks/{task_id}"))

    def list_(location: str, queue_id: str) -> Response:
        size = min(int(request.args.get("pageSize") or DEFAULT_PAGE), LARGEST_PAGE)
        start = int(request.args.get("pageToken") or 0)
        alive = tasks.alive(f"{location}/queues/{queue_id}")
        shown = [wire.task_to_json(task, _view()) for task in alive[start : start + size]]
        following = {"nextPageToken": str(start + size)} if len(alive) > start + size else {}
        return jsonify({"tasks": shown, **following})

    def delete(location: str, queue_id: str, task_id: str) -> Response:
        tasks.delete(f"{location}/queues/{queue_id}/tasks/{task_id}")
        return jsonify({})

    def run(location: str, queue_id: str, task_id: str) -> Response:
        return _shown(tasks.run_now(f"{location}/queues/{queue_id}/tasks/{task_id}"))

    app.add_url_rule(f"{QUEUE}/tasks", "tasks.create", create, methods=["POST"])
    app.add_url_rule(f"{QUEUE}/tasks", "tasks.list", list_, methods=["GET"])
    app.add_url_rule(TASK, "tasks.get", get, methods=["GET"])
    app.add_url_rule(TASK, "tasks.delete", delete, methods=["DELETE"])
    app.add_url_rule(f"{TASK}:run", "tasks.run", run, methods=["POST"])


def _install_queues(app: Flask, tasks: Tasks) -> None:
    def create(location: str) -> Response:
        queue = wire.parse(wire.QUEUE, _body())
        name = queue.get("name", "")
        if not name.startswith(f"{location}/queues/"):
            raise errors.GoogleError(400, "The queue name must start with the parent.")
        if name in tasks.settings:
            raise errors.GoogleError(409, "Queue already exists")
        tasks.configure(name, wire.settings_from(queue, tasks.settings_of(name)))
        return jsonify(wire.queue_to_json(name, tasks.settings_of(name)))

    def get(location: str, queue_id: str) -> Response:
        name = f"{location}/queues/{queue_id}"
        return jsonify(wire.queue_to_json(name, tasks.settings_of(name)))

    def update(location: str, queue_id: str) -> Response:
        name = f"{location}/queues/{queue_id}"
        queue = wire.parse(wire.QUEUE, _body())
        tasks.configure(name, wire.settings_from(queue, tasks.settings_of(name)))
        return jsonify(wire.queue_to_json(name, tasks.settings_of(name)))

    def command(location: str, queue_id: str, verb: str) -> Response:
        name = f"{location}/queues/{queue_id}"
        if verb == "purge":
            tasks.purge(name)
        else:
            tasks.pause(name, is_paused=verb == "pause")
        return jsonify(wire.queue_to_json(name, tasks.settings_of(name)))

    app.add_url_rule(f"{LOCATION}/queues", "queues.create", create, methods=["POST"])
    app.add_url_rule(QUEUE, "queues.get", get, methods=["GET"])
    app.add_url_rule(QUEUE, "queues.patch", update, methods=["PATCH"])
    app.add_url_rule(
        f"{LOCATION}/queues/<queue_id>:<any(pause,resume,purge):verb>",
        "queues.command",
        command,
        methods=["POST"],
    )
    for name, path, method in (
        ("queues.list", f"{LOCATION}/queues", "GET"),
        ("queues.delete", QUEUE, "DELETE"),
        ("tasks.buffer", f"{TASK}:buffer", "POST"),
        ("locations", "/v2/projects/<project>/locations", "GET"),
    ):
        app.add_url_rule(path, name, lambda name=name, **_: _not_modelled(name), methods=[method])


def _install_control(app: Flask, tasks: Tasks) -> None:
    @app.get(f"{CONTROL_PREFIX}/tasks")
    def list_all() -> Response:
        return jsonify({"tasks": [_as_told(task) for task in tasks.every()]})

    @app.post(f"{CONTROL_PREFIX}/run-until-empty")
    def run_until_empty() -> Response:
        body = request.get_json(force=True, silent=True) or {}
        include_later = bool(body.get("include_later"))
        if include_later:
            tasks.make_due()
        is_empty = tasks.wait_until_empty(
            float(body.get("timeout_s", 30)),
            include_later=include_later,
            include_new=bool(body.get("include_new")),
        )
        return jsonify(
            {"empty": is_empty, "pending": [task.name for task in tasks.pending(include_later=True)]}
        )


def _as_told(task: Task) -> Json:
    return {
        "name": task.name,
        "state": task.state,
        "url": task.http_request["url"],
        "due_at": wire.rfc3339(task.due_at),
        "attempts": [attempt.get("status") for attempt in task.attempts],
    }


def _not_modelled(name: str) -> Response:
    raise errors.GoogleError(501, f"The emulator does not model {name}")


def _shown(task: Task) -> Response:
    return jsonify(wire.task_to_json(task, _view()))


def _view() -> int:
    return wire.FULL if request.args.get("responseView") in ("2", "FULL") else wire.BASIC


def _body() -> Any:
    return request.get_json(force=True, silent=True) or {}
