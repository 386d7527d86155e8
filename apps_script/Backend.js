/**
 * The backend's answer to every request, which the sidebar shows.
 * @typedef {object} Answer
 * @property {'done' | 'partial' | 'refused' | 'failed' | 'accepted' | 'running'} outcome
 * @property {string} message one sentence
 * @property {string[]} [details] more sentences
 * @property {{sheet: string, cell: string, message: string, spreadsheet_id?: string, url?: string}[]} [cells]
 *   what to correct; with `url` if it may be in another workbook
 * @property {Record<string, any>} [data]
 * @property {string} [operation_id] what to ask about while the outcome is accepted or running
 * @property {boolean} [retriable] the same request may be sent once more, with the same id
 * @property {boolean} [unanswered] the answer was made here, because the backend could not be reached
 */

/** The outcomes that the sidebar knows how to show. */
const OUTCOMES = ['done', 'partial', 'refused', 'failed', 'accepted', 'running'];

/**
 * Asks the backend to carry out one action in the open workbook.
 *
 * Does not throw if the call fails: each failure is an answer with a sentence.
 * @param {string} action
 * @param {Record<string, any>} params
 * @param {string} requestId the same for each repeat of one click, so that the click is carried out once
 * @returns {Answer}
 */
function callBackend_(action, params, requestId) {
  const locale = bookLocale_();
  const url = PropertiesService.getScriptProperties().getProperty('VITRINA_URL');
  if (!url) {
    return failure_(locale, 'error.no_address');
  }
  const token = ScriptApp.getIdentityToken();
  if (!token) {
    return failure_(locale, 'error.no_identity');
  }
  const body = {
    action,
    spreadsheet_id: SpreadsheetApp.getActive().getId(),
    request_id: requestId,
    locale,
    params,
  };
  /** @type {GoogleAppsScript.URL_Fetch.HTTPResponse} */
  let response;
  try {
    response = UrlFetchApp.fetch(url, {
      method: 'post',
      contentType: 'application/json',
      headers: { Authorization: `Bearer ${token}`, 'Accept-Language': locale },
      payload: JSON.stringify(body),
      muteHttpExceptions: true,
    });
  } catch (error) {
    console.warn(`Vitrina: ${action} did not reach the backend: ${error}`);
    return failure_(locale, 'error.no_network', { unanswered: true });
  }
  return readAnswer_(locale, response.getResponseCode(), response.getContentText());
}

/**
 * Reads the backend's answer. If something else answered in its place (a proxy, Google's own access
 * check), it makes a sentence from the status.
 * @param {string} locale
 * @param {number} status
 * @param {string} content
 * @returns {Answer}
 */
function readAnswer_(locale, status, content) {
  const answer = parseAnswer_(content);
  const retriable = status === 429 || status >= 500;
  if (answer) {
    return answer.outcome === 'failed' ? { ...answer, retriable } : answer;
  }
  if (status === 401) {
    return failure_(locale, 'error.unauthorized');
  }
  if (status === 403) {
    return failure_(locale, 'error.forbidden');
  }
  return retriable
    ? failure_(locale, 'error.server', { status, unanswered: true })
    : failure_(locale, 'error.unreadable', { status });
}

/**
 * The answer in a body, or null if the body is not an answer.
 * @param {string} content
 * @returns {Answer | null}
 */
function parseAnswer_(content) {
  try {
    const answer = JSON.parse(content);
    const readable = OUTCOMES.includes(answer.outcome) && typeof answer.message === 'string';
    return readable ? answer : null;
  } catch {
    return null;
  }
}

/**
 * An answer that is made here because none came from the backend.
 * @param {string} locale
 * @param {string} key of the sentence; the key of its help is `key.help`
 * @param {{status?: number, unanswered?: boolean}} [more]
 * @returns {Answer}
 */
function failure_(locale, key, { status = 0, unanswered = false } = {}) {
  return {
    outcome: 'failed',
    message: text_(locale, key, { status }),
    details: [text_(locale, `${key}.help`)],
    retriable: unanswered,
    unanswered,
  };
}
