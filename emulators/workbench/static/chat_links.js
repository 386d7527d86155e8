/** Addresses of Telegram, and the dialogs that they open. */

import { askDialog, el } from './dom.js';

const NEW_GROUP = 'new';
/** Rights as a person reads them, by their names in the Bot API. */
export const RIGHTS = {
  can_manage_topics: 'Управление темами',
  can_invite_users: 'Пригласительные ссылки',
  can_delete_messages: 'Удаление сообщений',
};

/** What an address means: `{kind: 'bot', username, payload, rights}`, `{kind: 'invite', url}`, or null. */
export function readLink(url) {
  if (!/^https:\/\/t\.me\/./.test(url)) {
    return null;
  }
  const { pathname, searchParams } = new URL(url);
  const name = pathname.split('/')[1];
  if (name.startsWith('+')) {
    return { kind: 'invite', url };
  }
  const payload = searchParams.get('startgroup');
  if (payload === null) {
    return null;
  }
  // A plus in a query is read as a space.
  const rights = (searchParams.get('admin') ?? '').split(' ').filter(Boolean);
  return {
    kind: 'bot',
    username: name,
    payload: payload === 'true' ? '' : payload,
    rights: rights.map((right) => `can_${right}`),
  };
}

/** Asks for a new group: `{title, hasTopics, userId, clientIds}`, or null. */
export async function askGroup(people) {
  const clients = people.filter((one) => one.is_client);
  const filled = await askDialog(
    'Новая группа',
    'Создать',
    labelled('Название', el('input', { name: 'title', required: true, maxlength: 128, autofocus: true })),
    labelled('Создаёт', peopleList('user', people)),
    clients.length
      ? el(
          'fieldset',
          {},
          el('legend', {}, 'Сразу добавить'),
          ...clients.map(({ id, name }) => checked('client', id, name, false)),
        )
      : null,
    checked('topics', 'on', 'С темами', true),
  );
  return (
    filled && {
      title: filled.get('title').trim(),
      hasTopics: filled.has('topics'),
      userId: Number(filled.get('user')),
      clientIds: filled.getAll('client').map(Number),
    }
  );
}

/**
 * Asks into which group a link adds the bot: `{link, chatId, title, userId}` without a group for a new one, or null.
 *
 * @param {string} url the link, or an empty text if it is to be pasted
 * @param {{chatId: ?number}} among what to choose; `chatId` is chosen at first, null means a new group
 */
export async function askPlaceOfBot(url, { bots, chats, people, chatId }) {
  const places = [
    ...chats.map((chat) => el('option', { value: chat.id, selected: chat.id === chatId }, chat.title)),
    el('option', { value: NEW_GROUP, selected: chatId === null }, 'Новая группа с темами…'),
  ];
  const about = el('p', { class: 'quiet' });
  const address = el('input', {
    name: 'url',
    required: true,
    value: url,
    placeholder: 'https://t.me/…?startgroup=…',
    autofocus: !url,
    oninput: () => explain(),
  });
  const place = el('select', { name: 'place', onchange: () => choose() }, ...places);
  const user = peopleList('user', people);
  const title = el('input', { name: 'title', maxlength: 128 });
  const titleRow = labelled('Название', title);
  const choose = () => {
    const chat = chats.find(({ id }) => String(id) === place.value);
    titleRow.hidden = Boolean(chat);
    title.required = !chat;
    const creator = chat?.members.find(({ status }) => status === 'creator');
    if (creator) {
      user.value = creator.id;
    }
  };
  const explain = () => {
    const link = readLink(address.value.trim());
    const bot = bots.find(({ username }) => username === link?.username);
    const wrong = link?.kind === 'bot' ? 'Такого бота здесь нет' : 'Это не ссылка, которая добавляет бота в группу';
    address.setCustomValidity(bot || !address.value ? '' : wrong);
    about.textContent = bot ? `${bot.name} @${bot.username}, права: ${rightsOf(link.rights)}` : '';
  };
  choose();
  explain();
  const filled = await askDialog(
    'Добавить бота в группу',
    'Добавить',
    labelled('Ссылка', address),
    about,
    labelled('Группа', place),
    titleRow,
    labelled('Добавляет', user),
  );
  if (!filled) {
    return null;
  }
  const link = readLink(filled.get('url').trim());
  return {
    link: { ...link, botId: bots.find(({ username }) => username === link.username).id },
    chatId: filled.get('place') === NEW_GROUP ? null : Number(filled.get('place')),
    title: filled.get('title').trim(),
    userId: Number(filled.get('user')),
  };
}

/** Asks who joins a group: the id of the person, or null. */
export async function askPerson(title, people) {
  const filled = await askDialog(title, 'Вступить', labelled('Кто вступает', peopleList('user', people, clientsFirst)));
  return filled && Number(filled.get('user'));
}

/** Rights as a sentence has them. */
export function rightsOf(rights) {
  return rights.map((right) => (RIGHTS[right] ?? right).toLowerCase()).join(', ') || 'без прав администратора';
}

/** What a person is for the agency, or that it is a bot. */
export function sideOf({ is_bot: isBot, is_client: isClient }) {
  return isBot ? 'бот' : isClient ? 'клиент' : 'менеджер';
}

/** A list of people; those of the agency come first. */
function peopleList(name, people, order = staffFirst) {
  return el(
    'select',
    { name },
    ...[...people].sort(order).map((one) => el('option', { value: one.id }, `${one.name}, ${sideOf(one)}`)),
  );
}

function staffFirst(a, b) {
  return a.is_client - b.is_client;
}

function clientsFirst(a, b) {
  return b.is_client - a.is_client;
}

function labelled(name, control) {
  control.id = `ask-${control.name}`;
  return el('div', { class: 'row' }, el('label', { for: control.id }, name), control);
}

function checked(name, value, caption, isOn) {
  return el('label', { class: 'check' }, el('input', { type: 'checkbox', name, value, checked: isOn }), el('span', {}, caption));
}
