/** Requests of the page to the workbench and, through it, to the emulators. */

/** An error of a service, with its message and the whole body. */
export class ServiceError extends Error {
  constructor(status, body) {
    super(body?.error?.message ?? body?.errors?.[0]?.message ?? body?.message ?? body?.detail ?? body?.description ?? `Ошибка ${status}`);
    this.status = status;
    this.body = body;
  }
}

async function request(method, url, body, headers = {}) {
  const response = await fetch(url, {
    method,
    headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    answer = { message: text.slice(0, 200) };
  }
  if (!response.ok) {
    throw new ServiceError(response.status, answer);
  }
  return answer;
}

export const workbench = {
  session: () => request('GET', '/api/session'),
  project: () => request('GET', '/gas/project'),
  changes: (seen) => request('GET', `/api/changes?${new URLSearchParams(seen)}`),
};

const sheets = (path, query) => request('GET', `/google/v4/spreadsheets/${path}?${query}`);

export const google = {
  workbooks: () => request('GET', '/google/_emulator/workbooks'),
  edit: (spreadsheetId, email, edits) =>
    request('POST', '/google/_emulator/edit', { spreadsheet_id: spreadsheetId, as: email, edits }),
  get: (spreadsheetId, fields, ranges = []) => {
    const query = new URLSearchParams({ fields });
    ranges.forEach((range) => query.append('ranges', range));
    return sheets(spreadsheetId, query);
  },
  values: async (spreadsheetId, ranges, render = 'UNFORMATTED_VALUE') => {
    const query = new URLSearchParams({ valueRenderOption: render });
    ranges.forEach((range) => query.append('ranges', range));
    const answer = await sheets(`${spreadsheetId}/values:batchGet`, query);
    return answer.valueRanges.map(({ values }) => values ?? []);
  },
};

/** Calls of Kaiten with the token of one person, which the workbench adds. */
export function kaitenOf(email) {
  const call = (method, path, body) =>
    request(method, `/kaiten/api/latest${path}`, body, { 'x-workbench-user': email });
  return {
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body),
    patch: (path, body) => call('PATCH', path, body),
    remove: (path) => call('DELETE', path),
  };
}

/** Calls of Asana with the token of one person, which the workbench adds. The envelope is taken off. */
export function asanaOf(email) {
  const call = async (method, path, data) =>
    (
      await request(method, `/asana/api/1.0${path}`, data === undefined ? undefined : { data }, {
        'x-workbench-user': email,
      })
    ).data;
  return {
    get: (path) => call('GET', path),
    post: (path, data) => call('POST', path, data),
    put: (path, data) => call('PUT', path, data),
  };
}

/** The CRM as a person uses it: what is on the page of the funnel, and what the person does there. */
export function amocrmOf(email) {
  const call = (method, path, body) => request(method, `/amocrm/_emulator${path}`, body, { 'x-workbench-user': email });
  return {
    deals: () => call('GET', '/deals'),
    deal: (id) => call('GET', `/deals/${id}`),
    act: (action) => call('POST', '/do', action),
  };
}

/** Telegram as people use it: groups that a page shows, and what people do there. */
export const telegram = {
  users: () => request('GET', '/telegram/_emulator/users'),
  chats: () => request('GET', '/telegram/_emulator/chats'),
  presses: () => request('GET', '/telegram/_emulator/presses'),
  act: (action) => request('POST', '/telegram/_emulator/do', action),
};
