/** The name of the add-on in all texts for people. */
const ADDON_NAME = 'Vitrina';

/** Developer metadata of the spreadsheet under this key says what kind of workbook it is. */
const BOOK_METADATA_KEY = 'vitrina.book';

/**
 * Developer metadata of a client workbook under this key says `none` if its project has no tracker, and
 * `guests` if the tracker may invite the client.
 */
const TRACKER_METADATA_KEY = 'vitrina.tracker';

/** Developer metadata of a workbook under this key says `on` if its agency has a chat. */
const CHAT_METADATA_KEY = 'vitrina.chat';

/**
 * The menu of each kind of workbook: the key of the item's text and the function that it calls. The items
 * with `chat` are there only where the agency has a chat.
 * @type {Record<string, [string, string, 'chat'?][]>}
 */
const MENUS = {
  client: [
    ['menu.estimate', 'estimateBacklog'],
    ['menu.build_batch', 'buildBatch'],
    ['menu.push', 'pushToTracker'],
    ['menu.refresh', 'refreshFromTracker'],
    ['menu.assign_task', 'assignTask'],
    ['menu.add_onboarding', 'addOnboarding'],
    ['menu.replan', 'replanWork'],
    ['menu.show_to_client', 'showToClient'],
    ['menu.decide_for_client', 'decideForClient'],
    ['menu.note_call', 'noteCall'],
    ['menu.chat', 'showChat', 'chat'],
    ['menu.answer_question', 'answerQuestion'],
    ['menu.digest', 'sendDigest', 'chat'],
    ['menu.metric_source', 'chooseMetricSource'],
    ['menu.metric_report', 'reportOnMetric'],
    ['menu.show_as_client', 'showAsClient'],
    ['menu.client_links', 'showClientLinks'],
    ['menu.undo', 'undoLastAction'],
    ['menu.check_book', 'checkBook'],
  ],
  client_with_guests: [
    ['menu.estimate', 'estimateBacklog'],
    ['menu.build_batch', 'buildBatch'],
    ['menu.push', 'pushToTracker'],
    ['menu.refresh', 'refreshFromTracker'],
    ['menu.assign_task', 'assignTask'],
    ['menu.invite_client', 'inviteClient'],
    ['menu.add_onboarding', 'addOnboarding'],
    ['menu.replan', 'replanWork'],
    ['menu.show_to_client', 'showToClient'],
    ['menu.decide_for_client', 'decideForClient'],
    ['menu.note_call', 'noteCall'],
    ['menu.chat', 'showChat', 'chat'],
    ['menu.answer_question', 'answerQuestion'],
    ['menu.digest', 'sendDigest', 'chat'],
    ['menu.metric_source', 'chooseMetricSource'],
    ['menu.metric_report', 'reportOnMetric'],
    ['menu.show_as_client', 'showAsClient'],
    ['menu.client_links', 'showClientLinks'],
    ['menu.undo', 'undoLastAction'],
    ['menu.check_book', 'checkBook'],
  ],
  client_without_tracker: [
    ['menu.estimate', 'estimateBacklog'],
    ['menu.build_batch', 'buildBatch'],
    ['menu.refresh_sheet', 'refreshFromTracker'],
    ['menu.assign_task', 'assignTask'],
    ['menu.add_onboarding', 'addOnboarding'],
    ['menu.replan', 'replanWork'],
    ['menu.show_to_client', 'showToClient'],
    ['menu.decide_for_client', 'decideForClient'],
    ['menu.note_call', 'noteCall'],
    ['menu.chat', 'showChat', 'chat'],
    ['menu.answer_question', 'answerQuestion'],
    ['menu.digest', 'sendDigest', 'chat'],
    ['menu.metric_source', 'chooseMetricSource'],
    ['menu.metric_report', 'reportOnMetric'],
    ['menu.show_as_client', 'showAsClient'],
    ['menu.client_links', 'showClientLinks'],
    ['menu.undo', 'undoLastAction'],
    ['menu.check_book', 'checkBook'],
  ],
  agency: [
    ['menu.new_client', 'newClient'],
    ['menu.ask_accounting', 'askAccounting'],
    ['menu.recalculate_norms', 'recalculateNorms'],
    ['menu.update_load', 'updateLoad'],
    ['menu.switch_tracker', 'switchTracker'],
    ['menu.agency_chat', 'showAgencyChat', 'chat'],
    ['menu.upgrade_books', 'upgradeBooks'],
    ['menu.check_all', 'checkAll'],
  ],
  other: [['menu.why_empty', 'explainEmptyMenu']],
  disabled: [['menu.enable', 'enableInThisBook']],
};

