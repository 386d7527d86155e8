/** The panel of a group: the bot and its rights, people, topics, and what a group can become. */

import { RIGHTS, sideOf } from './chat_links.js';
import { avatar } from './columns.js';
import { el, plural } from './dom.js';

const STATUSES = {
  creator: 'владелец',
  administrator: 'администратор',
  member: 'участник',
  restricted: 'может не всё',
  left: 'вышел',
  kicked: 'удалён из группы',
};
const ABSENT = ['left', 'kicked'];

/** Whether a member is in the group now. */
export function isThere({ status }) {
  return !ABSENT.includes(status);
}

/** What the bot lacks in a group, in a few words; empty if nothing. */
export function lackOf(chat) {
  const bots = chat.members.filter((one) => one.is_bot && isThere(one));
  if (!bots.length) {
    return 'бота нет';
  }
  if (!chat.may_send && bots.every(({ status }) => status === 'member')) {
    return 'бот не может писать';
  }
  return bots.every(({ status }) => status !== 'administrator') ? 'бот без прав' : '';
}

export class GroupPanel {
  /**
   * @param {{onAction: function(Object): Promise<void>, onAddBot: function(), onClosed: function()}} callbacks
   *   `onAction` does something in the open group.
   */
  constructor(callbacks) {
    this.callbacks = callbacks;
    this.drawer = el('aside', {
      id: 'chat-group',
      class: 'drawer',
      hidden: true,
      tabindex: -1,
      'aria-label': 'Группа',
      onkeydown: (event) => event.key === 'Escape' && this.close(),
    });
    document.body.append(this.drawer);
  }

  get isOpen() {
    return !this.drawer.hidden;
  }

  open(chat, users) {
    this.drawn = null;
    this.drawer.hidden = false;
    this.show(chat, users);
    this.drawer.focus();
  }

  close() {
    if (this.isOpen) {
      this.drawer.hidden = true;
      this.callbacks.onClosed();
    }
  }

  /** Shows what has become of the group. A typed name of a topic stays, and so does the focus. */
  show(chat, users) {
    const state = JSON.stringify([{ ...chat, topics: chat.topics.map((topic) => ({ ...topic, messages: undefined })) }, users]);
    if (state === this.drawn) {
      return;
    }
    this.drawn = state;
    const typed = this.drawer.querySelector('[name=topic]')?.value ?? '';
    const focused = document.activeElement?.closest?.('#chat-group [data-key]')?.dataset.key;
    const top = this.drawer.querySelector('.body')?.scrollTop ?? 0;
    this.drawer.replaceChildren(...this.draw(chat, users));
    const input = this.drawer.querySelector('[name=topic]');
    if (input) {
      input.value = typed;
    }
    this.drawer.querySelector('.body').scrollTop = top;
    if (focused) {
      (this.drawer.querySelector(`[data-key="${focused}"]`) ?? this.drawer).focus();
    }
  }

  draw(chat, users) {
    const people = chat.members.filter((one) => !one.is_bot);
    const absent = users.filter((one) => !one.is_bot && !people.some((two) => two.id === one.id && isThere(two)));
    return [
      el(
        'div',
        { class: 'bar' },
        el('span', { class: 'quiet' }, chat.type === 'group' ? 'Обычная группа' : 'Супергруппа'),
        el('button', { 'aria-label': 'Закрыть', onclick: () => this.close() }, '×'),
      ),
      el(
        'div',
        { class: 'body' },
        el('h2', {}, chat.title),
        section('Бот', ...this.drawBots(chat)),
        section('Люди', el('ul', { class: 'members' }, ...people.map((one) => drawPerson(one))), this.drawJoining(absent)),
        chat.invites.length ? section('Приглашения', el('ul', { class: 'invites' }, ...chat.invites.map((one) => this.drawInvite(one)))) : null,
        section('Темы', ...this.drawTopics(chat)),
        section(
          'Группа',
          el(
            'div',
            { class: 'actions' },
            chat.type === 'group' ? this.button('Сделать супергруппой', { action: 'upgrade_group' }) : null,
            this.button('Удалить группу', { action: 'delete_group' }),
          ),
        ),
      ),
    ];
  }

  // ---- The bot ----

  drawBots(chat) {
    const bots = chat.members.filter(({ is_bot: isBot }) => isBot);
    const add = el('button', { 'data-key': 'add-bot', onclick: () => this.callbacks.onAddBot() }, 'Добавить по ссылке…');
    const isAdded = bots.some(isThere);
    return [
      bots.length
        ? el('ul', { class: 'members' }, ...bots.map((bot) => this.drawBot(chat, bot)))
        : el('p', { class: 'quiet' }, 'Бота в группе нет.'),
      isAdded ? null : el('div', { class: 'actions' }, add),
    ];
  }

