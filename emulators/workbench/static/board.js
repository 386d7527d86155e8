/**
 * The board of the tracker beside the workbook: columns, cards, a card's panel.
 *
 * A source speaks with one tracker; `boards`, `read` and `card` of it say what there is to draw.
 */

import { avatar, drawCard, drawColumn, showColumns } from './columns.js';
import { day, el, hours, openPopup, showDialog } from './dom.js';

export class Board {
  constructor(root, sources) {
    this.root = root;
    this.sources = sources;
    this.source = sources[0];
    this.boardId = null;
    this.boards = [];
    this.cardReads = 0;
    this.boardReads = 0;
    this.seen = new Map();
    this.drawer = el('aside', { id: 'card', class: 'drawer', hidden: true, 'aria-label': 'Карточка' });
    document.body.append(this.drawer);
  }

  /** Changes the person at the board. */
  async as(person) {
    this.person = person;
    this.sources.forEach((source) => source.as(person));
    this.closeCard();
    await this.refresh();
  }

  /** The place in a tracker that an address leads to, or null. */
  placeOf(url) {
    for (const source of this.sources) {
      const found = source.find(url);
      if (found) {
        return { source, ...found };
      }
    }
    return null;
  }

  /** The board with the name of a workbook, or null. */
  placeByTitle(title) {
    return this.boards.find((board) => title && board.title.startsWith(title)) ?? null;
  }

  /** Shows a board, if there is one. */
  async showBoard(place) {
    if (place?.boardId && (place.boardId !== this.boardId || place.source !== this.source)) {
      this.source = place.source;
      this.boardId = place.boardId;
      this.seen.clear();
      await this.refresh();
    }
  }

  /** Reads the board again and highlights what moved. */
  async refresh() {
    if (!this.person?.has_token) {
      this.root.replaceChildren(el('p', { class: 'empty' }, 'У этого человека нет доступа к трекеру.'));
      return;
    }
    this.boardReads += 1;
    const read = this.boardReads;
    try {
      this.boards = (await Promise.all(this.sources.map(boardsOf))).flat();
      const board =
        this.boards.find((one) => one.boardId === this.boardId && one.source === this.source) ?? this.boards[0];
      if (!board) {
        this.root.replaceChildren(el('p', { class: 'empty' }, 'В трекере пока нет досок.'));
        return;
      }
      [this.source, this.boardId] = [board.source, board.boardId];
      const { columns, cards } = await board.source.read(board.boardId);
      if (read !== this.boardReads) {
        return; // A later read is running: this one may be older than a change.
      }
      this.draw(board, columns, cards);
      if (!this.drawer.hidden) {
        await this.openCard(this.cardId, this.cardSource);
      }
    } catch (error) {
      this.root.replaceChildren(el('p', { class: 'empty' }, `Трекер не отвечает: ${error.message}`));
    }
  }

  draw(board, columns, cards) {
    const first = this.seen.size === 0;
    showColumns(
      this.root,
      el(
        'div',
        { class: 'board-head' },
        el('button', { class: 'board-title', onclick: (event) => this.chooseBoard(event.currentTarget) }, board.title),
        el('span', { class: 'quiet' }, board.source.name),
      ),
      columns.map((column) => {
        const inColumn = cards.filter((card) => card.columnId === column.id);
        return drawColumn(
          { id: column.id, title: column.title, summary: String(inColumn.length) },
          inColumn.map((card) => this.drawCard(card, column, first)),
          (cardId) => this.move(cardId, column.id),
        );
      }),
    );
    this.seen = new Map(cards.map((card) => [card.id, fingerprint(card)]));
  }

