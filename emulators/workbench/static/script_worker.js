/*
 * One execution of the add-on: a new global scope with Google's services, as on Google's servers.
 *
 * The page starts a worker for each call and ends it afterwards. A worker may wait for an answer
 * (a synchronous XMLHttpRequest) while the page keeps working, which UrlFetchApp needs.
 */

/* global installGoogle */

'use strict';

importScripts('/static/gas_shim.js');

/** Calls the workbench and waits for the answer. */
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

/** The host of the shim. The page carries out the effects that a person sees. */
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
    // A trigger gets its event; a function called by the sidebar gets the sidebar's arguments.
    const event = { authMode: self.ScriptApp.AuthMode[execution.authMode] };
    const result = self[execution.functionName](...(execution.isTrigger ? [event] : execution.parameters));
    postMessage({ kind: 'returned', result: result === undefined ? null : result });
  } catch (error) {
    postMessage({ kind: 'threw', message: error.message });
  }
};