  drawBot(chat, bot) {
    const isMuted = !chat.may_send && bot.status === 'member';
    const known = new Set([...Object.keys(RIGHTS), ...bot.rights]);
    const change = (right, isOn) => {
      const rights = bot.rights.filter((one) => one !== right);
      this.callbacks.onAction({ action: 'change_bot', bot_id: bot.id, rights: isOn ? [...rights, right] : rights });
    };
    const right = (name) =>
      el(
        'label',
        { class: 'check' },
        el('input', {
          type: 'checkbox',
          'data-key': `${bot.id}-${name}`,
          checked: bot.rights.includes(name),
          onchange: ({ target }) => change(name, target.checked),
        }),
        el('span', {}, RIGHTS[name] ?? name),
      );
    return el(
      'li',
      {},
      drawPerson(bot, isMuted ? 'писать не может' : STATUSES[bot.status]),
      isThere(bot) ? el('div', { class: 'rights' }, ...[...known].map(right)) : null,
      isThere(bot)
        ? el(
            'div',
            { class: 'actions' },
            isMuted ? null : this.button('Запретить писать', { action: 'mute_bot', bot_id: bot.id }),
            this.button('Удалить из группы', { action: 'remove_bot', bot_id: bot.id }),
          )
        : null,
    );
  }

  // ---- People ----

  drawJoining(absent) {
    if (!absent.length) {
      return null;
    }
    const options = absent.map((one) => el('option', { value: one.id }, `${one.name}, ${sideOf(one)}`));
    const person = el('select', { 'data-key': 'person', 'aria-label': 'Кого добавить' }, ...options);
    const add = () => this.callbacks.onAction({ action: 'add_person', person_id: Number(person.value) });
    return el('div', { class: 'joining' }, person, el('button', { 'data-key': 'add-person', onclick: add }, 'Добавить'));
  }

  drawInvite({ invite_link: url, name, member_limit: limit }) {
    const link = el('a', { href: url }, url.replace('https://', ''));
    return el('li', {}, link, name || limit ? el('small', {}, [name, limit && `не больше ${plural(limit, ['человека', 'человек', 'человек'])}`].filter(Boolean).join(', ')) : null);
  }

  // ---- Topics ----

  drawTopics(chat) {
    const turn = ({ target }) => this.callbacks.onAction({ action: 'switch_topics', is_on: target.checked });
    const input = { type: 'checkbox', 'data-key': 'topics', checked: chat.has_topics, onchange: turn };
    return [
      el('label', { class: 'check' }, el('input', input), el('span', {}, 'Темы включены')),
      ...(chat.has_topics
        ? [
            el('ul', { class: 'topics' }, ...chat.topics.filter(({ id }) => id !== null).map((topic) => this.drawTopic(topic))),
            this.drawNewTopic(),
          ]
        : []),
    ];
  }

  drawTopic({ id, name, is_closed: isClosed }) {
    return el(
      'li',
      {},
      el('span', {}, name),
      el(
        'span',
        { class: 'actions' },
        this.button(isClosed ? 'Открыть' : 'Закрыть', { action: 'close_topic', topic_id: id, is_closed: !isClosed }, name),
        this.button('Удалить', { action: 'delete_topic', topic_id: id }, name),
      ),
    );
  }

  drawNewTopic() {
    const form = el(
      'form',
      {
        class: 'new-topic',
        onsubmit: (event) => {
          event.preventDefault();
          const name = form.elements.topic.value.trim();
          form.elements.topic.value = '';
          this.callbacks.onAction({ action: 'create_topic', name });
        },
      },
      el('input', { name: 'topic', 'data-key': 'new-topic', required: true, maxlength: 128, placeholder: 'Новая тема', 'aria-label': 'Новая тема' }),
      el('button', {}, 'Создать'),
    );
    return form;
  }

  /** A button for an action; `object` tells readers of the screen which of several it concerns. */
  button(caption, action, object) {
    return el(
      'button',
      {
        'data-key': `${action.action}-${action.topic_id ?? action.bot_id ?? ''}`,
        'aria-label': object ? `${caption}: ${object}` : null,
        onclick: () => this.callbacks.onAction(action),
      },
      caption,
    );
  }
}

function section(title, ...children) {
  return el('section', {}, el('h3', {}, title), ...children);
}

function drawPerson(one, state = STATUSES[one.status]) {
  const about = [one.username ? `@${one.username}` : null, sideOf(one), state].filter(Boolean).join(', ');
  const row = [avatar(one.name), el('span', {}, one.name, el('small', {}, about))];
  return one.is_bot ? el('div', { class: 'member' }, ...row) : el('li', { class: 'member' }, ...row);
}
