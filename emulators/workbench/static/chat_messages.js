/** Messages of a topic, and what Telegram itself writes between them. */

import { sideOf } from './chat_links.js';
import { avatar } from './columns.js';
import { el, linked, moment } from './dom.js';

const COMMAND = /(^|\s)(\/[A-Za-z0-9_]+(?:@[A-Za-z0-9_]+)?)/;
const MOST_SHORT = 100;
/** Sentences by the kind of a service message. */
const SERVICE = {
  supergroup_chat_created: (_, author) => `Группа создана: ${author}`,
  group_chat_created: (_, author) => `Группа создана: ${author}`,
  new_chat_members: (members) => `Новый участник: ${members.map(nameOf).join(', ')}`,
  migrate_to_chat_id: () => 'Группа стала супергруппой',
  migrate_from_chat_id: () => 'Группа стала супергруппой',
  forum_topic_created: ({ name }) => `Тема создана: ${name}`,
  forum_topic_edited: ({ name }) => `Тема переименована: ${name}`,
  forum_topic_closed: () => 'Тема закрыта',
  forum_topic_reopened: () => 'Тема снова открыта',
};

/**
 * Draws messages, oldest first.
 *
 * @param {{onReply: ?function(Object), onPress: ?function(Object, string), onCommand: function(string),
 *   isNew: function(Object): boolean}} callbacks
 *   `onReply` and `onPress` are null where nobody can write; `onPress` gets a message and what a button of it
 *   carries, `onCommand` a command that was clicked.
 */
export function drawMessages(messages, callbacks) {
  const byId = new Map(messages.map((message) => [message.id, message]));
  return messages.map((message) =>
    message.service ? drawService(message) : drawMessage(message, byId.get(message.reply_to), callbacks),
  );
}

/** One line that names a message. */
export function shortText({ text, service, author }) {
  const line = service ? sentence(service, author) : text.replace(/\s+/g, ' ');
  return line.length > MOST_SHORT ? `${line.slice(0, MOST_SHORT)}…` : line;
}

function drawService({ service, author }) {
  return el('li', { class: 'service' }, sentence(service, author));
}

function sentence(service, author) {
  const [kind, content] = Object.entries(service)[0];
  return SERVICE[kind]?.(content, author) ?? kind;
}

function drawMessage(message, answered, { onReply, onPress, onCommand, isNew }) {
  const side = message.is_bot ? 'bot' : message.is_client ? 'client' : 'staff';
  return el(
    'li',
    {
      class: `bubble ${side}${isNew(message) ? ' flash' : ''}`,
      // Otherwise it would begin again whenever the chat is shown.
      onanimationend: (event) => event.currentTarget.classList.remove('flash'),
    },
    avatar(message.author),
    el(
      'article',
      { 'aria-label': `${message.author}, ${sideOf(message)}` },
      el(
        'header',
        {},
        el('b', {}, message.author),
        el('span', { class: 'side' }, sideOf(message)),
        el('span', { class: 'quiet' }, momentOf(message), message.is_edited ? ', изменено' : ''),
        onReply
          ? el(
              'button',
              { 'data-key': `reply-${message.id}`, 'aria-label': `Ответить: ${shortText(message)}`, onclick: () => onReply(message) },
              'Ответить',
            )
          : null,
      ),
      answered ? el('blockquote', {}, el('b', {}, answered.author), ' ', shortText(answered)) : null,
      el('p', {}, ...withCommands(message.text, onCommand)),
      ...message.keyboard.map((row) => drawRow(message, row, onPress)),
    ),
  );
}

/** Buttons of the bot, one row. */
function drawRow(message, row, onPress) {
  return el(
    'div',
    { class: 'keyboard' },
    ...row.map(({ text, callback_data: data, style = '' }) =>
      el(
        'button',
        { class: `press ${style}`, 'data-key': `press-${message.id}-${data}`, disabled: !onPress, onclick: () => onPress(message, data) },
        text,
      ),
    ),
  );
}

/** A text whose addresses are links and whose commands can be clicked. */
function withCommands(text, onCommand) {
  return linked(text).flatMap((node) => (node.nodeType === Node.TEXT_NODE ? commandsIn(node.textContent, onCommand) : [node]));
}

function commandsIn(text, onCommand) {
  const found = COMMAND.exec(text);
  if (!found) {
    return [document.createTextNode(text)];
  }
  const [whole, before, command] = found;
  return [
    document.createTextNode(text.slice(0, found.index) + before),
    el('button', { class: 'command', onclick: () => onCommand(command) }, command),
    ...commandsIn(text.slice(found.index + whole.length), onCommand),
  ];
}

/** The hour of a message of today, otherwise the day with it. */
function momentOf({ at }) {
  const whole = moment(at);
  const [day, hour] = whole.split(', ');
  return moment(Date.now() / 1000).startsWith(`${day}, `) ? hour : whole;
}

function nameOf({ first_name: first, last_name: last }) {
  return last ? `${first} ${last}` : first;
}
