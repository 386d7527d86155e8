/**
 * The state with which the sidebar opens.
 * @typedef {object} SidebarState
 * @property {'run' | 'operation' | 'form' | 'confirm' | 'notice'} view
 * @property {string} [action]
 * @property {Record<string, any>} [params]
 * @property {string} [requestId] of the click that opened the sidebar
 * @property {string} [operationId] of an operation that still runs
 * @property {Answer} [answer] to show at once
 */

/**
 * Opens the sidebar and replaces an open one.
 * @param {SidebarState} state
 */
function showSidebar_(state) {
  const locale = bookLocale_();
  const spreadsheetId = SpreadsheetApp.getActive().getId();
  const template = HtmlService.createTemplateFromFile('Sidebar');
  // The page reads this from a script element, which "</script>" in a text would close too early.
  template.state = JSON.stringify({ ...state, locale, spreadsheetId, texts: TEXTS[locale] }).replace(/</g, '\\u003c');
  SpreadsheetApp.getUi().showSidebar(template.evaluate().setTitle(ADDON_NAME));
}

/**
 * Sidebar: carries out an action.
 * @param {string} action
 * @param {Record<string, any>} params
 * @param {string} requestId
 * @returns {Answer}
 */
function runAction(action, params, requestId) {
  const answer = callBackend_(action, params, requestId);
  if (answer.outcome === 'accepted' && answer.operation_id) {
    PropertiesService.getUserProperties().setProperty(operationKey_(action), answer.operation_id);
  }
  return answer;
}

/**
 * Sidebar: asks for the progress of an operation.
 * @param {string} action that started it
 * @param {string} operationId
 * @returns {Answer}
 */
function pollOperation(action, operationId) {
  const answer = callBackend_('operation', { operation_id: operationId }, Utilities.getUuid());
  if (!isRunning_(answer) && !answer.unanswered) {
    PropertiesService.getUserProperties().deleteProperty(operationKey_(action));
  }
  return answer;
}

/**
 * Sidebar: selects a cell that must be corrected.
 * @param {string} sheetTitle
 * @param {string} cell in A1 notation
 */
function goToCell(sheetTitle, cell) {
  const sheet = SpreadsheetApp.getActive().getSheetByName(sheetTitle);
  // The tab may have been renamed since the answer; then there is nothing to select.
  if (sheet) {
    sheet.getRange(cell).activate();
  }
}

/**
 * The operation of an action that this person started in this workbook and that still runs.
 * @param {string} action
 * @returns {string | null}
 */
function unfinishedOperation_(action) {
  const operationId = PropertiesService.getUserProperties().getProperty(operationKey_(action));
  if (!operationId) {
    return null;
  }
  return isRunning_(pollOperation(action, operationId)) ? operationId : null;
}

/**
 * Whether an answer about an operation says that it has not ended.
 * @param {Answer} answer
 * @returns {boolean}
 */
function isRunning_(answer) {
  return answer.outcome === 'running' || answer.outcome === 'accepted';
}

/**
 * The key under which the operation of an action is stored: all workbooks share the properties.
 * @param {string} action
 * @returns {string}
 */
function operationKey_(action) {
  return `operation.${SpreadsheetApp.getActive().getId()}.${action}`;
}
