/** The funnel of the CRM beside the board: stages as columns, deals as cards, and a deal's panel. */

import { amocrmOf } from './api.js';
import { avatar, drawCard, drawColumn, showColumns } from './columns.js';
import { DealPanel } from './deal_panel.js';
import { el, openPopup, plural, roubles, showDialog } from './dom.js';

const CLOSED = [142, 143];
/** Fields that may well be empty, so that their emptiness is not told. */
const OPTIONAL_TYPES = ['textarea', 'checkbox', 'tracking_data'];
/** A card names this many empty fields and counts the others. */
const NAMED_FIELDS = 2;
const DEALS = ['сделка', 'сделки', 'сделок'];
const HINT = 'Enter открывает сделку, Shift со стрелкой влево или вправо двигает её на соседний этап.';

export class Funnel {
  constructor(root) {
    this.root = root;
    this.pipelineId = null;
    this.reads = 0;
    this.seen = new Map();
    this.panel = new DealPanel({
      onAction: (action) => this.act(action),
      onClosed: (dealId) => this.root.querySelector(`[data-card="${dealId}"]`)?.focus(),
    });
  }

  /** Changes the person at the funnel. */
  async as(person) {
    this.person = person;
    this.crm = amocrmOf(person.email);
    this.close();
    await this.refresh();
  }

  /** The deal that an address leads to, or null. */
  find(url) {
    return /\/leads\/detail\/(\d+)/.exec(url)?.[1] ?? null;
  }

  /** Reads the deals again and highlights what changed. */
  async refresh() {
    if (!this.person?.has_token) {
      this.refuse();
      return;
    }
    this.reads += 1;
    const read = this.reads;
    try {
      const account = await this.crm.deals();
      if (read !== this.reads) {
        return; // A later read is running: this one may be older than a change.
      }
      this.account = account;
      this.user = account.users.find(({ email }) => email.toLowerCase() === this.person.email.toLowerCase());
      if (!this.user) {
        this.refuse();
        return;
      }
      this.draw();
      await this.panel.refresh(this.crm, account);
    } catch (error) {
      this.root.replaceChildren(el('p', { class: 'empty' }, `CRM не отвечает: ${error.message}`));
    }
  }

  /** Says that the person is no user of the CRM. */
  refuse() {
    this.user = null;
    this.close();
    this.root.replaceChildren(el('p', { class: 'empty' }, 'У этого человека нет доступа к CRM.'));
  }

  /** Opens the panel of a deal, and the pipeline in which it is. */
  async open(dealId) {
    if (!this.user) {
      return;
    }
    const deal = this.account.deals.find((one) => String(one.id) === String(dealId));
    if (!deal) {
      showDialog('Сделки нет', `В CRM нет сделки № ${dealId}: её удалили или объединили с другой.`);
      return;
    }
    this.showPipeline(deal.pipeline_id);
    await this.panel.open(this.crm, this.account, deal.id);
  }

  close() {
    this.panel.close();
  }

  draw() {
    const { pipelines, deals } = this.account;
    const pipeline = pipelines.find(({ id }) => id === this.pipelineId) ?? pipelines[0];
    if (!pipeline) {
      this.root.replaceChildren(el('p', { class: 'empty' }, 'В CRM пока нет воронок.'));
      return;
    }
    this.pipelineId = pipeline.id;
    const shown = deals.filter((deal) => deal.pipeline_id === pipeline.id);
    showColumns(
      this.root,
      el(
        'div',
        { class: 'board-head' },
        el('button', { class: 'board-title', onclick: (event) => this.choosePipeline(event.currentTarget) }, pipeline.name),
        el('span', { class: 'quiet' }, 'amoCRM'),
      ),
      pipeline.statuses.map((status) => this.drawStage(pipeline, status, shown.filter((deal) => deal.status_id === status.id))),
    );
    this.seen = new Map(deals.map((deal) => [deal.id, fingerprint(deal)]));
  }

