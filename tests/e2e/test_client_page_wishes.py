"""What a client adds on his page: the forms, both steps, and what is kept once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.agency_data import NOW
from tests.harness.client_site import ClientSite, hidden_fields, running_site, shown
from vitrina.records.outside.client_links import Scope

A = shown(14)
#: By kind: what is typed, and what is kept of it.
FORMS: dict[str, tuple[dict[str, str], dict[str, object]]] = {
    "question": ({"text": "Когда макет?\r\nИ какой?"}, {"text": "Когда макет?\nИ какой?"}),
    "order": ({"title": "Вторая страница", "text": ""}, {"title": "Вторая страница", "text": ""}),
    "review": ({"mark": "4", "text": "Быстро"}, {"mark": 4, "text": "Быстро"}),
    "attachment": (
        {"url": "https://files.example/a", "number": "14", "note": "Логотип"},
        {"url": "https://files.example/a", "number": 14, "note": "Логотип"},
    ),
    "need": (
        {"line": "1", "ticked": "1", "text": "Доступ к Метрике"},
        {"line": 1, "ticked": True, "text": "Доступ к Метрике"},
    ),
    "priority": ({"number": "9", "direction": "up"}, {"number": 9, "direction": "up"}),
}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClientSite]:
    """A page with one piece of work and two proposals of the client."""
    with running_site(tmp_path, monkeypatch.setenv, now=NOW) as running:
        running.put_page(A)
        yield running


@pytest.mark.parametrize("kind", FORMS)
def test_a_form_is_kept_once(site: ClientSite, kind: str) -> None:
    """The first step keeps nothing; a repeat of the second one finds the first."""
    token = site.make_link()
    typed, kept = FORMS[kind]
    proposed = site.post(f"{token}/{kind}", typed)
    assert (proposed.status_code, site.wishes()) == (200, [])

    answers = [site.confirm(token, kind, proposed) for _ in range(3)]

    assert [one.status_code for one in answers] == [200] * 3
    assert "Уже записано" not in answers[0].text
    assert all("Уже записано 23.11 в 09:00." in one.text for one in answers[1:])
    (wish,) = site.wishes()
    assert (wish["kind"], wish["fields"], wish["origin"]) == (kind, kept, "127.0.0.0/24 Safari")


@pytest.mark.parametrize("kind", FORMS)
def test_without_a_person_nothing_is_kept(site: ClientSite, kind: str) -> None:
    """Neither without role and tick, nor with a link for looking, nor from elsewhere, nor changed later."""
    token, look = site.make_link(), site.make_link(Scope.LOOK)
    typed, _ = FORMS[kind]
    proposed = site.post(f"{token}/{kind}", typed)
    form = {**hidden_fields(proposed.text), "role": "head", "sure": "yes"}
    changed = {**form, next(iter(typed)): "https://evil.example"}

    assert site.post(f"{token}/{kind}", {**form, "role": ""}).status_code == 422
    assert site.post(f"{token}/{kind}", {**form, "sure": ""}).status_code == 422
    assert site.post(f"{token}/{kind}", {**form, "website": "x"}).status_code == 422
    assert site.post(f"{look}/{kind}", form).status_code == 403
    assert site.post(f"{token}/{kind}", form, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert site.post(f"{token}/{kind}", changed).status_code == 409
    assert site.wishes() == []


@pytest.mark.parametrize(
    ("kind", "typed", "field"),
    [
        ("question", {"text": " "}, "text"),
        ("question", {"text": "а" * 2001}, "text"),
        ("order", {"title": "", "text": "Подробности"}, "title"),
        ("review", {"mark": "6", "text": ""}, "mark"),
        ("review", {"mark": "", "text": "Хорошо"}, "mark"),
        ("attachment", {"url": "javascript:alert(1)"}, "url"),
        ("attachment", {"url": "files.example"}, "url"),
        ("attachment", {"url": ""}, "url"),
    ],
)
def test_what_is_wrong_stands_beside_the_field(
    site: ClientSite, kind: str, typed: dict[str, str], field: str
) -> None:
    """And what was typed stays."""
    token = site.make_link()

    answer = site.post(f"{token}/{kind}", typed)

    assert answer.status_code == 422
    assert f'aria-describedby="e_{field}"' in answer.text
    assert all(one in answer.text for one in typed.values() if one.strip())
    assert site.wishes() == []


def test_a_refusal_of_the_second_step_is_told(site: ClientSite) -> None:
    """For what only the store knows: a proposal that was taken up, a link that is not encrypted."""
    token = site.make_link()

    plain = site.write(token, "attachment", url="http://files.example/a", note="Логотип")
    taken = site.write(token, "priority", number="77", direction="up")

    assert (plain.status_code, "начинается с https://" in plain.text) == (422, True)
    assert "http://files.example/a" in plain.text
    assert (taken.status_code, "только у своих предложений" in taken.text) == (422, True)
    assert site.wishes() == []


def test_forms_are_offered(site: ClientSite) -> None:
    """Links to the forms, ticks of needs, moves among the client's own proposals; not to a mere reader."""
    token = site.make_link()

    page = site.get(token).text
    looked = site.get(site.make_link(Scope.LOOK)).text

    for kind in ("question", "order", "attachment", "review"):
        assert f"{token}/{kind}" in page
        assert site.get(f"{token}/{kind}").status_code == 200
    assert page.count(">Раньше</button>") == page.count(">Позже</button>") == 1
    assert page.count(">Уже передано</button>") == 1
    assert "<form" not in looked
    assert "Написать нам" not in looked
    assert '<option value="14">ЗРН-14 Макет 14</option>' in site.get(f"{token}/attachment").text
