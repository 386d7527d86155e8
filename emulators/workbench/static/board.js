/** The board of the tracker beside the workbook: columns, cards, a card's panel. */

import { kaitenOf } from './api.js';
import { colourOf, day, el, hours, initials, openPopup, showDialog } from './dom.js';

const RESPONSIBLE = 2;
const DONE_COLUMN = 3;
const EMPLOYEE_ROLE = -1;
const PAGE = 100;

export class Board {
  constructor(root) {
    this.root = root;
    this.boardId = null;
    this.boards = [];
    this.cardReads = 0;
    this.boardReads = 0;
    this.seen = new Map();
    this.drawer = el('aside', { id: 'card', hidden: true, 'aria-label': 'Карточка' });
    document.body.append(this.drawer);
  }

  /** Changes the person at the board. */
  async as(person) {
    this.person = person;
    this.kaiten = kaitenOf(person.email);
    this.closeCard();
    await this.refresh();
  }

  /** Shows the board of the open workbook, if it has one. */
  async showBoard(boardId) {
    if (boardId !== null && boardId !== this.boardId) {
      this.boardId = boardId;
      this.seen.clear();
      await this.refresh();
    }
  }

  /** The board with the name of a workbook, or null. */
  idByTitle(title) {
    return this.boards.find((board) => title && board.title.startsWith(title))?.id ?? null;
  }