  drawStage(pipeline, status, deals) {
    const sum = deals.reduce((total, deal) => total + deal.price, 0);
    const column = {
      id: String(status.id),
      title: status.name,
      summary: (deals.length ? plural(deals.length, DEALS) : 'нет сделок') + (sum ? `: ${roubles(sum)}` : ''),
    };
    const cards = deals.map((deal) => this.drawDeal(pipeline, deal));
    return drawColumn(column, cards, (dealId) => this.move(Number(dealId), status.id));
  }

  drawDeal(pipeline, deal) {
    const missing = CLOSED.includes(deal.status_id) ? [] : this.missingFields(deal);
    return drawCard(
      {
        id: String(deal.id),
        isNew: this.seen.size > 0 && this.seen.get(deal.id) !== fingerprint(deal),
        onOpen: () => this.open(deal.id),
        onkeydown: (event) => this.onKey(event, pipeline, deal),
        'aria-description': HINT,
        'aria-keyshortcuts': 'Enter Shift+ArrowLeft Shift+ArrowRight',
      },
      el('div', { class: 'card-title' }, deal.name),
      deal.company ? el('div', { class: 'quiet' }, deal.company) : null,
      missing.length ? el('div', { class: 'missing' }, `Не заполнено: ${listed(missing)}`) : null,
      el(
        'div',
        { class: 'card-foot' },
        el('span', { class: 'price' }, deal.price ? roubles(deal.price) : 'без бюджета'),
        deal.open_task_count ? el('span', {}, plural(deal.open_task_count, ['задача', 'задачи', 'задач'])) : null,
        deal.responsible ? avatar(deal.responsible) : null,
      ),
    );
  }

  /** Names of the fields that a project needs and the deal lacks. */
  missingFields(deal) {
    return this.account.fields
      .filter(({ id, type }) => !OPTIONAL_TYPES.includes(type) && !deal.fields[id])
      .map(({ name }) => name);
  }

  onKey(event, { statuses }, deal) {
    if (event.key === 'Enter') {
      this.open(deal.id);
    } else if (event.shiftKey && ['ArrowLeft', 'ArrowRight'].includes(event.key)) {
      event.preventDefault();
      const place = statuses.findIndex(({ id }) => id === deal.status_id) + (event.key === 'ArrowRight' ? 1 : -1);
      if (statuses[place]) {
        this.move(deal.id, statuses[place].id);
      }
    }
  }

  move(dealId, statusId) {
    return this.act({ action: 'move_deal', id: dealId, pipeline_id: this.pipelineId, status_id: statusId });
  }

  /** Does in the CRM what the person at the page does; webhooks follow. */
  async act(action) {
    try {
      await this.crm.act({ ...action, user_id: this.user.id });
    } catch (error) {
      this.panel.drawAgain();
      showDialog('CRM отказала', error.message);
    }
    await this.refresh();
  }

  choosePipeline(anchor) {
    const choose = (id) => {
      close();
      this.showPipeline(id);
    };
    const rows = this.account.pipelines.map(({ id, name }) => {
      const count = this.account.deals.filter((deal) => deal.pipeline_id === id).length;
      const note = el('span', { class: 'quiet' }, plural(count, DEALS));
      return el('li', {}, el('button', { onclick: () => choose(id) }, name, note));
    });
    const close = openPopup(anchor, el('ul', { role: 'listbox', 'aria-label': 'Воронки' }, ...rows));
  }

  showPipeline(id) {
    if (id !== this.pipelineId) {
      this.pipelineId = id;
      this.draw();
    }
  }
}

function listed(names) {
  const named = names.length <= NAMED_FIELDS + 1 ? names : names.slice(0, NAMED_FIELDS);
  const rest = names.length - named.length;
  return named.join(', ') + (rest ? ` и ещё ${rest}` : '');
}

/** Any difference of a deal is highlighted, also a new note. */
function fingerprint(deal) {
  return JSON.stringify(deal);
}
