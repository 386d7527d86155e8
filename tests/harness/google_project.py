"""A Google project in memory, in which the commands of ``make deploy`` are carried out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from deploy import ROOT
from deploy.gcloud import Command, Result

#: Words of commands that make something, and of those that look at it and change it.
MADE = "made"
LOOKED_AT = "looked at"
CHANGED = "changed"
VERBS: Mapping[str, tuple[str, str]] = {
    "iam service-accounts create": (MADE, "account"),
    "iam service-accounts describe": (LOOKED_AT, "account"),
    "firestore databases create": (MADE, "database"),
    "firestore databases describe": (LOOKED_AT, "database"),
    "tasks queues create": (MADE, "queue"),
    "tasks queues describe": (LOOKED_AT, "queue"),
    "tasks queues update": (CHANGED, "queue"),
    "secrets create": (MADE, "secret"),
    "secrets describe": (LOOKED_AT, "secret"),
    "scheduler jobs create": (MADE, "job"),
    "scheduler jobs describe": (LOOKED_AT, "job"),
    "scheduler jobs update": (CHANGED, "job"),
}
#: What Cloud Monitoring names itself, by the words of the commands for it: part of the name that it gives.
MONITORED: Mapping[str, str] = {
    "monitoring uptime": "uptimeCheckConfigs",
    "beta monitoring channels": "notificationChannels",
    "alpha monitoring policies": "alertPolicies",
    "monitoring dashboards": "dashboards",
}
DONE = Result(0, "", "")


@dataclass(frozen=True)
class Call:
    """A command as the project sees it."""

    words: str
    arguments: tuple[str, ...]
    flags: Mapping[str, str]
    value: str

    @classmethod
    def of(cls, command: Command, value: str) -> Call:
        """Take a command apart."""
        words = " ".join(one for one in command.arguments if not one.startswith("-"))
        pairs = (one.split("=", 1) for one in command.arguments if one.startswith("--") and "=" in one)
        return cls(words, command.arguments, dict(pairs), value)

    @property
    def last(self) -> str:
        """The last word, which is a name."""
        return self.words.rsplit(maxsplit=1)[-1]


def refused(reason: str) -> Result:
    """An error as gcloud prints it."""
    return Result(1, "", f"ERROR: (gcloud) {reason}")


@dataclass
class GoogleProject:
    """See the module. It refuses to make what is there, and to change or bind what is not.

    ``broken`` has the words of commands that fail, with how often.
    """

    email: str = "owner@agency.example"
    database_type: str = "FIRESTORE_NATIVE"
    #: Everything that was made, by its kind and name, with the arguments of the last command for it.
    things: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    #: Name of the thing, member, role.
    bindings: list[tuple[str, ...]] = field(default_factory=list)
    indexes: list[tuple[str, ...]] = field(default_factory=list)
    fields: dict[str, set[str]] = field(default_factory=dict)
    functions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    are_services_on: bool = False
    broken: dict[str, int] = field(default_factory=dict)
    #: How often indexes are still being built when they are listed.
    builds_left: int = 0
    commands: list[Command] = field(default_factory=list)
    #: What was made new, in words.
    made: list[str] = field(default_factory=list)

    def run(self, command: Command, value: str = "") -> Result:
        """See ``Cli``."""
        self.commands.append(command)
        call = Call.of(command, value)
        for start, times in self.broken.items():
            if call.words.startswith(start) and times:
                self.broken[start] -= 1
                return refused("PERMISSION_DENIED: not allowed")
        answers: Mapping[str, Callable[[Call], Result]] = {
            "config get-value account": lambda _: Result(0, f"{self.email}\n", ""),
            "services enable": self._switch_on,
            "auth print-identity-token": lambda _: Result(0, "token\n", ""),
            "secrets versions access": self._read_secret,
            "functions deploy": self._deploy,
            "firestore indexes composite": self._index,
            "firestore indexes fields": self._field,
            "firestore fields ttls": self._expiry,
            **dict.fromkeys(VERBS, self._thing),
            **dict.fromkeys(MONITORED, self._monitor),
        }
        if "-policy-binding" in call.words:
            return self._bind(call)
        known = [answer for start, answer in answers.items() if call.words.startswith(start)]
        return known[0](call) if known else Result(2, "", f"ERROR: no such command: {call.words}")

    def _switch_on(self, _call: Call) -> Result:
        self.are_services_on = True
        return DONE

    def _thing(self, call: Call) -> Result:
        if not self.are_services_on:
            return refused("PERMISSION_DENIED: the API has not been used in this project before")
        verb, kind = next(what for start, what in VERBS.items() if call.words.startswith(start))
        # An account is made by its name and looked at by its address.
        key = (kind, call.flags["--database"] if kind == "database" else call.last.partition("@")[0])
        if verb == LOOKED_AT:
            output = self.database_type if kind == "database" else key[1]
            return Result(0, output, "") if key in self.things else refused("NOT_FOUND: it was not found")
        if verb == CHANGED and key not in self.things:
            return refused("NOT_FOUND: it was not found")
        if verb == MADE:
            if key in self.things:
                return refused("ALREADY_EXISTS: it is there")
            if kind == "secret" and not call.value:
                return refused("INVALID_ARGUMENT: the secret has no value")
            self.made.append(call.words)
            self.values[key[1]] = call.value
        self.things[key] = call.arguments
        return DONE

    def _monitor(self, call: Call) -> Result:
        if not self.are_services_on:
            return refused("PERMISSION_DENIED: the API has not been used in this project before")
        start, part = next(one for one in MONITORED.items() if call.words.startswith(one[0]))
        verb, *rest = call.words.removeprefix(start).split()
        known = {title: name for (kind, title), (name, *_) in self.things.items() if kind == part}
        if verb.startswith("list"):
            title = call.flags["--filter"].removeprefix('displayName="').removesuffix('"')
            return Result(0, known.get(title, ""), "")
        if verb == "update":
            title = next((title for title, name in known.items() if name == rest[0]), "")
            if not title:
                return refused("NOT_FOUND: it was not found")
        else:
            file = call.flags.get("--policy-from-file", call.flags.get("--config-from-file"))
            title = rest[0] if rest else call.flags.get("--display-name", "")
            title = json.loads((ROOT / file).read_text(encoding="utf-8"))["displayName"] if file else title
            self.made.append(f"{call.words} {title}")
        name = known.get(title, f"projects/p/{part}/{len(self.things)}")
        earlier = self.things.get((part, title), (name,))
        self.things[part, title] = (*earlier, *call.arguments)
        return Result(0, f"{name}\n" if verb == "create" else "", "")

    def _read_secret(self, call: Call) -> Result:
        value = self.values.get(call.flags["--secret"])
        return Result(0, value, "") if value else refused("NOT_FOUND: the secret was not found")

    def _deploy(self, call: Call) -> Result:
        build_account = call.flags["--build-service-account"].rpartition("/")[2]
        missing = [
            one
            for one in (call.flags["--service-account"], build_account)
            if not self._is_account(f"serviceAccount:{one}")
        ]
        pairs = filter(None, call.flags.get("--set-secrets", "").split(","))
        secrets = [pair.partition("=")[2].partition(":")[0] for pair in pairs]
        missing += [one for one in secrets if ("secret", one) not in self.things]
        if missing:
            return refused(f"{missing} was not found")
        if call.last not in self.functions:
            self.made.append(call.words)
        self.functions[call.last] = call.arguments
        return DONE

    def _bind(self, call: Call) -> Result:
        member, role = call.flags["--member"], call.flags.get("--role", "roles/run.invoker")
        if not self._is_account(member):
            return refused(f"INVALID_ARGUMENT: {member} does not exist.")
        if "invoker" in call.words and call.last not in self.functions:
            return refused("NOT_FOUND: the function was not found")
        binding = (call.last, member, role)
        if binding not in self.bindings:
            self.bindings.append(binding)
            self.made.append(" ".join(binding))
        return DONE

    def _is_account(self, member: str) -> bool:
        kind, _, email = member.partition(":")
        return kind == "user" or ("account", email.partition("@")[0]) in self.things

    def _index(self, call: Call) -> Result:
        if ("database", call.flags["--database"]) not in self.things:
            return refused("NOT_FOUND: the database was not found")
        if call.last == "list":
            state = "CREATING" if self.builds_left else "READY"
            self.builds_left = max(0, self.builds_left - 1)
            return Result(0, json.dumps([_index_json(one, state) for one in self.indexes]), "")
        index = tuple(one for one in call.arguments if one.startswith("--field-config"))
        if index in self.indexes:
            return refused("ALREADY_EXISTS: index already exists")
        self.indexes.append(index)
        self.made.append(" ".join(index))
        return DONE

    def _field(self, call: Call) -> Result:
        known = self.fields.setdefault(call.last, set())
        if "describe" in call.words:
            return Result(0, json.dumps(_field_json(known)), "")
        self.made += [] if "exempt" in known else [call.words]
        known.add("exempt")
        return DONE

    def _expiry(self, call: Call) -> Result:
        if "--enable-ttl" not in call.arguments:
            return refused("INVALID_ARGUMENT: nothing to do")
        self.fields.setdefault(call.last, set()).add("ttl")
        self.made.append(call.words)
        return DONE


def _index_json(index: tuple[str, ...], state: str) -> dict[str, object]:
    fields = []
    for one in index:
        values = dict(pair.split("=") for pair in one.partition("=")[2].split(","))
        fields.append({"fieldPath": values["field-path"], "order": values["order"].upper()})
    return {
        "name": "projects/p/databases/(default)/collectionGroups/documents/indexes/CICAgOjXh4EK",
        "queryScope": "COLLECTION",
        "state": state,
        "fields": [*fields, {"fieldPath": "__name__", "order": "ASCENDING"}],
    }


def _field_json(known: set[str]) -> dict[str, object]:
    config = {} if "exempt" in known else {"usesAncestorConfig": True, "indexes": [{"state": "READY"}]}
    return {"indexConfig": config, **({"ttlConfig": {"state": "CREATING"}} if "ttl" in known else {})}
