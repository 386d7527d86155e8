/** The panel of one deal: its stage and fields to be filled in, contacts, tasks and notes. */

import { el, moment, roubles } from './dom.js';

const NOBODY = '—';
const URL_IN_TEXT = /(https?:\/\/[^\s<>«»"]*[^\s<>«»".,;:!?)\]])/;
/** A day of a field is the moment at which it begins in Moscow, which has no summer time. */
const ZONE = 'Europe/Moscow';
const OFFSET = '+03:00';

export class DealPanel {
  /**
   * @param {{onAction: function(Object): Promise<void>, onClosed: function(number): void}} callbacks
   *   `onAction` does something in the CRM and reads the deals again, also if it was refused.
   */
  constructor(callbacks) {
    this.callbacks = callbacks;
    this.dealId = null;
    this.reads = 0;
    this.drawer = el('aside', {
      id: 'deal',
      class: 'drawer',
      hidden: true,
      tabindex: -1,
      'aria-label': 'Сделка',
      onkeydown: (event) => event.key === 'Escape' && this.close(),
    });
    document.body.append(this.drawer);
  }

  async open(crm, account, dealId) {
    if (this.dealId !== dealId) {
      this.dealId = dealId;
      this.drawn = null;
      this.drawer.replaceChildren();
    }
    await this.refresh(crm, account);
    this.drawer.hidden = false;
    this.drawer.focus();
  }

  close() {
    if (this.dealId === null) {
      return;
    }
    const closed = this.dealId;
    this.dealId = null;
    this.drawer.hidden = true;
    this.callbacks.onClosed(closed);
  }

  /** Reads the deal again; a panel without changes is not drawn anew. */
  async refresh(crm, account) {
    if (this.dealId === null) {
      return;
    }
    if (!account.deals.some(({ id }) => id === this.dealId)) {
      this.close(); // It was deleted or merged.
      return;
    }
    this.reads += 1;
    const read = this.reads;
    const deal = await crm.deal(this.dealId);
    if (read !== this.reads || deal.id !== this.dealId) {
      return; // A later read is running, or another deal is open.
    }
    const state = JSON.stringify([deal, account.pipelines, account.fields, account.users]);
    if (state !== this.drawn) {
      this.drawn = state;
      this.isDrawing = true;
      redraw(this.drawer, this.draw(deal, account));
      this.isDrawing = false;
    }
  }

  /** Lets the next refresh show again what the CRM has, although that did not change. */
  drawAgain() {
    this.drawn = null;
  }

  draw(deal, account) {
    return [
      el(
        'div',
        { class: 'bar' },
        el('span', { class: 'quiet' }, `Сделка № ${deal.id}`),
        el('button', { 'aria-label': 'Закрыть', onclick: () => this.close() }, '×'),
      ),
      el(
        'div',
        { class: 'body' },
        el('h2', {}, deal.name),
        el(
          'div',
          { class: 'fields' },
          this.drawStage(deal, account.pipelines),
          deal.company ? labelled('Компания', el('span', {}, deal.company)) : null,
          this.drawPrice(deal),
          this.drawResponsible(deal, account.users),
        ),
        section('Поля', el('div', { class: 'fields' }, ...account.fields.map((field) => this.drawField(deal, field)))),
        deal.contacts.length ? section('Контакты', el('ul', { class: 'contacts' }, ...mainFirst(deal.contacts).map(drawContact))) : null,
        deal.tasks.length
          ? section('Задачи', el('ul', { class: 'checklist' }, ...deal.tasks.map((task) => this.drawTask(task))))
          : null,
        section('Примечания', this.drawNoteForm(deal), el('ul', { class: 'notes' }, ...deal.notes.map(drawNote))),
      ),
    ];
  }

  // ---- What can be changed ----

  drawStage(deal, pipelines) {
    const groups = pipelines.map((pipeline) =>
      el(
        'optgroup',
        { label: pipeline.name },
        ...pipeline.statuses.map((status) => {
          const isCurrent = pipeline.id === deal.pipeline_id && status.id === deal.status_id;
          return el('option', { value: `${pipeline.id}/${status.id}`, selected: isCurrent }, status.name);
        }),
      ),
    );
    const change = ({ value }) => {
      const [pipelineId, statusId] = value.split('/').map(Number);
      return { action: 'move_deal', pipeline_id: pipelineId, status_id: statusId };
    };
    return labelled('Этап', this.control('select', { name: 'stage' }, change, groups));
  }

  drawPrice(deal) {
    const attributes = { name: 'price', inputmode: 'numeric', pattern: '[\\d\\s]+ ?₽?', value: deal.price ? roubles(deal.price) : '', placeholder: 'не указан' };
    const change = ({ value }) => ({ action: 'change_deal', price: Number(value.replace(/\D/g, '')) });
    return labelled('Бюджет', this.control('input', attributes, change));
  }

  drawResponsible(deal, users) {
    const options = users.map(({ id, name }) =>
      el('option', { value: id, selected: id === deal.responsible_user_id }, name),
    );
    const change = ({ value }) => ({ action: 'change_deal', responsible_user_id: Number(value) });
    return labelled('Ответственный', this.control('select', { name: 'responsible' }, change, options));
  }

