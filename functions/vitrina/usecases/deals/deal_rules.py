"""Reads what *Настройки* say about deals: which stage does what, and which fields are carried over."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import TypeVar

from msgspec import Struct

from vitrina.crm_port import Deal, DealField, DealStage, Pipeline, StageKind
from vitrina.errors import CellProblem
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.settings import read_settings, wants

#: A stage: the id of its pipeline, and its own id, which is unique in the pipeline only.
Stage = tuple[str, str]
Found = TypeVar("Found")

#: Settings that name stages. The first one switches deals on.
STAGE_SETTINGS = ("deal_project", "deal_card", "deal_lost", "deal_in_work", "deal_finished")
#: Settings that name one field of deals.
FIELD_SETTINGS = ("deal_code", "deal_period", "deal_limit", "deal_onboarding")
#: Settings that name several.
FIELDS_SETTINGS = ("deal_staff_fields", "deal_client_fields")


class DealMeaning(Enum):
    """What the stage of a deal asks for."""

    NOTHING = "nothing"
    #: A card on the sales board of the tracker.
    CARD = "card"
    PROJECT = "project"
    LOST = "lost"


class DealRules(Struct, frozen=True):
    """What an agency has chosen.

    Parameters
    ----------
    stages
        Stages by setting, in the order in which they were named.
    fields
        Fields by setting of ``FIELD_SETTINGS``; a setting that is empty is left out.
    staff_fields, client_fields
        Fields whose text is shown to the staff, and to the client.
    board_title
        Title of the sales board in the tracker.
    has_personal_data
        Whether names and phones of the client's people are carried over.
    problems
        Cells that cannot be used.
    """

    pipelines: tuple[Pipeline, ...]
    stages: Mapping[str, tuple[Stage, ...]]
    fields: Mapping[str, DealField]
    staff_fields: tuple[DealField, ...] = ()
    client_fields: tuple[DealField, ...] = ()
    board_title: str = ""
    has_personal_data: bool = False
    problems: tuple[CellProblem, ...] = ()

    @property
    def project_stages(self) -> tuple[Stage, ...]:
        """Stages at which a project begins."""
        return self.stages.get("deal_project", ())

    @property
    def chosen(self) -> tuple[tuple[str, str, str], ...]:
        """The stages that make us do something, with the setting that names them."""
        wanted = ("deal_project", "deal_card")
        return tuple((key, *stage) for key in wanted for stage in self.stages.get(key, ()))

    def meaning(self, pipeline_id: str, stage_id: str) -> DealMeaning:
        """What a deal at this stage asks for.

        A stage that comes after a chosen one in its pipeline means the same: a deal may have passed the
        chosen stage before anybody looked.
        """
        stage = (pipeline_id, stage_id)
        if self._is_lost(stage):
            return DealMeaning.LOST
        if any(self._has_reached(stage, one) for one in self.project_stages):
            return DealMeaning.PROJECT
        if any(self._has_reached(stage, one) for one in self.stages.get("deal_card", ())):
            return DealMeaning.CARD
        return DealMeaning.NOTHING

    def is_before_project(self, deal: Deal) -> bool:
        """Whether a deal stands before the stage at which a project begins, in the same pipeline."""
        of_pipeline = [one for one in self.project_stages if one[0] == deal.pipeline_id]
        return bool(of_pipeline) and self.meaning(deal.pipeline_id, deal.stage_id) in (
            DealMeaning.NOTHING,
            DealMeaning.CARD,
        )

    def stage_for(self, setting: str, pipeline_id: str) -> Stage | None:
        """The stage that a setting names: that of the same pipeline, or else the first one."""
        named = self.stages.get(setting, ())
        return next((one for one in named if one[0] == pipeline_id), named[0] if named else None)

    def has_reached(self, deal: Deal, stage: Stage) -> bool:
        """Whether a deal stands at a stage or after it, in the same pipeline."""
        return self._has_reached((deal.pipeline_id, deal.stage_id), stage)

    def stage_names(self, pipeline_id: str) -> list[str]:
        """Names of the stages of a pipeline, without those of lost deals."""
        stages = self._stages_of(pipeline_id)
        return [one.name for one in stages if not self._is_lost((pipeline_id, one.stage_id))]

    def stage_name(self, pipeline_id: str, stage_id: str) -> str:
        """Name of a stage, empty if it is gone."""
        return next((one.name for one in self._stages_of(pipeline_id) if one.stage_id == stage_id), "")

    def _is_lost(self, stage: Stage) -> bool:
        kinds = (one.kind for one in self._stages_of(stage[0]) if one.stage_id == stage[1])
        return stage in self.stages.get("deal_lost", ()) or StageKind.LOST in kinds

    def _has_reached(self, here: Stage, wanted: Stage) -> bool:
        places = {one.stage_id: number for number, one in enumerate(self._stages_of(here[0]))}
        if here[0] != wanted[0] or here[1] not in places or wanted[1] not in places:
            return False
        return places[here[1]] >= places[wanted[1]]

    def _stages_of(self, pipeline_id: str) -> Sequence[DealStage]:
        return next((one.stages for one in self.pipelines if one.pipeline_id == pipeline_id), ())


def is_about_deals(book: Book) -> bool:
    """Whether the agency has chosen a stage at which something happens."""
    settings = read_settings(book)
    return any(key in settings and settings[key][2].text for key in ("deal_project", "deal_card"))


def read_deal_rules(book: Book, pipelines: Sequence[Pipeline], fields: Sequence[DealField]) -> DealRules:
    """What *Настройки* say, by names of the CRM. What cannot be found there goes to ``problems``.

    Parameters
    ----------
    pipelines, fields
        All of the account.
    """
    problems: list[CellProblem] = []
    stages = _by_name(
        {
            f"{one.name}: {stage.name}": (one.pipeline_id, stage.stage_id)
            for one in pipelines
            for stage in one.stages
        }
    )
    for name, found in _by_name(_unique_stages(pipelines)).items():
        stages.setdefault(name, found)
    named = {one.name: one for one in fields}

    def find(key: str, known: Mapping[str, Found], titles: Iterable[str], code: str) -> tuple[Found, ...]:
        return _named(book, key, known, list(titles), code, problems)

    all_stages = [f"{one.name}: {stage.name}" for one in pipelines for stage in one.stages]
    of_stages = {key: find(key, stages, all_stages, "cell.deal_stage") for key in STAGE_SETTINGS}
    all_fields = _by_name(named)
    of_fields = {key: find(key, all_fields, named, "cell.deal_field") for key in FIELD_SETTINGS}
    staff, client = (find(key, all_fields, named, "cell.deal_field") for key in FIELDS_SETTINGS)
    return DealRules(
        tuple(pipelines),
        stages=of_stages,
        fields={key: found[0] for key, found in of_fields.items() if found},
        staff_fields=staff,
        client_fields=client,
        board_title=_text(book, "deal_board"),
        has_personal_data=wants(book, "deal_personal_data"),
        problems=tuple(problems),
    )


def _named(
    book: Book,
    key: str,
    known: Mapping[str, Found],
    titles: Sequence[str],
    code: str,
    problems: list[CellProblem],
) -> tuple[Found, ...]:
    """What the parts of a setting name; parts that name nothing go to *problems*."""
    found: list[Found] = []
    for part in re.split(r"[;\n]", _text(book, key)):
        if not part.strip():
            continue
        one = known.get(_plain(part))
        if one is None:
            tab, row, _ = read_settings(book)[key]
            problems.append(tab.problem(row, "value", code, value=part.strip(), allowed=list(titles)))
        elif one not in found:
            found.append(one)
    return tuple(found)


def _unique_stages(pipelines: Sequence[Pipeline]) -> dict[str, Stage]:
    """Stages by their own name, without those of a name that several pipelines have."""
    all_stages = [
        (stage.name, (one.pipeline_id, stage.stage_id)) for one in pipelines for stage in one.stages
    ]
    names = [_plain(name) for name, _ in all_stages]
    return {name: stage for name, stage in all_stages if names.count(_plain(name)) == 1}


def _by_name(named: Mapping[str, Found]) -> dict[str, Found]:
    return {_plain(name): one for name, one in named.items()}


def _plain(name: str) -> str:
    """A name without what people type differently: case, spaces, the sign between pipeline and stage."""
    return re.sub(r"\s*[:/→>–—]\s*", ":", " ".join(name.split())).casefold()


def _text(book: Book, key: str) -> str:
    found = read_settings(book).get(key)
    return found[2].text if found else ""
