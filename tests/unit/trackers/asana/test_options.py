"""Settings of a connection to Asana."""

from __future__ import annotations

import pytest

from vitrina.errors import ConfigurationError
from vitrina.trackers.asana.options import Options
from vitrina.trackers.connection import Connection


def options(**given: str) -> Options:
    """The options of a connection."""
    return Options.of(Connection("asana", "asana", options=given))


def test_departments_share_projects() -> None:
    """Profiles are named as people write them; each project is named once, the general one first."""
    given = options(general_project="1", departments="Дизайн=2, иллюстрация = 2,Тексты=3")

    assert given.side_projects(["дизайн", "Иллюстрация", "Разработка"]) == ("1", "2")
    assert given.all_side_projects == {"1", "2", "3"}


def test_nothing_is_needed() -> None:
    """Without settings a card is in the client's project only, and nobody is invited."""
    assert options() == Options()
    assert options().side_projects(["Дизайн"]) == ()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"departments": "Дизайн"}, "asana.wrong_option"),
        ({"departments": "Дизайн=проект"}, "asana.wrong_option"),
        ({"calls_per_minute": "many"}, "asana.wrong_option"),
        ({"guests": "yes"}, "asana.wrong_option"),
        ({"colour": "red"}, "asana.unknown_option"),
    ],
)
def test_wrong_settings_are_named_at_start_up(given: dict[str, str], code: str) -> None:
    """The error names the connection, and no value: they may be secret."""
    with pytest.raises(ConfigurationError) as refused:
        options(**given)

    assert refused.value.code == code
