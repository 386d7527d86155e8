/*
 * One execution of the add-on: a fresh global scope with Google's services, as on Google's servers.
 *
 * The page starts a worker for each call and ends it afterwards. A worker may wait for an answer
 * (a synchronous XMLHttpRequest) while the page stays alive, which is what UrlFetchApp needs.
 */

/* global installGoogle */

'use strict';

importScripts('/static/gas_shim.js');

/** Asks the workbench and waits. */
function ask(method, url, body) {
  const request = new XMLHttpRequest();
  request.open(method, url, false);
  if (body !== undefined) {
    request.setRequestHeader('content-type', 'application/json');
  }
  request.send(body === undefined ? null : JSON.stringify(body));
  if (request.status >= 400) {
    throw new Error(`${method} ${url}: ${request.responseText.slice(0, 200)}`);
  }
  return JSON.parse(request.responseText);
}

/** What the shim stands on. Effects that a person sees are left to the page. */
function createPageHost(execution) {
  const { spreadsheet, user, authMode, userLocale, project, properties } = execution;
  const effect = (kind) => (details) => postMessage({ kind, ...details });
  return {
    spreadsheet: () => spreadsheet,
    authMode: () => authMode,
    userLocale: () => userLocale,
    identityToken: () => ask('GET', `/gas/identity-token?user=${encodeURIComponent(user)}`).id_token,
    uuid: () => crypto.randomUUID(),
    readProperties: (store) => (store === 'script' ? project.script_properties : (properties[store] ?? {})),
    writeProperties(store, all) {
      properties[store] = all;
      postMessage({ kind: 'properties', store, all });
    },
    projectFile: (name) => project.pages[name],
    fetch: (request) => ask('POST', '/gas/fetch', request),
    alert() {
      throw new Error('Ui.alert is not modelled in the workbench');
    },
    log: (level, text) => postMessage({ kind: 'log', level, text }),
    addMenu: effect('menu'),
    toast: effect('toast'),
    showSidebar: effect('sidebar'),
    activate: effect('activate'),
  };
}

self.onmessage = ({ data: execution }) => {
  try {
    installGoogle(self, createPageHost(execution));
    importScripts(...execution.project.scripts.map((name) => `/gas/project/${name}`));
    // A trigger gets its event; what the sidebar calls gets what the sidebar gave.
    const event = { authMode: self.ScriptApp.AuthMode[execution.authMode] };
    const result = self[execution.functionName](...(execution.isTrigger ? [event] : execution.parameters));
    postMessage({ kind: 'returned', result: result === undefined ? null : result });
  } catch (error) {
    postMessage({ kind: 'threw', message: error.message });
  }
};
