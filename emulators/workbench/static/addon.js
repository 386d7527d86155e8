/** Runs the add-on as Google does: menu, sidebar and executions. */

import { el } from './dom.js';

const ADDON_NAME = 'Vitrina';
const TOAST_MS = 5000;

/** Code that Google adds to the page of a sidebar. It runs in the sandboxed frame, not in this page. */
const BRIDGE = `<script>
  'use strict';
  (() => {
    const waiting = new Map();
    let last = 0;
    const runner = (handlers) =>
      new Proxy({}, {
        get: (_, name) => {
          if (name === 'withSuccessHandler') return (success) => runner({ ...handlers, success });
          if (name === 'withFailureHandler') return (failure) => runner({ ...handlers, failure });
          return (...parameters) => {
            last += 1;
            waiting.set(last, handlers);
            parent.postMessage({ kind: 'run', id: last, functionName: name, parameters }, '*');
          };
        },
      });
    addEventListener('message', ({ source, data }) => {
      if (source !== parent) return;
      const { success, failure } = waiting.get(data.id);
      waiting.delete(data.id);
      if (data.error === undefined) success?.(data.result);
      else failure?.(new Error(data.error));
    });
    addEventListener('click', (event) => {
      const link = event.target.closest?.('a[href]');
      if (link) {
        event.preventDefault();
        parent.postMessage({ kind: 'link', url: link.href }, '*');
      }
    });
    globalThis.google = {
      script: { run: runner({}), host: { close: () => parent.postMessage({ kind: 'close' }, '*') } },
    };
  })();
</script>`;

export class AddOn {
  /**
   * @param project the add-on's files, as the workbench serves them
   * @param surroundings returns the open workbook and the person: `{spreadsheet, user}`
   */
  constructor(project, { surroundings, menubar, sidebar, toasts, onActivate, onLink }) {
    Object.assign(this, { project, surroundings, menubar, sidebar, toasts, onActivate, onLink });
    sidebar.querySelector('button').addEventListener('click', () => this.closeSidebar());
    addEventListener('message', (event) => this.onSidebarMessage(event));
  }

  /** What happens when a person opens a workbook. */
  async open() {
    this.closeSidebar();
    this.menubar.replaceChildren();
    await this.execute('onOpen', { authMode: 'LIMITED', isTrigger: true }).catch((error) =>
      this.toast({ title: ADDON_NAME, message: error.message }),
    );
  }

  /** Runs one function in a scope of its own; resolves with its result. */
  execute(functionName, { authMode = 'FULL', isTrigger = false, parameters = [] } = {}) {
    if (functionName.endsWith('_')) {
      return Promise.reject(new Error(`${functionName} is private`));
    }
    const { spreadsheet, user } = this.surroundings();
    const worker = new Worker('/static/script_worker.js');
    return new Promise((resolve, reject) => {
      worker.onerror = (event) => {
        worker.terminate();
        reject(new Error(event.message));
      };
      worker.onmessage = ({ data }) => {
        if (data.kind === 'returned' || data.kind === 'threw') {
          worker.terminate();
          data.kind === 'returned' ? resolve(data.result) : reject(new Error(data.message));
        } else {
          this.onEffect(data, { user, spreadsheet });
        }
      };
      const properties = { user: stored(storeKey('user', user, spreadsheet)) };
      properties.document = stored(storeKey('document', user, spreadsheet));
      worker.postMessage({
        functionName,
        parameters,
        authMode,
        isTrigger,
        spreadsheet,
        user,
        userLocale: 'ru',
        project: this.project,
        properties,
      });
    });
  }

  onEffect(effect, { user, spreadsheet }) {
    const effects = {
      menu: () => this.showMenu(effect),
      sidebar: () => this.showSidebar(effect),
      toast: () => this.toast(effect),
      activate: () => this.onActivate(effect),
      properties: () => localStorage.setItem(storeKey(effect.store, user, spreadsheet), JSON.stringify(effect.all)),
      log: () => console[effect.level](effect.text),
    };
    effects[effect.kind]();
  }

  // ---- Menu ----

  showMenu({ title, items }) {
    if (title === null) {
      // An add-on's items are in the menu Extensions, in a submenu with its name.
      this.menubar.replaceChildren(this.topMenu('Расширения', [{ submenu: { title: ADDON_NAME, items } }]));
    } else {
      this.menubar.append(this.topMenu(title, items));
    }
  }

  topMenu(title, items) {
    const close = () => menu.classList.remove('open');
    const menu = el('div', { class: 'menu', onkeydown: (event) => event.key === 'Escape' && close() });
    document.addEventListener('pointerdown', (event) => menu.contains(event.target) || close());
    menu.append(
      el('button', { role: 'menuitem', 'aria-haspopup': 'menu', onclick: () => menu.classList.toggle('open') }, title),
      this.menuList(items, menu),
    );
    return menu;
  }

  menuList(items, menu) {
    return el(
      'ul',
      { role: 'menu' },
      ...items.map((item) => {
        if (item.separator) {
          return el('li', { role: 'separator' });
        }
        if (item.submenu) {
          return el(
            'li',
            { class: 'submenu' },
            el('button', { role: 'menuitem', 'aria-haspopup': 'menu' }, item.submenu.title),
            this.menuList(item.submenu.items, menu),
          );
        }
        const choose = () => {
          menu.classList.remove('open');
          this.choose(item.functionName);
        };
        return el('li', {}, el('button', { role: 'menuitem', onclick: choose }, item.caption));
      }),
    );
  }

  async choose(functionName) {
    const working = this.toast({ message: 'Выполняется сценарий…' }, false);
    try {
      await this.execute(functionName);
    } catch (error) {
      this.toast({ title: 'Ошибка сценария', message: error.message });
    } finally {
      working.remove();
    }
  }

  // ---- Sidebar ----

  showSidebar({ title, html }) {
    this.frame = el('iframe', {
      title,
      sandbox: 'allow-scripts allow-forms allow-downloads',
      srcdoc: html.replace('<head>', `<head>${BRIDGE}`),
    });
    this.sidebar.querySelector('b').textContent = title;
    this.sidebar.querySelector('.body').replaceChildren(this.frame);
    this.sidebar.hidden = false;
  }

  closeSidebar() {
    this.sidebar.hidden = true;
    this.sidebar.querySelector('.body').replaceChildren();
    this.frame = null;
  }

  async onSidebarMessage({ source, data }) {
    if (!this.frame || source !== this.frame.contentWindow) {
      return;
    }
    if (data.kind === 'close') {
      this.closeSidebar();
    } else if (data.kind === 'link') {
      this.onLink(data.url);
    } else if (data.kind === 'run') {
      const answer = await this.execute(data.functionName, { parameters: data.parameters }).then(
        (result) => ({ result }),
        (error) => ({ error: error.message }),
      );
      source.postMessage({ id: data.id, ...answer }, '*');
    }
  }

  toast({ title = '', message, seconds = TOAST_MS / 1000 }, goesAway = true) {
    const node = el('div', { class: 'toast' }, title ? el('b', {}, title) : null, el('span', {}, message));
    this.toasts.append(node);
    if (goesAway) {
      setTimeout(() => node.remove(), seconds * 1000);
    }
    return node;
  }
}

/** User properties belong to a person, document properties to a workbook. */
function storeKey(store, user, spreadsheet) {
  return `properties.${store}.${store === 'user' ? user : spreadsheet.id}`;
}

function stored(key) {
  return JSON.parse(localStorage.getItem(key) ?? '{}');
}
