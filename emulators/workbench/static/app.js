/** The page: connects the workbook, the add-on, the board, the funnel and the chat, and updates them after changes. */

import { AddOn } from './addon.js';
import { google, ServiceError, workbench } from './api.js';
import { AsanaSource } from './asana_source.js';
import { Board } from './board.js';
import { Book, CHUNK_ROWS, changedCells } from './book.js';
import { Chat } from './chat.js';
import { colourOf, el, initials, openPopup, showDialog } from './dom.js';
import { openEditor } from './editor.js';
import { typedText } from './format.js';
import { Funnel } from './funnel.js';
import { Grid, hasDropdown } from './grid.js';
import { KaitenSource } from './kaiten_source.js';
import { inRussian } from './refusals.js';

const RETRY_MS = 1000;
/** Address of a client's page: it ends in the token of a link. */
const CLIENT_PAGE = /\/c\/[\w-]{22}$/;
/** The client's phone is a window of its own: his page lets nobody put it into a frame. */
const PHONE = 'popup,width=390,height=844,noopener,noreferrer';
const $ = (selector) => document.querySelector(selector);

/** Trackers whose boards the page can show. */
const SOURCES = [new KaitenSource(), new AsanaSource()];

class Page {
  async start() {
    // Get the versions before reading, so that changes while the page opens are read again.
    const seen = await workbench.changes({}).catch(() => ({}));
    const [session, project] = await Promise.all([workbench.session(), workbench.project()]);
    this.people = session.people;
    this.person = this.personOf(localStorage.getItem('user')) ?? this.personOf(session.user);
    this.grid = new Grid($('#grid'), {
      needRows: (from, to) => this.loadRows(from, to),
      onSelect: (a1, cell) => this.showContent(a1, cell),
      onOpenEditor: (a1, td, typed) => this.edit(a1, td, typed),
      onToggle: (a1, cell) => this.save(a1, cell ? String(!cell.effectiveValue?.boolValue).toUpperCase() : ''),
    });
    this.addOn = new AddOn(project, {
      surroundings: () => ({ spreadsheet: this.spreadsheet(), user: this.person.email }),
      menubar: $('#menubar'),
      sidebar: $('#sidebar'),
      toasts: $('#toasts'),
      onActivate: ({ sheet, cell }) => this.goTo(sheet, cell),
      onLink: (url) => this.follow(url),
    });
    this.board = new Board($('#board'), SOURCES.filter(({ server }) => session.trackers.includes(server)));
    this.funnel = session.has_crm ? new Funnel($('#funnel')) : null;
    this.chat = session.has_chat ? new Chat($('#chat')) : null;
    this.showPeople();
    this.showViews();
    this.showPanes();
    $('#book-title').addEventListener('click', (event) => this.chooseBook(event.currentTarget));
    addEventListener('hashchange', () => this.openFromAddress());
    document.addEventListener('click', (event) => this.onLinkClick(event));
    await Promise.all([
      this.openFromAddress(),
      this.board.as(this.person),
      this.funnel?.as(this.person),
      this.chat?.refresh(),
    ]);
    await this.showBoardOfBook();
    document.body.dataset.ready = 'true';
    this.watch(seen);
  }

  // ---- People and views ----

  personOf(email) {
    return this.people.find((person) => person.email === email);
  }

  showPeople() {
    const select = $('#user');
    select.replaceChildren(
      ...this.people.map((person) =>
        el('option', { value: person.email, selected: person === this.person }, person.name),
      ),
    );
    const showAvatar = () => {
      $('#user-avatar').textContent = initials(this.person.name);
      $('#user-avatar').style.background = colourOf(this.person.name);
      select.title = this.person.email;
    };
    showAvatar();
    select.addEventListener('change', async () => {
      this.person = this.personOf(select.value);
      localStorage.setItem('user', this.person.email);
      showAvatar();
      await Promise.all([this.addOn.open(), this.board.as(this.person), this.funnel?.as(this.person)]);
    });
  }

  showViews() {
    document
      .querySelectorAll('.views button')
      .forEach((button) => button.addEventListener('click', () => this.chooseView(button.dataset.view)));
    this.chooseView(localStorage.getItem('view') ?? 'split');
  }

  chooseView(view) {
    document.body.dataset.view = view;
    localStorage.setItem('view', view);
    for (const button of document.querySelectorAll('.views button')) {
      button.setAttribute('aria-checked', String(button.dataset.view === view));
    }
    this.chat?.appear();
  }

  /** The board, the funnel and the chat share one place; those whose server does not run cannot be chosen. */
  showPanes() {
    const panes = { board: this.board, funnel: this.funnel, chat: this.chat };
    for (const button of document.querySelectorAll('.panes button')) {
      button.hidden = !panes[button.dataset.pane];
      button.addEventListener('click', () => this.choosePane(button.dataset.pane));
    }
    $('.panes').hidden = !this.funnel && !this.chat;
    const last = localStorage.getItem('pane');
    this.choosePane(panes[last] ? last : 'board');
  }

