/** The chat beside the board: Telegram as both sides have it on their phones, in one place. */

import { telegram } from './api.js';
import { GroupPanel, isThere, lackOf } from './chat_group.js';
import { askGroup, askPerson, askPlaceOfBot, readLink, sideOf } from './chat_links.js';
import { drawMessages, shortText } from './chat_messages.js';
import { avatar } from './columns.js';
import { el, plural, showDialog } from './dom.js';

const GENERAL = 'Общая тема';
const PEOPLE = ['человек', 'человека', 'человек'];
/** From so near to its end a list is kept at its end, in pixels. */
const NEAR_END = 40;

/** How often, and how far apart, is looked for the answer to a press; how long it is shown. */
const PRESS_TRIES = 40;
const PRESS_MS = 300;
const TOAST_MS = 6000;

export class Chat {
  constructor(root) {
    this.root = root;
    this.reads = 0;
    this.chatId = null;
    this.topicId = null;
    /** What was typed and not sent, and what it answers, by topic. */
    this.drafts = new Map();
    /** Who writes, by group. */
    this.writers = new Map();
    /** Id of the newest message that was shown, by topic. */
    this.shown = null;
    this.panel = new GroupPanel({
      onAction: (action) => this.actAsOwner(action),
      onAddBot: () => this.addBot(''),
      onClosed: () => this.root.querySelector('.room-head .more')?.focus(),
    });
    this.build();
  }

  // ---- From outside ----

  /** What an address of Telegram means, or null. */
  find(url) {
    return readLink(url);
  }

  /** Does what an address of Telegram asks for: adds a bot, or lets somebody join. */
  async follow(link, url) {
    if (!this.chats) {
      showDialog('Telegram не отвечает', 'Ссылку открыть не получилось.');
      return;
    }
    await (link.kind === 'bot' ? this.addBot(url) : this.join(url));
  }

  close() {
    this.panel.close();
  }

  /** Reads groups and people again, until nothing newer is being read. What did not change is not drawn anew. */
  refresh() {
    this.reading = this.read();
    return this.reading;
  }

  async read() {
    this.reads += 1;
    const read = this.reads;
    let found = null;
    let failure = '';
    try {
      found = await Promise.all([telegram.chats(), telegram.users()]);
    } catch (error) {
      failure = `Telegram не отвечает: ${error.message}`;
    }
    if (read !== this.reads) {
      await this.reading; // A later read is running: this one may be older than a change.
      return;
    }
    this.failure.textContent = failure;
    this.failure.hidden = !failure;
    if (found) {
      this.take(...found);
      this.draw();
    }
  }

  take(chats, users) {
    this.users = users;
    this.followUpgrade(chats);
    this.chats = chats.filter((one) => !one.is_deleted && one.upgraded_to === null);
    if (!this.shown) {
      // What was written before the page was opened is not new.
      this.shown = new Map(this.chats.flatMap((chat) => chat.topics.map((topic) => [keyOf(chat.id, topic.id), lastId(topic)])));
    }
    const { chat } = this;
    if (!chat) {
      this.choose(this.chats[0]?.id ?? null, null);
    } else if (!this.topic || (this.topicId !== null && !chat.has_topics)) {
      this.choose(chat.id, null);
    }
  }

  /** Goes on in the group that the open one has become. */
  followUpgrade(chats) {
    const former = chats.find(({ id }) => id === this.chatId);
    const id = former?.upgraded_to ?? null;
    if (id === null) {
      return;
    }
    this.keepDraft();
    this.drafts.set(keyOf(id, null), this.drafts.get(keyOf(former.id, null)));
    this.writers.set(id, this.writers.get(former.id));
    this.chatId = id;
    this.topicId = null;
    this.showDraft();
  }

  // ---- What is open ----

  get chat() {
    return this.chats?.find(({ id }) => id === this.chatId);
  }

  get topic() {
    return this.chat?.topics.find(({ id }) => id === this.topicId);
  }

  get people() {
    return this.users.filter((one) => !one.is_bot);
  }

  /** Messages of the open topic; without topics those of all of them. */
  get messages() {
    const topics = this.chat.has_topics ? [this.topic] : this.chat.topics;
    return topics.flatMap(({ messages }) => messages).sort((a, b) => a.id - b.id);
  }

