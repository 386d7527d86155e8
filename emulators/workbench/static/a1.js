/** Addresses of cells. Rows and columns are counted from 0 in code and from 1 in A1 notation. */

/** 0 -> A, 26 -> AA. */
export function letters(column) {
  let text = '';
  for (let rest = column + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    text = String.fromCharCode(65 + ((rest - 1) % 26)) + text;
  }
  return text;
}

export function address(row, column) {
  return `${letters(column)}${row + 1}`;
}

/** B3 -> {row: 2, column: 1}. */
export function parseAddress(a1) {
  const [, text, number] = /^([A-Z]+)(\d+)$/.exec(a1);
  const column = [...text].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
  return { row: Number(number) - 1, column };
}

/** A range of a tab, with the tab's name quoted as Google wants it. */
export function rangeOf(title, range) {
  return `'${title.replaceAll("'", "''")}'!${range}`;
}

/** A GridRange as A1 notation inside its tab. */
export function gridRange(range) {
  const from = address(range.startRowIndex ?? 0, range.startColumnIndex ?? 0);
  return `${from}:${address(range.endRowIndex - 1, range.endColumnIndex - 1)}`;
}
