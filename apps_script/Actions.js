/** Menu: fills the hours of the backlog from the norms. */
function estimateBacklog() {
  openAction_('estimate', 'run');
}

/** Menu: chooses items for the period and shows them before anything is moved. */
function buildBatch() {
  openAction_('build_batch', 'run', { period: 'current' });
}

/** Menu: makes or updates a tracker card for each item in work. */
function pushToTracker() {
  openAction_('push', 'run');
}

/** Menu: writes what the tracker knows into the workbook. */
function refreshFromTracker() {
  openAction_('refresh', 'run');
}

/** Menu: takes the last action back, after asking what that means. */
function undoLastAction() {
  openAction_('undo', 'confirm');
}

/** Menu: judges the people and days of this workbook, beside all others. */
function checkBook() {
  openAction_('check_book', 'run');
}

/** Menu: asks about a new client, then makes the workbook and the board. */
function newClient() {
  openAction_('new_client', 'form');
}

/** Menu: recalculates the norms, after asking, because all clients' estimates rest on them. */
function recalculateNorms() {
  openAction_('recalculate_norms', 'confirm');
}

/** Menu: draws what everybody does for all clients. */
function updateLoad() {
  openAction_('update_load', 'run');
}

/** Menu: judges all workbooks and the tracker. */
function checkAll() {
  openAction_('check_all', 'run');
}

/** Menu of a spreadsheet that is not ours: says where the commands are. */
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
 * Opens the sidebar on an action, or on its progress where the same action still runs from an
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