  choosePane(pane) {
    localStorage.setItem('pane', pane);
    this.board.closeCard();
    this.funnel?.close();
    this.chat?.close();
    for (const button of document.querySelectorAll('.panes button')) {
      const isChosen = button.dataset.pane === pane;
      button.setAttribute('aria-selected', String(isChosen));
      $(`#${button.dataset.pane}`).hidden = !isChosen;
    }
    this.chat?.appear();
  }

  // ---- Workbooks and tabs ----

  /** The address of the page names the workbook and the tab: `#<spreadsheet id>/<sheet id>`. */
  async openFromAddress() {
    const [id, sheetId] = location.hash.slice(1).split('/');
    const books = await google.workbooks();
    const known = books.find((book) => book.spreadsheetId === id) ?? books[0];
    if (!known) {
      $('#book-title').textContent = 'Книг пока нет';
      $('#tabs').replaceChildren();
      return;
    }
    if (this.book?.id !== known.spreadsheetId) {
      this.book = new Book(known.spreadsheetId);
      this.tab = null;
      await this.book.load();
      await this.openTab(sheetId === undefined ? undefined : Number(sheetId));
      await this.addOn.open();
      await this.showBoardOfBook();
    } else if (sheetId !== undefined && this.tab?.sheetId !== Number(sheetId)) {
      await this.openTab(Number(sheetId));
    }
  }

  openTab(sheetId) {
    this.opening = this.readTab(sheetId);
    return this.opening;
  }

  async readTab(sheetId) {
    const sheet = this.book.sheets.find((one) => one.sheetId === sheetId) ?? this.book.sheets[0];
    this.showBook(sheet.sheetId);
    this.wanted = sheet.sheetId;
    $('#grid').setAttribute('aria-busy', 'true');
    const tab = await this.book.loadTab(sheet.sheetId);
    if (this.wanted !== sheet.sheetId) {
      return; // Another tab was chosen while this one was being read.
    }
    $('#grid').removeAttribute('aria-busy');
    this.tab = tab;
    this.grid.show(tab);
    history.replaceState(null, '', `#${this.book.id}/${sheet.sheetId}`);
  }

  showBook(sheetId) {
    $('#book-title').textContent = this.book.title;
    document.title = `${this.book.title} · Vitrina`;
    $('#tabs').replaceChildren(
      ...this.book.sheets.map((sheet) => {
        const tab = el(
          'button',
          {
            role: 'tab',
            'aria-selected': String(sheet.sheetId === sheetId),
            onclick: () => this.openTab(sheet.sheetId),
          },
          sheet.title,
        );
        const colour = this.book.tabColour(sheet);
        if (colour) {
          tab.append(el('i'));
          tab.lastChild.style.background = colour;
        }
        return tab;
      }),
    );
  }

  async chooseBook(anchor) {
    const books = await google.workbooks();
    const list = el(
      'ul',
      { role: 'listbox', 'aria-label': 'Книги' },
      ...books.map((book) =>
        el(
          'li',
          {},
          el(
            'button',
            {
              'aria-current': String(book.spreadsheetId === this.book?.id),
              onclick: () => {
                close();
                location.hash = book.spreadsheetId;
              },
            },
            book.title,
          ),
        ),
      ),
    );
    const close = openPopup(anchor, list);
  }

  async loadRows(from, to) {
    const { tab } = this;
    if (tab && (await this.book.loadRows(tab, from, to)) && tab === this.tab) {
      const keepsSelection = this.grid.isSelectedInView();
      this.grid.show(tab);
      if (keepsSelection) {
        this.grid.scrollToSelected(); // The rows above may be higher than estimated.
      }
    }
  }

  async goTo(title, a1) {
    const sheet = this.book.sheets.find((one) => one.title === title);
    if (sheet && sheet.sheetId !== this.tab.sheetId) {
      await this.openTab(sheet.sheetId);
    }
    this.grid.selectAddress(a1);
  }

  onLinkClick(event) {
    const link = event.target.closest('#grid a[href], .drawer a[href^="http"], #chat a[href]');
    if (link) {
      event.preventDefault();
      this.follow(link.href);
    }
  }

  /** A link to a workbook, a card, a board or a deal of ours, for Telegram, to a client's page or another site. */
  async follow(url) {
    const book = /\/spreadsheets\/d\/([\w-]+)/.exec(url);
    const place = this.board.placeOf(url);
    const dealId = this.funnel?.find(url);
    const chatLink = this.chat?.find(url);
    if (book) {
      location.hash = book[1];
    } else if (chatLink) {
      this.choosePane('chat');
      if (document.body.dataset.view === 'table') {
        this.chooseView('split');
      }
      await this.chat.follow(chatLink, url);
    } else if (dealId && this.person.has_token) {
      this.choosePane('funnel');
      await this.funnel.open(dealId);
    } else if (place?.cardId && this.person.has_token) {
      this.choosePane('board');
      await this.board.openCard(place.cardId, place.source);
    } else if (place?.boardId) {
      this.choosePane('board');
      await this.board.showBoard(place);
    } else if (CLIENT_PAGE.test(url)) {
      window.open(url, '_blank', PHONE);
    } else {
      window.open(url, '_blank', 'noreferrer');
    }
  }

