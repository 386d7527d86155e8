"""A template of onboarding: the first tasks of one kind of project, in order."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct


class TemplateStep(Struct, frozen=True):
    """Work of one profile on a task.

    ``specialist`` is the person who has to do it, empty for whoever ends first. ``hours`` are above 0;
    ``subtasks`` say what to do.
    """

    profile: str
    hours: float
    specialist: str = ""
    subtasks: tuple[str, ...] = ()


class ClientNeed(Struct, frozen=True):
    """What the client has to hand over.

    It is needed within so many working days of the start of the project, or where that is ``None`` on the
    first day of the task.
    """

    text: str
    within_days: int | None = None


class TemplateTask(Struct, frozen=True):
    """A task of a template: its steps are done in turn.

    It begins when all tasks ``after`` which it comes have ended, and not before ``after_days`` working days
    since the start of the project.
    """

    number: int
    title: str
    steps: tuple[TemplateStep, ...]
    after: tuple[int, ...] = ()
    after_days: int = 0
    needs: tuple[ClientNeed, ...] = ()

    @property
    def hours(self) -> float:
        """Hours of all steps."""
        return sum(step.hours for step in self.steps)

    @property
    def result(self) -> str:
        """All subtasks as text, a line each."""
        lines = [text for step in self.steps for text in step.subtasks]
        return lines[0] if len(lines) == 1 else "\n".join(f"— {line}" for line in lines)


class OnboardingTemplate(Struct, frozen=True):
    """The tasks of a kind of project; each waits only for others of them, and never in a circle."""

    kind: str
    tasks: tuple[TemplateTask, ...]

    def key(self, number: int) -> str:
        """What tells a task from all others of the agency's templates, however it is worded later."""
        return template_key(self.kind, number)

    def without(self, keys: Iterable[str]) -> tuple[TemplateTask, ...]:
        """The tasks that a project with these keys lacks."""
        known = set(keys)
        return tuple(task for task in self.tasks if self.key(task.number) not in known)


def template_key(kind: str, number: int) -> str:
    """See ``OnboardingTemplate.key``; letter case and spaces of the kind do not matter."""
    return f"{' '.join(kind.casefold().split())}#{number}"
