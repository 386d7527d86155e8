"""``python -m emulators.world [--once] [--folder DIR] [--store NAME]``: the local world and its agency.

Plays the story and prints a line for each step, then serves until Ctrl-C; with ``--once`` it ends then.
With the ``--folder`` of an earlier run it goes on with the agency that is there.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from emulators.common.firestore import STORES, running_store
from emulators.world.processes import Ports, World, running_world
from emulators.world.sample import load_agency
from emulators.world.story import Story, StoryError, people_of, staff_of
from emulators.world.timer import PERIOD_S, call_schedule

#: The database of the Firestore emulator.
DATABASE = "projects/local/databases/(default)"


def main() -> int:
    """Run the world; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m emulators.world", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the story")
    parser.add_argument(
        "--folder", type=Path, help="keep states and logs here (a new temporary folder if not given)"
    )
    parser.add_argument(
        "--store",
        choices=STORES,
        default=STORES[0],
        help="where the documents are: Google's Firestore emulator forgets them when it stops",
    )
    for name, port in vars(Ports()).items():
        parser.add_argument(f"--{name}-port", type=int, default=port)
    arguments = parser.parse_args()
    ports = Ports(**{name: getattr(arguments, f"{name}_port") for name in vars(Ports())})
    if arguments.folder and arguments.store == "firestore":
        parser.error("the Firestore emulator keeps nothing: leave out --folder")
    with tempfile.TemporaryDirectory(prefix="vitrina-") as temporary:
        return _run(arguments.folder or Path(temporary), ports, arguments.store, once=arguments.once)


def _settings_of_store(firestore_url: str) -> Mapping[str, str]:
    """Settings by which the functions find the store, if it is not the file of the world."""
    return {"VITRINA_STORE": DATABASE, "VITRINA_FIRESTORE_URL": firestore_url} if firestore_url else {}


def _run(folder: Path, ports: Ports, store: str, *, once: bool) -> int:
    sample = load_agency()
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - started:5.1f} с] {line}", flush=True)

    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    try:
        say("Запускаю: Google, Kaiten, Asana, amoCRM, Telegram, Метрику, почту, очередь, функции и страницу")
        with (
            running_store(store, folder) as firestore_url,
            running_world(
                folder,
                people_of(sample),
                staff=staff_of(sample),
                ports=ports,
                extra=_settings_of_store(firestore_url),
            ) as world,
        ):
            story = Story(world, say)
            if story.resume():
                say("В этой папке агентство уже есть: продолжаю с ним")
            else:
                story.play()
            _say_where(world, story)
            if not once:
                say("Ctrl-C — остановить.")
                while not stopped.wait(PERIOD_S):
                    call_schedule(ports)
    except KeyboardInterrupt:
        return 0
    except (StoryError, RuntimeError) as error:
        print(f"Не получилось: {error}", file=sys.stderr)
        return 1
    return 0


def _say_where(world: World, story: Story) -> None:
    """Print the address of the page with the first client's workbook."""
    print()
    boards = "доски Kaiten и Asana, сделки amoCRM, чат Telegram"
    print(f"Готово: книга агентства, {len(story.clients)} клиента, {boards}. Откройте:")
    print(f"  {world.url('workbench')}/#{story.clients[0].spreadsheet_id}")
    print("Меню «Vitrina» работает; перетащите карточку на доске, и ячейка изменится.")


if __name__ == "__main__":
    sys.exit(main())