  /** Reads the board again and highlights what moved. */
  async refresh() {
    if (!this.person?.has_board) {
      this.root.replaceChildren(el('p', { class: 'empty' }, 'У этого человека нет доступа к трекеру.'));
      return;
    }
    this.boardReads += 1;
    const read = this.boardReads;
    try {
      const spaces = await this.kaiten.get('/spaces');
      this.boards = spaces.flatMap((space) => (space.boards ?? []).map((board) => ({ ...board, space: space.title })));
      const board = this.boards.find(({ id }) => id === this.boardId) ?? this.boards[0];
      if (!board) {
        this.root.replaceChildren(el('p', { class: 'empty' }, 'В трекере пока нет досок.'));
        return;
      }
      this.boardId = board.id;
      const [columns, cards] = await Promise.all([this.kaiten.get(`/boards/${board.id}/columns`), this.readCards(board.id)]);
      if (read !== this.boardReads) {
        return; // A later read is running: this one may be older than a change.
      }
      this.draw(board, columns, cards);
      if (!this.drawer.hidden) {
        await this.openCard(this.cardId);
      }
    } catch (error) {
      this.root.replaceChildren(el('p', { class: 'empty' }, `Трекер не отвечает: ${error.message}`));
    }
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

  draw(board, columns, cards) {
    const sorted = [...columns].sort((a, b) => a.sort_order - b.sort_order);
    const first = this.seen.size === 0;
    const scrolled = Object.fromEntries(
      [...this.root.querySelectorAll('.column')].map((column) => [column.dataset.id, column.querySelector('.cards').scrollTop]),
    );
    this.root.replaceChildren(
      el(
        'div',
        { class: 'board-head' },
        el('button', { class: 'board-title', onclick: (event) => this.chooseBoard(event.currentTarget) }, board.title),
        el('span', { class: 'quiet' }, 'Kaiten'),
      ),
      el(
        'div',
        { class: 'columns' },
        ...sorted.map((column) =>
          this.drawColumn(
            column,
            cards.filter((card) => card.column_id === column.id).sort((a, b) => a.sort_order - b.sort_order),
            first,
          ),
        ),
      ),
    );
    for (const column of this.root.querySelectorAll('.column')) {
      column.querySelector('.cards').scrollTop = scrolled[column.dataset.id] ?? 0;
    }
    this.seen = new Map(cards.map((card) => [card.id, fingerprint(card)]));
  }

  drawColumn(column, cards, first) {
    const node = el(
      'section',
      {
        class: 'column',
        'data-id': column.id,
        'aria-label': column.title,
        ondragover: (event) => {
          event.preventDefault();
          node.classList.add('target');
        },
        ondragleave: (event) => {
          if (!node.contains(event.relatedTarget)) {
            node.classList.remove('target');
          }
        },
        ondrop: (event) => {
          event.preventDefault();
          node.classList.remove('target');
          this.move(Number(event.dataTransfer.getData('text/plain')), column.id);
        },
      },
      el('h3', {}, column.title, el('span', {}, String(cards.length))),
      el('div', { class: 'cards' }, ...cards.map((card) => this.drawCard(card, column, first))),
    );
    return node;
  }

  drawCard(card, column, first) {
    const responsible = (card.members ?? []).find(({ type }) => type === RESPONSIBLE);
    const isDone = column.type === DONE_COLUMN;
    const isLate = card.due_date && !isDone && card.due_date.slice(0, 10) < today();
    const isNew = !first && this.seen.get(card.id) !== fingerprint(card);
    return el(
      'article',
      {
        class: `card${isNew ? ' flash' : ''}`,
        draggable: 'true',
        tabindex: 0,
        'data-card': card.id,
        ondragstart: (event) => {
          event.dataTransfer.setData('text/plain', String(card.id));
          event.dataTransfer.effectAllowed = 'move';
        },
        onclick: () => this.openCard(card.id),
        onkeydown: (event) => event.key === 'Enter' && this.openCard(card.id),
      },
      el('div', { class: 'card-title' }, card.title),
      el(
        'div',
        { class: 'card-foot' },
        card.due_date ? el('span', { class: isLate ? 'due late' : 'due' }, day(card.due_date)) : null,
        card.goals_total > 0 ? el('span', { class: 'goals' }, `${card.goals_done} из ${card.goals_total}`) : null,
        hoursOf(card) ? el('span', { class: 'hours' }, hoursOf(card)) : null,
        responsible ? avatar(responsible.full_name) : null,
      ),
    );
  }

  chooseBoard(anchor) {
    const list = el(
      'ul',
      { role: 'listbox' },
      ...this.boards.map((board) =>
        el(
          'li',
          {},
          el(
            'button',
            {
              onclick: () => {
                close();
                this.showBoard(board.id);
              },
            },
            board.title,
            el('span', { class: 'quiet' }, board.space),
          ),
        ),
      ),
    );
    const close = openPopup(anchor, list);
  }

  async move(cardId, columnId) {
    await this.attempt(() => this.kaiten.patch(`/cards/${cardId}`, { column_id: columnId }));
    await this.refresh();
  }

  // ---- The panel of one card ----

  async openCard(cardId) {
    this.cardId = cardId;
    this.cardReads += 1;
    const read = this.cardReads;
    const [card, logs] = await Promise.all([
      this.kaiten.get(`/cards/${cardId}`),
      this.kaiten.get(`/cards/${cardId}/time-logs`),
    ]);
    if (read !== this.cardReads) {
      return; // A later read is running: this one may be older than a change.
    }
    const state = JSON.stringify([card, logs]);
    if (!this.drawer.hidden && state === this.drawnCard) {
      return; // Nothing to draw, so a person who is typing is not disturbed.
    }
    if (this.drawer.hidden || this.timeForm?.dataset.card !== String(card.id)) {
      this.timeForm = this.drawTimeForm(card.id);
    }
    this.drawnCard = state;
    const focused = document.activeElement;
    const responsible = (card.members ?? []).filter(({ type }) => type === RESPONSIBLE);
    this.drawer.replaceChildren(
      el('div', { class: 'bar' }, el('span', { class: 'quiet' }, `№ ${card.id}`), el('button', { 'aria-label': 'Закрыть', onclick: () => this.closeCard() }, '×')),
      el(
        'div',
        { class: 'body' },
        el('h2', {}, card.title),
        el(
          'dl',
          {},
          responsible.length ? fact('Ответственный', ...responsible.map(({ full_name: name }) => [avatar(name), name]).flat()) : null,
          card.due_date ? fact('Срок', day(card.due_date)) : null,
          hoursOf(card) ? fact('Часы', hoursOf(card)) : null,
          ...(card.external_links ?? []).map(({ url, description }) =>
            /^https?:/.test(url)
              ? fact('Ссылка', el('a', { href: url, target: '_blank', rel: 'noreferrer' }, description || url))
              : null,
          ),
        ),
        card.description ? el('p', { class: 'description' }, card.description) : null,
        ...(card.checklists ?? []).map((checklist) => this.drawChecklist(card, checklist)),
        this.drawTimeLogs(logs),
      ),
    );
    this.drawer.hidden = false;
    if (this.timeForm.contains(focused)) {
      focused.focus();
    }
  }

  closeCard() {
    this.drawer.hidden = true;
  }

  drawChecklist(card, checklist) {
    return el(
      'section',
      {},
      el('h3', {}, checklist.name),
      el(
        'ul',
        { class: 'checklist' },
        ...(checklist.items ?? []).map((item) =>
          el(
            'li',
            {},
            el(
              'label',
              {},
              el('input', {
                type: 'checkbox',
                checked: item.checked,
                onchange: (event) => this.tick(card.id, checklist.id, item.id, event.target.checked),
              }),
              el('span', {}, item.text),
            ),
          ),
        ),
      ),
    );
  }

  /** The form stays with the typed text when its card is drawn again. */
  drawTimeForm(cardId) {
    const form = el(
      'form',
      {
        class: 'time-log',
        'data-card': cardId,
        onsubmit: (event) => {
          event.preventDefault();
          this.logTime(cardId, form);
        },
      },
      el('input', {
        name: 'hours',
        required: true,
        inputmode: 'decimal',
        pattern: '\\d+([.,]\\d+)?',
        placeholder: 'Часы',
        'aria-label': 'Часы',
      }),
      el('input', { name: 'day', type: 'date', required: true, value: today(), 'aria-label': 'День' }),
      el('button', { class: 'primary' }, 'Записать время'),
    );
    return form;
  }

  drawTimeLogs(logs) {
    const rows = logs.map((log) =>
      el(
        'li',
        {},
        el('span', {}, day(log.for_date)),
        el('span', {}, log.user?.full_name ?? log.author?.full_name ?? ''),
        el('b', {}, hours(log.time_spent / 60)),
      ),
    );
    return el('section', {}, el('h3', {}, 'Время'), this.timeForm, el('ul', { class: 'logs' }, ...rows));
  }

  async tick(cardId, checklistId, itemId, checked) {
    await this.attempt(() => this.kaiten.patch(`/cards/${cardId}/checklists/${checklistId}/items/${itemId}`, { checked }));
    await this.refresh();
  }

  async logTime(cardId, form) {
    const data = new FormData(form);
    const minutes = Math.round(60 * Number(String(data.get('hours')).replace(',', '.')));
    await this.attempt(() =>
      this.kaiten.post(`/cards/${cardId}/time-logs`, {
        role_id: EMPLOYEE_ROLE,
        time_spent: minutes,
        for_date: data.get('day'),
      }),
    );
    form.elements.hours.value = '';
    await this.refresh();
  }

  async attempt(change) {
    try {
      await change();
    } catch (error) {
      showDialog('Трекер отказал', error.message);
    }
  }
}

function avatar(name) {
  const node = el('span', { class: 'avatar', title: name }, initials(name));
  node.style.background = colourOf(name);
  return node;
}

function fact(name, ...value) {
  return [el('dt', {}, name), el('dd', {}, ...value)];
}

/** Logged and planned hours: «1,5 из 8 ч». */
function hoursOf(card) {
  const logged = (card.time_spent_sum ?? 0) / 60;
  const planned = Number(String(card.size ?? card.size_text ?? '').replace(',', '.')) || 0;
  if (planned && logged) {
    return `${hours(logged).replace(' ч', '')} из ${hours(planned)}`;
  }
  return planned || logged ? hours(planned || logged) : '';
}

/** The parts of a card that the board shows; a difference is highlighted. */
function fingerprint(card) {
  return [card.column_id, card.title, card.due_date, card.goals_done, card.goals_total, card.time_spent_sum].join('|');
}

function today() {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60000).toISOString().slice(0, 10);
}
