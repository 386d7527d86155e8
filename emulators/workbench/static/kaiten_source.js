/** Boards of Kaiten in the words of the board: a checklist's line is a step. */

import { kaitenOf } from './api.js';

const RESPONSIBLE = 2;
const DONE_COLUMN = 3;
const EMPLOYEE_ROLE = -1;
const PAGE = 100;

export class KaitenSource {
  name = 'Kaiten';
  server = 'kaiten';

  /** Changes the person who works here. */
  as(person) {
    this.kaiten = kaitenOf(person.email);
  }

  /** The board and the card that an address leads to, or null. A board has no address of its own in Kaiten. */
  find(url) {
    const card = /\/card\/(\d+)/.exec(url);
    const board = /\/boards?\/(\d+)/.exec(url);
    return card || board ? { boardId: board?.[1] ?? null, cardId: card?.[1] ?? null } : null;
  }

  async boards() {
    const spaces = await this.kaiten.get('/spaces');
    return spaces.flatMap((space) =>
      (space.boards ?? []).map(({ id, title }) => ({ id: String(id), title, place: space.title })),
    );
  }

  async read(boardId) {
    const [columns, cards] = await Promise.all([this.kaiten.get(`/boards/${boardId}/columns`), this.readCards(boardId)]);
    return {
      columns: inOrder(columns).map(({ id, title, type }) => ({ id: String(id), title, isDone: type === DONE_COLUMN })),
      cards: inOrder(cards).map((card) => ({
        id: String(card.id),
        columnId: String(card.column_id),
        title: card.title,
        dueOn: card.due_date?.slice(0, 10) ?? null,
        doneSteps: card.goals_done,
        steps: card.goals_total,
        minutes: card.time_spent_sum ?? 0,
        plannedHours: plannedHours(card),
        person: (card.members ?? []).find(({ type }) => type === RESPONSIBLE)?.full_name ?? null,
      })),
    };
  }

  async readCards(boardId) {
    const cards = [];
    for (let offset = 0; ; offset += PAGE) {
      const page = await this.kaiten.get(`/cards?board_id=${boardId}&limit=${PAGE}&offset=${offset}`);
      cards.push(...page);
      if (page.length < PAGE) {
        return cards;
      }
    }
  }

  async card(cardId) {
    const [card, logs] = await Promise.all([
      this.kaiten.get(`/cards/${cardId}`),
      this.kaiten.get(`/cards/${cardId}/time-logs`),
    ]);
    return {
      id: String(card.id),
      title: card.title,
      people: (card.members ?? []).filter(({ type }) => type === RESPONSIBLE).map(({ full_name: name }) => name),
      dueOn: card.due_date?.slice(0, 10) ?? null,
      minutes: card.time_spent_sum ?? 0,
      plannedHours: plannedHours(card),
      links: (card.external_links ?? []).map(({ url, description }) => ({ url, title: description || url })),
      description: card.description,
      lists: (card.checklists ?? []).map((checklist) => ({
        title: checklist.name,
        steps: (checklist.items ?? []).map((item) => ({
          id: `${checklist.id}/items/${item.id}`,
          text: item.text,
          isDone: item.checked,
        })),
      })),
      logs: logs.map((log) => ({
        day: log.for_date,
        person: log.user?.full_name ?? log.author?.full_name ?? '',
        minutes: log.time_spent,
      })),
    };
  }

  move(cardId, columnId) {
    return this.kaiten.patch(`/cards/${cardId}`, { column_id: Number(columnId) });
  }

  finishStep(cardId, stepId, isDone) {
    return this.kaiten.patch(`/cards/${cardId}/checklists/${stepId}`, { checked: isDone });
  }

  logTime(cardId, minutes, day) {
    return this.kaiten.post(`/cards/${cardId}/time-logs`, { role_id: EMPLOYEE_ROLE, time_spent: minutes, for_date: day });
  }
}

function inOrder(rows) {
  return [...rows].sort((a, b) => a.sort_order - b.sort_order);
}

function plannedHours(card) {
  return Number(String(card.size ?? card.size_text ?? '').replace(',', '.')) || 0;
}