  drawCard(card, column, first) {
    const isLate = card.dueOn && !column.isDone && card.dueOn < today();
    const isNew = !first && this.seen.get(card.id) !== fingerprint(card);
    return drawCard(
      {
        id: card.id,
        isNew,
        onOpen: () => this.openCard(card.id),
        onkeydown: (event) => event.key === 'Enter' && this.openCard(card.id),
      },
      el('div', { class: 'card-title' }, card.title),
      el(
        'div',
        { class: 'card-foot' },
        card.dueOn ? el('span', { class: isLate ? 'due late' : 'due' }, day(card.dueOn)) : null,
        card.steps > 0 ? el('span', { class: 'goals' }, `${card.doneSteps} из ${card.steps}`) : null,
        hoursOf(card) ? el('span', { class: 'hours' }, hoursOf(card)) : null,
        card.person ? avatar(card.person) : null,
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
                this.showBoard(board);
              },
            },
            board.title,
            el('span', { class: 'quiet' }, `${board.place} · ${board.source.name}`),
          ),
        ),
      ),
    );
    const close = openPopup(anchor, list);
  }

  async move(cardId, columnId) {
    await this.attempt(() => this.source.move(cardId, columnId));
    await this.refresh();
  }

  // ---- The panel of one card ----

  async openCard(cardId, source = this.source) {
    this.cardId = cardId;
    this.cardSource = source;
    this.cardReads += 1;
    const read = this.cardReads;
    const card = await source.card(cardId);
    if (read !== this.cardReads) {
      return; // A later read is running: this one may be older than a change.
    }
    const state = JSON.stringify(card);
    if (!this.drawer.hidden && state === this.drawnCard) {
      return; // Nothing to draw, so a person who is typing is not disturbed.
    }
    if (this.drawer.hidden || this.timeForm?.dataset.card !== card.id) {
      this.timeForm = this.drawTimeForm(card.id);
    }
    this.drawnCard = state;
    const focused = document.activeElement;
    this.drawer.replaceChildren(
      el('div', { class: 'bar' }, el('span', { class: 'quiet' }, `№ ${card.id}`), el('button', { 'aria-label': 'Закрыть', onclick: () => this.closeCard() }, '×')),
      el(
        'div',
        { class: 'body' },
        el('h2', {}, card.title),
        el(
          'dl',
          {},
          card.people.length ? fact('Ответственный', ...card.people.map((name) => [avatar(name), name]).flat()) : null,
          card.dueOn ? fact('Срок', day(card.dueOn)) : null,
          hoursOf(card) ? fact('Часы', hoursOf(card)) : null,
          ...card.links.map(({ url, title }) =>
            /^https?:/.test(url)
              ? fact('Ссылка', el('a', { href: url, target: '_blank', rel: 'noreferrer' }, title))
              : null,
          ),
        ),
        card.description ? el('p', { class: 'description' }, card.description) : null,
        ...card.lists.map((list) => this.drawSteps(card, list)),
        this.drawTimeLogs(card.logs),
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

  drawSteps(card, list) {
    return el(
      'section',
      {},
      el('h3', {}, list.title),
      el(
        'ul',
        { class: 'checklist' },
        ...list.steps.map((step) =>
          el(
            'li',
            {},
            el(
              'label',
              {},
              el('input', {
                type: 'checkbox',
                checked: step.isDone,
                onchange: (event) => this.finishStep(card.id, step.id, event.target.checked),
              }),
              el('span', {}, step.text),
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
        el('span', {}, day(log.day)),
        el('span', {}, log.person),
        el('b', {}, hours(log.minutes / 60)),
      ),
    );
    return el('section', {}, el('h3', {}, 'Время'), this.timeForm, el('ul', { class: 'logs' }, ...rows));
  }

  async finishStep(cardId, stepId, isDone) {
    await this.attempt(() => this.cardSource.finishStep(cardId, stepId, isDone));
    await this.refresh();
  }

  async logTime(cardId, form) {
    const data = new FormData(form);
    const minutes = Math.round(60 * Number(String(data.get('hours')).replace(',', '.')));
    await this.attempt(() => this.cardSource.logTime(cardId, minutes, data.get('day')));
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

/** Boards of one source, each with the source. */
async function boardsOf(source) {
  return (await source.boards()).map(({ id, title, place }) => ({ source, boardId: id, title, place }));
}

function fact(name, ...value) {
  return [el('dt', {}, name), el('dd', {}, ...value)];
}

/** Logged and planned hours: «1,5 из 8 ч». */
function hoursOf(card) {
  const [logged, planned] = [card.minutes / 60, card.plannedHours];
  if (planned && logged) {
    return `${hours(logged).replace(' ч', '')} из ${hours(planned)}`;
  }
  return planned || logged ? hours(planned || logged) : '';
}

/** The parts of a card that the board shows; a difference is highlighted. */
function fingerprint(card) {
  return [card.columnId, card.title, card.dueOn, card.doneSteps, card.steps, card.minutes].join('|');
}

function today() {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60000).toISOString().slice(0, 10);
}
