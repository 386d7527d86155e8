"""Settings of a connection that only Asana has."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct, field

from vitrina.errors import ConfigurationError
from vitrina.trackers.connection import Connection

#: Values of a switch.
SWITCH = {"on": True, "off": False}
_NAMES = ("team", "general_project", "departments", "calls_per_minute", "guests")


class Options(Struct, frozen=True):
    """Further settings of a connection.

    Parameters
    ----------
    team
        Gid of the team that new projects belong to; an organization with several teams needs it.
    general_project
        Gid of the project that holds the tasks of all clients; empty for none.
    departments
        Gids of the projects of departments by the title of a profile: several profiles may share one.
    calls_per_minute
        Calls in a minute that this connection may send; ``None`` for the limit of the plan.
    invites_guests
        Whether clients may be invited into their project.
    """

    team: str = ""
    general_project: str = ""
    departments: Mapping[str, str] = field(default_factory=dict)
    calls_per_minute: int | None = None
    invites_guests: bool = False

    @classmethod
    def of(cls, connection: Connection) -> Options:
        """The options of a connection; raises ``ConfigurationError``."""
        given, name = connection.options, connection.name
        unknown = sorted(set(given) - set(_NAMES))
        if unknown:
            raise ConfigurationError("asana.unknown_option", name=name, options=unknown)
        calls, guests = given.get("calls_per_minute", ""), given.get("guests", "off")
        if (calls and not calls.isdecimal()) or guests not in SWITCH:
            raise ConfigurationError("asana.wrong_option", name=name)
        return cls(
            team=given.get("team", ""),
            general_project=given.get("general_project", ""),
            departments=_departments(given.get("departments", ""), name),
            calls_per_minute=int(calls) if calls else None,
            invites_guests=SWITCH[guests],
        )

    def side_projects(self, profiles: Collection[str]) -> tuple[str, ...]:
        """Projects of the agency for a card on which these profiles work, each once."""
        departments = (self.departments.get(profile.casefold(), "") for profile in profiles)
        return tuple(dict.fromkeys(gid for gid in (self.general_project, *departments) if gid))

    @property
    def all_side_projects(self) -> frozenset[str]:
        """All projects of the agency that are not a client's board."""
        return frozenset(gid for gid in (self.general_project, *self.departments.values()) if gid)


def _departments(text: str, name: str) -> dict[str, str]:
    """``Дизайн=120, Тексты=121`` as gids by title."""
    pairs = [part.split("=") for part in text.split(",") if part.strip()]
    if any(len(pair) != 2 or not pair[1].strip().isdecimal() for pair in pairs):
        raise ConfigurationError("asana.wrong_option", name=name)
    return {title.strip().casefold(): gid.strip() for title, gid in pairs}