/**
 * Builds the menu when a person opens the workbook.
 *
 * In a workbook where the add-on was never used Google runs this without any rights
 * (`AuthMode.NONE`), and the workbook cannot be read. Then there is one item, and a click on it makes
 * Google ask for the rights.
 * @param {{authMode: GoogleAppsScript.Script.AuthMode}} event
 */
function onOpen(event) {
  if (event.authMode === ScriptApp.AuthMode.NONE) {
    addMenu_('disabled', localeOf_(Session.getActiveUserLocale()), false);
  } else {
    addMenu_(bookKind_(), bookLocale_(), hasChat_());
  }
}

/**
 * Builds the menu at once when the add-on is installed from an open workbook.
 * @param {{authMode: GoogleAppsScript.Script.AuthMode}} event
 */
function onInstall(event) {
  onOpen(event);
}

/** Replaces the menu of a workbook that could not be read when it was opened. */
function enableInThisBook() {
  const kind = bookKind_();
  addMenu_(kind, bookLocale_(), hasChat_());
  if (kind === 'other') {
    explainEmptyMenu();
  } else {
    SpreadsheetApp.getActive().toast(text_(bookLocale_(), 'notice.enabled'), ADDON_NAME);
  }
}

/**
 * Adds the items of one kind of workbook to the menu Extensions. The same call works for an add-on
 * and for a script bound to a workbook.
 * @param {string} kind
 * @param {string} locale
 * @param {boolean} hasChat
 */
function addMenu_(kind, locale, hasChat) {
  const menu = SpreadsheetApp.getUi().createAddonMenu();
  for (const [key, handler, needs] of MENUS[kind]) {
    if (needs !== 'chat' || hasChat) {
      menu.addItem(text_(locale, key), handler);
    }
  }
  menu.addToUi();
}

/**
 * The kind of the open workbook: a key of `MENUS`.
 * @returns {string}
 */
function bookKind_() {
  const kind = bookMetadata_(BOOK_METADATA_KEY);
  const tracker = kind === 'client' ? bookMetadata_(TRACKER_METADATA_KEY) : null;
  if (tracker === 'none') {
    return 'client_without_tracker';
  }
  if (tracker === 'guests') {
    return 'client_with_guests';
  }
  return kind === 'client' || kind === 'agency' ? kind : 'other';
}

/**
 * Whether the agency of the open workbook has a chat.
 * @returns {boolean}
 */
function hasChat_() {
  return bookMetadata_(CHAT_METADATA_KEY) === 'on';
}

/**
 * Developer metadata of the open workbook, or null if there is none under this key.
 * @param {string} key
 * @returns {string | null}
 */
function bookMetadata_(key) {
  const mark = SpreadsheetApp.getActive()
    .getDeveloperMetadata()
    .find((metadata) => metadata.getKey() === key);
  return mark ? mark.getValue() : null;
}

/**
 * The language of the open workbook, for all texts.
 * @returns {string}
 */
function bookLocale_() {
  return localeOf_(SpreadsheetApp.getActive().getSpreadsheetLocale());
}

/**
 * The language for a Google locale: Russian for Russian, English for all others.
 * @param {string} googleLocale for example `ru_RU`
 * @returns {string}
 */
function localeOf_(googleLocale) {
  return googleLocale.startsWith('ru') ? 'ru' : 'en';
}

/**
 * A text with its placeholders filled.
 * @param {string} locale
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
function text_(locale, key, values = {}) {
  return TEXTS[locale][key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