  drawField(deal, field) {
    const value = deal.fields[field.id]?.[0] ?? '';
    if (field.type === 'tracking_data') {
      return value ? labelled(field.name, el('span', {}, String(value))) : null;
    }
    const set = (typed) => ({ action: 'set_fields', fields: { [field.id]: typed } });
    const name = `field-${field.id}`;
    switch (field.type) {
      case 'select':
        return labelled(
          field.name,
          this.control('select', { name }, (input) => set(input.value), [
            el('option', { value: '' }, NOBODY),
            ...field.choices.map((choice) => el('option', { selected: choice === value }, choice)),
          ]),
        );
      case 'checkbox':
        return labelled(
          field.name,
          this.control('input', { name, type: 'checkbox', checked: Boolean(value) }, (input) => set(input.checked || null)),
        );
      case 'date':
        return labelled(
          field.name,
          this.control('input', { name, type: 'date', value: value && dayOf(value) }, (input) =>
            set(input.value && secondsOf(input.value)),
          ),
        );
      case 'textarea':
        return labelled(field.name, this.control('textarea', { name, rows: 3 }, (input) => set(input.value.trim()), [String(value)]));
      default: {
        const isNumber = field.type === 'numeric';
        const attributes = { name, value: String(value), inputmode: isNumber ? 'decimal' : 'text', pattern: isNumber ? '\\d+([.,]\\d+)?' : null };
        return labelled(
          field.name,
          this.control('input', attributes, (input) => set(isNumber ? input.value.replace(',', '.') : input.value.trim())),
        );
      }
    }
  }

  /** A control whose value is saved when a person has changed it; `change` makes the action of the new value. */
  control(tag, attributes, change, children = []) {
    const { dealId } = this;
    const save = (control) => this.callbacks.onAction({ ...change(control), id: dealId });
    if (tag === 'select' || attributes.type === 'checkbox') {
      return el(tag, { ...attributes, onchange: ({ target }) => save(target) }, ...children);
    }
    // Not `change`: it does not come for a text that stayed while the panel was drawn anew.
    const saveTyped = ({ target }) => {
      if (isTyped(target) && !this.isDrawing && target.reportValidity()) {
        target.defaultValue = target.value;
        save(target);
      }
    };
    const onkeydown = (event) => event.key === 'Enter' && tag === 'input' && saveTyped(event);
    return el(tag, { ...attributes, onblur: saveTyped, onkeydown }, ...children);
  }

  drawTask(task) {
    const finish = () => this.callbacks.onAction({ action: 'finish_task', id: task.id });
    return el(
      'li',
      {},
      el(
        'label',
        {},
        el('input', { type: 'checkbox', checked: task.is_completed, disabled: task.is_completed, onchange: finish }),
        el(
          'span',
          {},
          ...linked(task.text),
          el('small', {}, `${task.responsible}, до ${moment(task.complete_till)}`),
        ),
      ),
    );
  }

  drawNoteForm(deal) {
    const form = el(
      'form',
      {
        class: 'note-form',
        onsubmit: (event) => {
          event.preventDefault();
          const text = form.elements.note.value;
          form.elements.note.value = '';
          this.callbacks.onAction({ action: 'add_note', deal_id: deal.id, text });
        },
      },
      el('textarea', { name: 'note', rows: 2, required: true, placeholder: 'Новое примечание', 'aria-label': 'Новое примечание' }),
      el('button', {}, 'Добавить'),
    );
    return form;
  }
}

function labelled(name, control) {
  const isEmpty = 'value' in control && control.type !== 'checkbox' && control.value === '';
  if (control.name) {
    control.id = `deal-${control.name}`;
  }
  return el('div', { class: isEmpty ? 'blank' : null }, el('label', { for: control.id || null }, name), control);
}

function section(title, ...children) {
  return el('section', {}, el('h3', {}, title), ...children);
}

function mainFirst(contacts) {
  return [...contacts].sort((a, b) => b.is_main - a.is_main);
}

function drawContact({ name, phone, is_main: isMain }) {
  return el(
    'li',
    {},
    el('span', {}, name, isMain ? el('small', {}, 'основной контакт') : null),
    phone ? el('a', { href: `tel:${phone.replace(/[^+\d]/g, '')}` }, phone) : el('span', { class: 'quiet' }, 'телефона нет'),
  );
}

function drawNote({ text, author, created_at: createdAt }) {
  return el('li', {}, el('small', {}, `${author}, ${moment(createdAt)}`), el('p', {}, ...linked(text)));
}

/** A text whose addresses are links. */
function linked(text) {
  return text
    .split(URL_IN_TEXT)
    .map((part, place) =>
      place % 2 ? el('a', { href: part, target: '_blank', rel: 'noreferrer' }, part) : document.createTextNode(part),
    );
}

/** Draws a panel anew; what a person is typing, the focus and the scroll position stay. */
function redraw(root, nodes) {
  const controls = () => [...root.querySelectorAll('[name]')];
  const typed = controls().filter(isTyped);
  const { name: focused, selectionStart: caret } = root.contains(document.activeElement) ? document.activeElement : {};
  const top = root.querySelector('.body')?.scrollTop ?? 0;
  root.replaceChildren(...nodes);
  for (const control of controls()) {
    const before = typed.find(({ name }) => name === control.name);
    if (before) {
      control.value = before.value;
    }
    if (control.name === focused) {
      control.focus();
      if (Number.isInteger(caret)) {
        control.setSelectionRange(caret, caret);
      }
    }
  }
  root.querySelector('.body').scrollTop = top;
}

/** Whether a control has a text that is not saved. */
function isTyped(control) {
  return control.matches('input:not([type=checkbox]), textarea') && control.value !== control.defaultValue;
}

function dayOf(seconds) {
  return new Intl.DateTimeFormat('sv', { timeZone: ZONE }).format(new Date(1000 * seconds));
}

function secondsOf(isoDate) {
  return Date.parse(`${isoDate}T00:00:00${OFFSET}`) / 1000;
}
