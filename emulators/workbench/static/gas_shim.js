/*
 * The part of Google Apps Script that the add-on uses. A *host* object does the real work.
 *
 * The add-on's files run unmodified with it: as classic scripts in the workbench's worker and in
 * the JavaScript engine of the tests. Calls that are not modelled throw an error with their name, so
 * that an unknown call is noticed here and not in a customer's workbook.
 *
 * The host is an object of synchronous functions:
 *   spreadsheet() -> {id, name, locale, metadata: [{key, value}], sheets: [title],
 *     currentCell: {sheetId, row, column, note} | null, with rows and columns from 1}
 *   fetch({url, method, headers, contentType, payload}) -> {status, headers, body} | {error}
 *   authMode() -> NONE | LIMITED | FULL       userLocale() -> string       uuid() -> string
 *   identityToken() -> string | null
 *   readProperties(store) -> {key: value}     writeProperties(store, {key: value})
 *   projectFile(name) -> string               log(level, text)
 *   addMenu({title, items})                   toast({message, title, seconds})
 *   showSidebar({title, html})                alert({title, prompt, buttons}) -> button name
 *   activate({sheet, cell})
 */

'use strict';

/** Wraps a modelled object so that access to any other property throws an error with its full name. */
function modelled(name, members) {
  return new Proxy(members, {
    get(target, property) {
      // The engine reads `then` of promises and its own symbols from any object.
      if (property in target || typeof property === 'symbol' || property === 'then' || property === 'toJSON') {
        return target[property];
      }
      throw new Error(`${name}.${property} is not modelled`);
    },
  });
}

/** Throws an error for an option of a call that is not modelled, instead of ignoring it. */
function refuseOther(name, given, known) {
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) {
      throw new Error(`${name}: ${key} is not modelled`);
    }
  }
}

/** Google's enums print as their names and are compared by identity. */
function enumeration(name, members) {
  return modelled(name, Object.fromEntries(members.map((member) => [member, { toString: () => member }])));
}