  spreadsheet() {
    const { id, title, locale, metadata, sheets } = this.book;
    return {
      id,
      name: title,
      locale,
      metadata,
      sheets: sheets.map((sheet) => sheet.title),
      currentCell: this.tab ? this.currentCell() : null,
    };
  }

  /** The selected cell with its note, rows and columns from 1. */
  currentCell() {
    const { row, column } = this.grid.selected;
    const note = this.grid.cell(row, column)?.note ?? '';
    return { sheetId: this.tab.sheetId, row: row + 1, column: column + 1, note };
  }

  async showBoardOfBook() {
    const url = await this.book?.namedValue('vt_board_url').catch(() => null);
    // Kaiten has no address for a single board, so a link may contain only the space.
    await this.board.showBoard((url && this.board.placeOf(url)) ?? this.board.placeByTitle(this.book?.title));
  }

  // ---- Cells ----

  showContent(a1, cell) {
    $('#address').textContent = a1;
    $('#content').textContent = typedText(cell, this.book.locale);
  }

  async edit(a1, td, typed) {
    const cell = this.grid.cell(this.grid.selected.row, this.grid.selected.column);
    const choices = hasDropdown(cell) ? await this.book.choices(cell.dataValidation) : null;
    const text = typedText(cell, this.book.locale);
    openEditor(td, {
      text: choices ? text : (typed ?? text),
      choices,
      done: (value, [down, right]) => {
        if (value !== null && value !== text) {
          this.save(a1, value);
        }
        const { row, column } = this.grid.selected;
        this.grid.select(row + down, column + right);
      },
    });
  }

  async save(a1, text) {
    try {
      // The changes of the edit come back like all other changes.
      await google.edit(this.book.id, this.person.email, [{ type: 'type', sheet: this.tab.title, cell: a1, text }]);
    } catch (error) {
      showDialog('Возникла проблема', inRussian(error.message));
    }
  }

  // ---- Updates ----

  /** Reads the open tab again and highlights changes. */
  async readAgain() {
    // A tab that is just being opened may have been read before the change.
    await Promise.allSettled([this.opening]);
    const { book, tab } = this;
    if (!book || !tab) {
      await this.openFromAddress();
      return;
    }
    try {
      await book.load();
    } catch (error) {
      // The emulator got a new state meanwhile: open another workbook.
      this.book = null;
      throw error;
    }
    const isThere = book.sheets.some((sheet) => sheet.sheetId === tab.sheetId);
    if (!isThere) {
      await this.openTab(undefined);
      return;
    }
    const fresh = await book.loadTab(tab.sheetId, this.chunksInSight(tab));
    if (this.tab === tab && this.book === book) {
      this.tab = fresh;
      this.showBook(fresh.sheetId);
      this.grid.show(fresh, changedCells(withRowsOf(tab, fresh), fresh));
    }
    await this.showBoardOfBook();
  }

  chunksInSight(tab) {
    const { from, to } = this.grid.window ?? { from: 0, to: 1 };
    const inSight = [...tab.chunks].filter((chunk) => chunk * CHUNK_ROWS < to && (chunk + 1) * CHUNK_ROWS > from);
    return new Set([0, ...inSight]);
  }

  /** Follows changes of the emulators while the page is open, from the versions before the first read. */
  async watch(seen) {
    for (;;) {
      try {
        const now = await workbench.changes(seen);
        const work = [];
        if (now.google !== seen.google) {
          work.push(this.readAgain());
        }
        if (now.kaiten !== seen.kaiten || now.asana !== seen.asana) {
          work.push(this.board.refresh());
        }
        if (now.amocrm !== seen.amocrm) {
          work.push(this.funnel?.refresh());
        }
        if (now.telegram !== seen.telegram) {
          work.push(this.chat?.refresh());
        }
        seen = now;
        await Promise.all(work);
      } catch (error) {
        if (!(error instanceof ServiceError) && !(error instanceof TypeError)) {
          throw error;
        }
        // Failed reads are repeated, even if nothing else changes meanwhile.
        seen = {};
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }
}

/** The earlier tab without the rows that were not read again. */
function withRowsOf(before, after) {
  return { ...before, rows: new Map([...before.rows].filter(([row]) => after.chunks.has(Math.floor(row / CHUNK_ROWS)))) };
}

const page = new Page();
page.start().catch((error) => showDialog('Мастерская не открылась', error.message));
