/** Menu: fills the hours of the backlog from the norms. */
function estimateBacklog() {
  openAction_('estimate', 'run');
}

/** Menu: chooses items for the period and shows them before anything is moved. */
function buildBatch() {
  openAction_('build_batch', 'run', { period: 'current' });
}

/** Menu: creates a tracker card for each item in progress. */
function pushToTracker() {
  openAction_('push', 'run');
}

/** Menu: writes the state of the tracker into the workbook; without a tracker, takes what people typed. */
function refreshFromTracker() {
  openAction_('refresh', 'run');
}

/** Menu: shows the form of a task for a specialist, filled from the selected cell. */
function assignTask() {
  const cell = SpreadsheetApp.getActive().getCurrentCell();
  openAction_(
    'assign_task',
    'form',
    cell ? { sheet_id: cell.getSheet().getSheetId(), row: cell.getRow(), note: cell.getNote() } : {},
  );
}

/** Menu: shows the kinds of project of the agency's templates, and the first tasks of one before they are added. */
function addOnboarding() {
  openAction_('preview_onboarding', 'run');
}

/** Menu: shows which open work has to move, and moves it after a yes. */
function replanWork() {
  openAction_('preview_replan', 'run');
}

/** Menu: shows finished work, and shows it to the client with a link to the result. */
function showToClient() {
  openAction_('show_to_client', 'form');
}

/** Menu: shows finished work, and notes what the client said of it. */
function decideForClient() {
  openAction_('decide_for_client', 'form');
}

/** Menu: shows the form for the results of a call; its decisions become rows of the backlog. */
function noteCall() {
  openAction_('note_call', 'form');
}

/** Menu: shows how far the chat with the client is, and how to go on. */
function showChat() {
  openAction_('show_chat', 'run');
}

/** Menu: shows the questions that clients asked in the chat or on the page, then sends an answer. */
function answerQuestion() {
  openAction_('answer_question', 'form');
}

/** Menu: shows what the weekly digest says now, then sends it to the client's chat. */
function sendDigest() {
  openAction_('preview_digest', 'run');
}

/** Menu: shows the draft of a report about the metric of the selected row, then sends it to the client. */
function reportOnMetric() {
  const cell = SpreadsheetApp.getActive().getCurrentCell();
  openAction_('preview_metric_report', 'run', cell ? { sheet_id: cell.getSheet().getSheetId(), row: cell.getRow() } : {});
}

/** Menu: the same for the agency's own chat. */
function showAgencyChat() {
  openAction_('show_agency_chat', 'run');
}

/** Menu: shows where the facts of the selected metric come from, and what they may come from. */
function chooseMetricSource() {
  const cell = SpreadsheetApp.getActive().getCurrentCell();
  openAction_(
    'metric_sources',
    'run',
    cell ? { sheet_id: cell.getSheet().getSheetId(), row: cell.getRow() } : {},
  );
}

/** Menu: shows what the client sees of each tab, and what may be more than he should. */
function showAsClient() {
  openAction_('show_as_client', 'run');
}

/** Menu: shows the links by which the client opens his page, makes new ones, and switches them off. */
function showClientLinks() {
  openAction_('client_links', 'run');
}

/** Menu: undoes the last action, after a confirmation. */
function undoLastAction() {
  openAction_('undo', 'confirm');
}

/** Menu: checks people and days of this workbook, together with all other workbooks. */
function checkBook() {
  openAction_('check_book', 'run');
}

/** Menu: shows the form of a new client, then creates the workbook and the board. */
function newClient() {
  openAction_('new_client', 'form');
}

/** Menu: shows what accounting would be asked for, then asks it. */
function askAccounting() {
  openAction_('ask_accounting', 'form');
}

/** Menu: asks for the client's e-mail, then invites him to the project in the tracker. */
function inviteClient() {
  openAction_('invite_client', 'form');
}

/** Menu: recalculates the norms, after a confirmation, because the estimates of all clients use them. */
function recalculateNorms() {
  openAction_('recalculate_norms', 'confirm');
}

/** Menu: draws the load of all people over all clients. */
function updateLoad() {
  openAction_('update_load', 'run');
}

/** Menu: shows which projects may move to which tracker, then moves them. */
function switchTracker() {
  openAction_('switch_tracker', 'form');
}

/** Menu: brings workbooks of an older release along to this one. */
function upgradeBooks() {
  openAction_('upgrade_books', 'run');
}

/** Menu: checks all workbooks and the tracker. */
function checkAll() {
  openAction_('check_all', 'run');
}

/** Menu of a spreadsheet that is not ours: says in which workbooks the commands are. */
function explainEmptyMenu() {
  const locale = bookLocale_();
  showSidebar_({
    view: 'notice',
    answer: {
      outcome: 'refused',
      message: text_(locale, 'notice.not_a_vitrina_book'),
      details: [text_(locale, 'notice.open_a_vitrina_book')],
    },
  });
}

/**
 * Opens the sidebar for an action, or with its progress if the same action still runs from an
 * earlier click.
 * @param {string} action
 * @param {'run' | 'form' | 'confirm'} view
 * @param {Record<string, any>} [params]
 */
function openAction_(action, view, params = {}) {
  const operationId = unfinishedOperation_(action);
  if (operationId) {
    showSidebar_({ view: 'operation', action, operationId });
  } else {
    showSidebar_({ view, action, params, requestId: Utilities.getUuid() });
  }
}