/** Creates the global objects of Apps Script for a host. */
function createGoogle(host) {
  const Button = enumeration('Ui.Button', ['CLOSE', 'OK', 'CANCEL', 'YES', 'NO']);
  const ButtonSet = enumeration('Ui.ButtonSet', ['OK', 'OK_CANCEL', 'YES_NO', 'YES_NO_CANCEL']);
  const AuthMode = enumeration('ScriptApp.AuthMode', ['NONE', 'CUSTOM_FUNCTION', 'LIMITED', 'FULL']);

  /**
   * An add-on that was not used in this workbook yet may not read it (`NONE`), and the trigger that
   * runs when a workbook opens may not call other servers (`LIMITED`).
   */
  function permitted(name, ...refusedModes) {
    if (refusedModes.includes(host.authMode())) {
      throw new Error(`You do not have permission to call ${name}`);
    }
  }

  function activeSpreadsheet() {
    permitted('SpreadsheetApp.getActiveSpreadsheet', 'NONE');
    return spreadsheet;
  }

  function identityToken() {
    permitted('ScriptApp.getIdentityToken', 'NONE', 'LIMITED');
    return host.identityToken();
  }

  function menu(title) {
    const items = [];
    const self = modelled('Menu', {
      addItem(caption, functionName) {
        items.push({ caption, functionName });
        return self;
      },
      addSeparator() {
        items.push({ separator: true });
        return self;
      },
      addSubMenu(submenu) {
        items.push({ submenu: submenu.describe() });
        return self;
      },
      addToUi() {
        host.addMenu({ title, items });
      },
      describe: () => ({ title, items }),
    });
    return self;
  }

  function alert(...args) {
    const buttons = args.length > 1 ? args.pop() : ButtonSet.OK;
    const [title, prompt] = args.length > 1 ? args : ['', args[0]];
    return Button[host.alert({ title, prompt, buttons: buttons.toString() })];
  }

  const ui = modelled('Ui', {
    Button,
    ButtonSet,
    alert,
    createMenu: (caption) => menu(caption),
    // In the menu Extensions, where the submenu has the name of the add-on.
    createAddonMenu: () => menu(null),
    showSidebar(output) {
      host.showSidebar({ title: output.getTitle(), html: output.getContent() });
    },
  });

  function sheet(title) {
    return modelled('Sheet', {
      getName: () => title,
      getRange(...args) {
        if (args.length !== 1 || !/^[A-Z]+[1-9]\d*$/.test(args[0])) {
          throw new Error(`Sheet.getRange(${args.join(', ')}) is not modelled`);
        }
        const [cell] = args;
        return modelled('Range', {
          getA1Notation: () => cell,
          activate: () => host.activate({ sheet: title, cell }),
        });
      },
    });
  }

  /** The selected cell, or of several selected ones the one with the border; null if there is none. */
  function currentCell() {
    permitted('SpreadsheetApp.getCurrentCell', 'NONE');
    const cell = host.spreadsheet().currentCell;
    return cell
      ? modelled('Range', {
          getSheet: () => modelled('Sheet', { getSheetId: () => cell.sheetId }),
          getRow: () => cell.row,
          getColumn: () => cell.column,
          // An empty text if the cell has no note; comments are not notes and are not read.
          getNote: () => cell.note ?? '',
        })
      : null;
  }

  const spreadsheet = modelled('Spreadsheet', {
    getId: () => host.spreadsheet().id,
    getName: () => host.spreadsheet().name,
    getSpreadsheetLocale: () => host.spreadsheet().locale,
    getCurrentCell: currentCell,
    getSheetByName: (title) => (host.spreadsheet().sheets.includes(title) ? sheet(title) : null),
    getDeveloperMetadata: () =>
      host
        .spreadsheet()
        .metadata.map(({ key, value }) =>
          modelled('DeveloperMetadata', { getKey: () => key, getValue: () => value ?? null }),
        ),
    toast: (message, title = '', seconds = 5) => host.toast({ message, title, seconds }),
  });

  function htmlOutput(html) {
    let title = '';
    const self = modelled('HtmlOutput', {
      getContent: () => html,
      getTitle: () => title,
      setTitle(text) {
        title = text;
        return self;
      },
    });
    return self;
  }

  function htmlTemplate(source) {
    const template = {
      evaluate() {
        const values = Object.entries(template).filter(([name]) => name !== 'evaluate');
        const html = source.replace(/<\?(.*?)\?>/gs, (scriptlet, code) => {
          if (!code.startsWith('!=')) {
            throw new Error(`HtmlTemplate: the scriptlet ${scriptlet} is not modelled`);
          }
          const print = new Function(...values.map(([name]) => name), `return ${code.slice(2)}`);
          return print(...values.map(([, value]) => value));
        });
        return htmlOutput(html);
      },
    };
    return modelled('HtmlTemplate', template);
  }

  function properties(store) {
    const change = (edit) => {
      const all = { ...host.readProperties(store) };
      edit(all);
      host.writeProperties(store, all);
    };
    const self = modelled('Properties', {
      getProperty: (key) => host.readProperties(store)[key] ?? null,
      getProperties: () => ({ ...host.readProperties(store) }),
      setProperty(key, value) {
        change((all) => {
          all[key] = String(value);
        });
        return self;
      },
      deleteProperty(key) {
        change((all) => {
          delete all[key];
        });
        return self;
      },
    });
    return self;
  }

  function fetch(url, params = {}) {
    permitted('UrlFetchApp.fetch', 'NONE', 'LIMITED');
    refuseOther('UrlFetchApp.fetch', params, ['method', 'contentType', 'headers', 'payload', 'muteHttpExceptions']);
    if (params.payload !== undefined && typeof params.payload !== 'string') {
      throw new Error('UrlFetchApp.fetch: a payload that is not text is not modelled');
    }
    const answer = host.fetch({
      url,
      method: (params.method ?? 'get').toUpperCase(),
      headers: params.headers ?? {},
      contentType: params.contentType ?? 'application/x-www-form-urlencoded',
      payload: params.payload ?? null,
    });
    if (answer.error) {
      throw new Error(answer.error);
    }
    if (answer.status >= 400 && !params.muteHttpExceptions) {
      throw new Error(
        `Request failed for ${new RegExp('^[a-z]+://[^/]+').exec(url)[0]} returned code ${answer.status}. ` +
          `Truncated server response: ${answer.body.slice(0, 100)} ` +
          '(use muteHttpExceptions option to examine full response)',
      );
    }
    return modelled('HTTPResponse', {
      getResponseCode: () => answer.status,
      getContentText: () => answer.body,
      getHeaders: () => ({ ...answer.headers }),
    });
  }

  return {
    SpreadsheetApp: modelled('SpreadsheetApp', {
      getUi: () => ui,
      getActive: activeSpreadsheet,
      getActiveSpreadsheet: activeSpreadsheet,
    }),
    HtmlService: modelled('HtmlService', {
      createHtmlOutput: (html) => htmlOutput(html),
      createHtmlOutputFromFile: (name) => htmlOutput(host.projectFile(name)),
      createTemplateFromFile: (name) => htmlTemplate(host.projectFile(name)),
    }),
    UrlFetchApp: modelled('UrlFetchApp', { fetch }),
    PropertiesService: modelled('PropertiesService', {
      getScriptProperties: () => properties('script'),
      getUserProperties: () => properties('user'),
      getDocumentProperties: () => properties('document'),
    }),
    ScriptApp: modelled('ScriptApp', { AuthMode, getIdentityToken: identityToken }),
    Session: modelled('Session', { getActiveUserLocale: () => host.userLocale() }),
    Utilities: modelled('Utilities', { getUuid: () => host.uuid() }),
    console: modelled(
      'console',
      Object.fromEntries(
        ['log', 'info', 'warn', 'error'].map((level) => [level, (...parts) => host.log(level, parts.join(' '))]),
      ),
    ),
  };
}

/** Defines the global objects of Apps Script for the add-on's files. */
function installGoogle(scope, host) {
  Object.assign(scope, createGoogle(host));
}