  /** People who can write in the open group. */
  get possibleWriters() {
    return this.chat.members.filter((one) => !one.is_bot && isThere(one));
  }

  get writer() {
    const people = this.possibleWriters;
    return people.find(({ id }) => id === this.writers.get(this.chatId)) ?? people[0];
  }

  choose(chatId, topicId) {
    this.keepDraft();
    if (chatId !== this.chatId) {
      this.panel.close();
    }
    this.chatId = chatId;
    this.topicId = topicId;
    this.isAtEnd = true;
    this.drawnMessages = null;
    this.showDraft();
  }

  /** Opens a topic, or a group; on a phone the list makes way as soon as nothing is left to be chosen. */
  open(chat, topicId) {
    this.choose(chat.id, topicId ?? null);
    const isTopicToBeChosen = chat.has_topics && topicId === undefined;
    this.root.dataset.screen = isTopicToBeChosen ? 'list' : 'room';
    this.draw();
  }

  // ---- The parts ----

  build() {
    this.failure = el('p', { class: 'empty', hidden: true });
    this.groups = el('ul', { class: 'groups' });
    this.list = el(
      'nav',
      { class: 'chat-list', 'aria-label': 'Группы' },
      el(
        'div',
        { class: 'list-head' },
        el('b', {}, 'Telegram'),
        el('button', { class: 'new-group', onclick: () => this.createGroup() }, 'Новая группа'),
      ),
      this.groups,
    );
    this.head = el('div', { class: 'room-head' });
    this.log = el('ol', { class: 'messages', tabindex: 0, 'aria-label': 'Сообщения', onscroll: () => this.onScroll() });
    this.composer = this.buildComposer();
    this.toast = el('p', { class: 'toast', role: 'status', hidden: true });
    this.room = el('section', { class: 'room', 'aria-label': 'Переписка' }, this.head, this.log, this.toast, this.composer);
    this.root.dataset.screen = 'list';
    this.root.replaceChildren(this.failure, this.list, this.room);
    // A list that is shown again has forgotten how far it was scrolled, and a smaller one hides its end.
    new ResizeObserver(() => this.toEnd()).observe(this.log);
  }

