/*
 * A host for gas_shim.js whose world is written down beforehand and whose every effect is recorded.
 *
 * `world` says what the host answers; `effects` is what the add-on did, in order.
 */

'use strict';

const effects = [];

function createScriptedHost(world) {
  let uuids = 0;
  const record = (kind) => (details) => {
    effects.push({ kind, ...details });
  };
  return {
    spreadsheet: () => world.spreadsheet,
    authMode: () => world.authMode,
    userLocale: () => world.userLocale,
    identityToken: () => world.identityToken,
    uuid: () => `00000000-0000-4000-8000-${String((uuids += 1)).padStart(12, '0')}`,
    readProperties: (store) => world.properties[store] ?? {},
    writeProperties(store, all) {
      world.properties[store] = all;
    },
    projectFile: (name) => world.files[name],
    fetch(request) {
      effects.push({ kind: 'fetch', ...request });
      if (world.answers.length === 0) {
        throw new Error('the test gave no answer for this request');
      }
      return world.answers.shift();
    },
    alert(details) {
      effects.push({ kind: 'alert', ...details });
      return world.pressedButton;
    },
    log: (level, text) => effects.push({ kind: 'log', level, text }),
    addMenu: record('menu'),
    toast: record('toast'),
    showSidebar: record('sidebar'),
    activate: record('activate'),
  };
}