  buildComposer() {
    this.answered = el('div', { class: 'answered', hidden: true });
    this.writerSwitch = el('fieldset', { class: 'writers' });
    this.input = el('textarea', {
      name: 'text',
      rows: 1,
      maxlength: 4096,
      placeholder: 'Сообщение или /команда',
      'aria-label': 'Сообщение',
      oninput: () => this.fit(),
      onkeydown: (event) => {
        if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
          event.preventDefault();
          this.composer.requestSubmit();
        } else if (event.key === 'Escape' && this.replyTo) {
          this.answer(null);
        }
      },
    });
    return el(
      'form',
      {
        class: 'composer',
        onsubmit: (event) => {
          event.preventDefault();
          this.send();
        },
      },
      this.answered,
      this.writerSwitch,
      this.input,
      el('button', { class: 'primary' }, 'Отправить'),
    );
  }

  draw() {
    this.drawGroups();
    this.room.classList.toggle('none', !this.chat);
    if (!this.chat) {
      this.root.dataset.screen = 'list';
      return;
    }
    redraw(this.head, this.drawHead());
    this.drawMessages();
    this.drawWriters();
    this.composer.hidden = !this.writer;
    if (this.panel.isOpen) {
      this.panel.show(this.chat, this.users);
    }
    this.drawUnread();
  }

  drawGroups() {
    const names = this.chats.map(({ id, title, has_topics: hasTopics, topics }) => [
      id,
      title,
      hasTopics,
      topics.map((topic) => ({ ...topic, messages: undefined })),
    ]);
    const state = JSON.stringify([names, this.chatId, this.topicId]);
    if (state === this.drawnGroups) {
      return; // A click that has begun is not lost.
    }
    this.drawnGroups = state;
    redraw(
      this.groups,
      this.chats.length
        ? this.chats.flatMap((chat) => this.drawGroup(chat))
        : [el('li', { class: 'quiet none' }, 'Групп пока нет. Создайте группу или откройте ссылку, которая добавляет бота.')],
    );
  }

  drawGroup(chat) {
    const isOpen = chat.id === this.chatId;
    const hasTopics = isOpen && chat.has_topics;
    const group = el(
      'li',
      {},
      el(
        'button',
        {
          class: 'group',
          'data-key': keyOf(chat.id),
          'aria-current': String(isOpen),
          'aria-expanded': chat.has_topics ? String(hasTopics) : null,
          onclick: () => this.open(chat, chat.has_topics ? undefined : null),
        },
        avatar(chat.title.replace(/[«»"]/g, '')),
        el('span', { class: 'name' }, chat.title),
        el('span', { class: 'unread', 'data-chat': chat.id, hidden: true }),
      ),
    );
    if (!hasTopics) {
      return [group];
    }
    return [group, ...chat.topics.map((topic) => this.drawTopic(chat, topic))];
  }

  drawTopic(chat, topic) {
    return el(
      'li',
      {},
      el(
        'button',
        {
          class: 'topic',
          'data-key': keyOf(chat.id, topic.id),
          'aria-current': String(topic.id === this.topicId),
          onclick: () => this.open(chat, topic.id),
        },
        el('span', { class: 'name' }, nameOf(topic)),
        topic.is_closed ? el('span', { class: 'quiet' }, 'закрыта') : null,
        el('span', { class: 'unread', 'data-topic': keyOf(chat.id, topic.id), hidden: true }),
      ),
    );
  }

  drawHead() {
    const { chat } = this;
    const lack = lackOf(chat);
    return [
      el('button', { class: 'back', 'data-key': 'back', 'aria-label': 'К списку групп', onclick: () => this.showList() }, '‹'),
      el(
        'button',
        {
          class: 'more',
          'data-key': 'more',
          title: 'Участники, права бота, темы',
          'aria-haspopup': 'dialog',
          onclick: () => this.panel.open(this.chat, this.users),
        },
        el('span', { class: 'name' }, chat.has_topics ? nameOf(this.topic) : chat.title),
        el('span', { class: 'quiet' }, (chat.has_topics ? `${chat.title}, ` : '') + plural(this.possibleWriters.length, PEOPLE)),
        lack ? el('span', { class: 'lack' }, lack) : null,
      ),
    ];
  }

  drawMessages() {
    const { messages } = this;
    const state = JSON.stringify([this.chatId, this.topicId, messages]);
    if (state === this.drawnMessages) {
      return;
    }
    const isSamePlace = this.drawnPlace === keyOf(this.chatId, this.topicId);
    const before = new Set(isSamePlace ? this.drawnIds : messages.map(({ id }) => id));
    this.drawnMessages = state;
    this.drawnPlace = keyOf(this.chatId, this.topicId);
    this.drawnIds = messages.map(({ id }) => id);
    const top = this.log.scrollTop;
    const nodes = drawMessages(messages, {
      onReply: this.writer ? (message) => this.answer(message) : null,
      onPress: this.writer ? (message, data) => this.press(message, data) : null,
      onCommand: (command) => this.insert(command),
      isNew: ({ id }) => !before.has(id),
    });
    redraw(this.log, nodes.length ? nodes : [el('li', { class: 'service' }, 'Сообщений пока нет')]);
    this.log.scrollTop = top;
    this.toEnd();
  }

  /** Who writes: one of the people of the group, and a way to add another one. */
  drawWriters() {
    const people = this.possibleWriters;
    const state = JSON.stringify([this.chatId, people.map(({ id, name, is_client: isClient }) => [id, name, isClient])]);
    if (state === this.drawnWriters) {
      return;
    }
    this.drawnWriters = state;
    redraw(this.writerSwitch, [
      el('legend', {}, 'Пишет'),
      ...people.map((one) =>
        el(
          'label',
          { title: one.name },
          el('input', {
            type: 'radio',
            name: 'writer',
            value: one.id,
            'data-key': `writer-${one.id}`,
            checked: one.id === this.writer.id,
            onchange: () => this.writers.set(this.chatId, one.id),
          }),
          avatar(one.name),
          el('span', { class: 'name' }, one.name.split(' ')[0]),
          el('small', {}, sideOf(one)),
        ),
      ),
      el('button', { type: 'button', 'data-key': 'add', 'aria-label': 'Добавить человека в группу', onclick: () => this.panel.open(this.chat, this.users) }, '+'),
    ]);
  }

  // ---- Unread messages ----

  drawUnread() {
    if (this.isVisible) {
      const topics = this.chat.has_topics ? [this.topic] : this.chat.topics;
      topics.forEach((topic) => this.shown.set(keyOf(this.chatId, topic.id), lastId(topic)));
    }
    const count = (chat, topic) => {
      const last = this.shown.get(keyOf(chat.id, topic.id)) ?? 0;
      return topic.messages.filter(({ id, service }) => id > last && !service).length;
    };
    for (const chat of this.chats) {
      const total = chat.topics.reduce((sum, topic) => sum + count(chat, topic), 0);
      mark(this.groups.querySelector(`[data-chat="${chat.id}"]`), chat.id === this.chatId && chat.has_topics ? 0 : total);
      for (const topic of chat.id === this.chatId ? chat.topics : []) {
        mark(this.groups.querySelector(`[data-topic="${keyOf(chat.id, topic.id)}"]`), count(chat, topic));
      }
    }
  }

  /** Whether the messages can be seen: on a phone the list may be in front of them. */
  get isVisible() {
    return this.log.offsetParent !== null;
  }

  /** What has to be done when the pane is shown. */
  appear() {
    this.fit();
    if (this.chat) {
      this.drawUnread();
    }
  }

  showList() {
    this.root.dataset.screen = 'list';
    this.groups.querySelector('[aria-current=true]')?.focus();
  }

  onScroll() {
    this.isAtEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_END;
  }

  toEnd() {
    if (this.isAtEnd) {
      this.log.scrollTop = this.log.scrollHeight;
    }
  }

  // ---- What is being typed ----

  keepDraft() {
    if (this.chatId !== null) {
      this.drafts.set(keyOf(this.chatId, this.topicId), { text: this.input.value, replyTo: this.replyTo });
    }
  }

  showDraft() {
    const { text = '', replyTo = null } = this.drafts.get(keyOf(this.chatId, this.topicId)) ?? {};
    this.input.value = text;
    this.showAnswered(replyTo);
    this.fit();
  }

  /** Makes the field as high as its text, within limits. */
  fit() {
    this.input.style.height = 'auto';
    this.input.style.height = `${this.input.scrollHeight + 2}px`;
  }

  answer(message) {
    this.showAnswered(message);
    this.input.focus();
  }

  showAnswered(message) {
    this.replyTo = message;
    this.answered.hidden = !message;
    this.answered.replaceChildren(
      ...(message
        ? [
            el('span', {}, 'Ответ: ', el('b', {}, message.author), ` ${shortText(message)}`),
            el('button', { type: 'button', 'aria-label': 'Не отвечать', onclick: () => this.answer(null) }, '×'),
          ]
        : []),
    );
  }

  /** Begins a message with a command, as a click on it does in Telegram. */
  insert(command) {
    this.input.value = `${command} ${this.input.value}`.trimEnd() + ' ';
    this.fit();
    this.input.focus();
  }

  // ---- What people do ----

  async send() {
    const text = this.input.value.trim();
    if (!text) {
      return;
    }
    const replyTo = this.replyTo;
    const place = { topic_id: this.topicId, ...(replyTo ? { reply_to: replyTo.id } : {}) };
    this.input.value = '';
    this.showAnswered(null);
    this.fit();
    this.isAtEnd = true;
    const isSent = await this.act({ action: 'write', chat_id: this.chatId, user_id: this.writer.id, text, ...place });
    if (!isSent && !this.input.value) {
      this.input.value = text;
      this.showAnswered(replyTo);
      this.fit();
    }
  }

  async createGroup() {
    const wanted = await askGroup(this.people);
    if (wanted) {
      const chatId = await this.makeGroup(wanted);
      if (chatId !== null) {
        await this.show(chatId);
      }
    }
  }

  /** The id of a new group, or null if it was refused. */
  async makeGroup({ title, hasTopics, userId, clientIds = [] }) {
    const made = await this.act({ action: 'create_group', user_id: userId, title, has_topics: hasTopics });
    for (const id of made ? clientIds : []) {
      await this.act({ action: 'add_person', chat_id: made.chat_id, person_id: id });
    }
    return made && made.chat_id;
  }

  /** Adds the bot of a link to a group that is chosen, with the rights and the payload of the link. */
  async addBot(url) {
    const { users, people, chats } = this;
    // The open group is meant if the bot lacks something there.
    const place = [this.chat, ...chats.toReversed()].find((chat) => chat && lackOf(chat));
    const wanted = await askPlaceOfBot(url, {
      bots: users.filter((one) => one.is_bot),
      chats,
      people,
      chatId: place?.id ?? null,
    });
    if (!wanted) {
      return;
    }
    const { link, userId, title } = wanted;
    const chatId = wanted.chatId ?? (await this.makeGroup({ title, hasTopics: true, userId }));
    if (chatId !== null) {
      const { botId, payload, rights } = link;
      await this.act({ action: 'add_bot', chat_id: chatId, user_id: userId, bot_id: botId, payload, rights });
      await this.show(chatId);
    }
  }

  /** Lets somebody join the group of an invitation. */
  async join(url) {
    const chat = this.chats.find(({ invites }) => invites.some(({ invite_link: link }) => link === url));
    if (!chat) {
      showDialog('Приглашение не работает', 'В Telegram нет группы с такой ссылкой.');
      return;
    }
    const absent = this.people.filter((one) => !chat.members.some((two) => two.id === one.id && isThere(two)));
    if (!absent.length) {
      showDialog(chat.title, 'Все люди этого Telegram уже в группе.');
      return;
    }
    const personId = await askPerson(`Вступить в группу «${chat.title}»`, absent);
    if (personId !== null) {
      await this.act({ action: 'add_person', chat_id: chat.id, person_id: personId, invite_link: url });
      await this.show(chat.id);
    }
  }

  /** Opens a group that was just made or changed. */
  async show(chatId) {
    await this.refresh();
    const chat = this.chats.find(({ id }) => id === chatId);
    if (chat) {
      this.open(chat, chatId === this.chatId ? this.topicId : null);
    }
  }

  /** Presses a button of the bot, and shows what the bot answers to the one who pressed. */
  async press(message, data) {
    const made = await this.act({ action: 'press', chat_id: this.chatId, user_id: this.writer.id, message_id: message.id, data });
    const answer = made ? await answerOf(made.press_id) : null;
    if (answer) {
      this.toast.textContent = answer;
      this.toast.hidden = false;
      clearTimeout(this.toastEnds);
      this.toastEnds = setTimeout(() => {
        this.toast.hidden = true;
      }, TOAST_MS);
    }
    await this.refresh();
  }

  /** Does something in the open group in the name of its owner. */
  actAsOwner(action) {
    const owner = this.chat.members.find(({ status }) => status === 'creator') ?? this.writer;
    return this.act({ chat_id: this.chatId, user_id: owner.id, ...action });
  }

  /** What was made, or null after a refusal, which is told. */
  async act(action) {
    let made = null;
    try {
      made = await telegram.act(action);
    } catch (error) {
      this.panel.drawn = null; // A control that was changed has to show again what is.
      showDialog('Telegram отказал', error.message);
    }
    await this.refresh();
    return made;
  }
}

/** What the bot answers to a press, or null where it does not. */
async function answerOf(pressId) {
  for (let tries = 0; tries < PRESS_TRIES; tries += 1) {
    const press = (await telegram.presses()).find(({ id }) => id === pressId);
    if (press?.is_answered) {
      return press.text;
    }
    await new Promise((resolve) => {
      setTimeout(resolve, PRESS_MS);
    });
  }
  return null;
}

function keyOf(chatId, topicId = '') {
  return `${chatId}/${topicId}`;
}

function lastId({ messages }) {
  return messages.at(-1)?.id ?? 0;
}

function nameOf({ id, name }) {
  return id === null ? GENERAL : name;
}

function mark(node, count) {
  if (node) {
    node.hidden = !count;
    node.textContent = count || '';
  }
}

/** Puts nodes in place of those before; the focus stays at the one with the same key. */
function redraw(root, nodes) {
  const focused = root.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  root.replaceChildren(...nodes);
  if (focused !== undefined) {
    [...root.querySelectorAll('[data-key]')].find((one) => one.dataset.key === focused)?.focus();
  }
}
