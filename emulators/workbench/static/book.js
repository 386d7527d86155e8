/** A workbook in the page: its tabs, and the loaded rows of each tab. */

import { address, letters, rangeOf } from './a1.js';
import { google } from './api.js';
import { drawChart } from './charts.js';
import { colour } from './format.js';

const BOOK_FIELDS =
  'spreadsheetId,properties(title,locale,timeZone),developerMetadata,namedRanges,' +
  'sheets(properties,merges,charts)';
/** Field mask of what is drawn: the whole format of an empty cell has a kilobyte. */
const FORMAT_FIELDS =
  'effectiveFormat(backgroundColor,backgroundColorStyle,borders,padding,horizontalAlignment,verticalAlignment,' +
  'wrapStrategy,numberFormat(type),' +
  'textFormat(foregroundColorStyle,fontFamily,fontSize,bold,italic,strikethrough,underline))';
const CELL_FIELDS =
  'formattedValue,effectiveValue,userEnteredValue,hyperlink,note,textFormatRuns,dataValidation,' + FORMAT_FIELDS;
const ROW_FIELDS =
  `sheets(data(startRow,rowData(values(${CELL_FIELDS})),` +
  'rowMetadata(pixelSize,hiddenByUser,hiddenByFilter),columnMetadata(pixelSize,hiddenByUser,hiddenByFilter)))';
/** Rows that are loaded at once: a screen and its neighbouring rows. */
export const CHUNK_ROWS = 60;

export class Book {
  constructor(id) {
    this.id = id;
    this.tabs = [];
  }

  /** Reads everything but the cells. Loaded rows must be read again after it. */
  async load() {
    const answer = await google.get(this.id, BOOK_FIELDS);
    this.title = answer.properties.title;
    this.locale = answer.properties.locale;
    this.metadata = (answer.developerMetadata ?? []).map(({ metadataKey, metadataValue }) => ({
      key: metadataKey,
      value: metadataValue,
    }));
    this.namedRanges = answer.namedRanges ?? [];
    this.sheets = answer.sheets
      .map(({ properties, merges, charts }) => ({ ...properties, merges: merges ?? [], charts: charts ?? [] }))
      .filter(({ hidden }) => !hidden);
  }

  /** Reads a tab with at least the rows of `chunks`, which are counted from 0. */
  async loadTab(sheetId, chunks = new Set([0])) {
    const sheet = this.sheets.find((candidate) => candidate.sheetId === sheetId);
    const grid = sheet.gridProperties;
    const tab = {
      sheetId,
      title: sheet.title,
      rowCount: grid.rowCount,
      columnCount: grid.columnCount,
      frozenRows: grid.frozenRowCount ?? 0,
      frozenColumns: grid.frozenColumnCount ?? 0,
      gridlines: !grid.hideGridlines,
      merges: sheet.merges,
      rows: new Map(),
      rowSizes: new Map(),
      columns: [],
      chunks: new Set(),
      charts: [],
    };
    for (const chunk of chunks) {
      await this.loadChunk(tab, chunk);
    }
    tab.charts = await Promise.all(sheet.charts.map((chart) => this.loadChart(chart)));
    return tab;
  }

  /** Reads the missing rows of a window; resolves with whether there were any. */
  async loadRows(tab, from, to) {
    const missing = [];
    for (let chunk = Math.floor(from / CHUNK_ROWS); chunk * CHUNK_ROWS < to; chunk += 1) {
      if (!tab.chunks.has(chunk)) {
        missing.push(chunk);
      }
    }
    for (const chunk of missing) {
      await this.loadChunk(tab, chunk);
    }
    return missing.length > 0;
  }

  async loadChunk(tab, chunk) {
    const from = chunk * CHUNK_ROWS;
    const to = Math.min(tab.rowCount, from + CHUNK_ROWS);
    if (from >= to) {
      return;
    }
    tab.chunks.add(chunk);
    const range = `A${from + 1}:${letters(tab.columnCount - 1)}${to}`;
    const answer = await google.get(this.id, ROW_FIELDS, [rangeOf(tab.title, range)]);
    const [data] = answer.sheets[0].data;
    (data.rowData ?? []).forEach(({ values }, index) => tab.rows.set(from + index, values ?? []));
    (data.rowMetadata ?? []).forEach((meta, index) => {
      tab.rowSizes.set(from + index, { height: meta.pixelSize, hidden: isHidden(meta) });
    });
    tab.columns = (data.columnMetadata ?? []).map((meta) => ({ width: meta.pixelSize, hidden: isHidden(meta) }));
  }

  async loadChart({ spec, position }) {
    const { anchorCell, offsetXPixels, offsetYPixels, widthPixels, heightPixels } = position.overlayPosition;
    const titles = Object.fromEntries(this.sheets.map(({ sheetId, title }) => [sheetId, title]));
    const node = await drawChart(spec, {
      width: widthPixels ?? 600,
      height: heightPixels ?? 371,
      read: (sources) => this.readSources(sources, titles),
    });
    return {
      node,
      anchor: { row: anchorCell.rowIndex ?? 0, column: anchorCell.columnIndex ?? 0 },
      offset: { x: offsetXPixels ?? 0, y: offsetYPixels ?? 0 },
    };
  }

  /** The cells of some ranges: their numbers if they have some, and their shown texts. */
  async readSources(sources, titles) {
    const ranges = sources.map((source) => {
      const from = address(source.startRowIndex ?? 0, source.startColumnIndex ?? 0);
      return rangeOf(titles[source.sheetId ?? 0], `${from}:${address(source.endRowIndex - 1, source.endColumnIndex - 1)}`);
    });
    const [plain, shown] = await Promise.all([
      google.values(this.id, ranges),
      google.values(this.id, ranges, 'FORMATTED_VALUE'),
    ]);
    return sources.map((source, index) => ({ plain: plain[index].flat(), shown: shown[index].flat() }));
  }

  /** The values that a cell's rule offers. */
  async choices({ condition }) {
    const values = (condition.values ?? []).map(({ userEnteredValue }) => userEnteredValue);
    if (condition.type === 'ONE_OF_LIST') {
      return values;
    }
    const [rows] = await google.values(this.id, [values[0].replace(/^=/, '')], 'FORMATTED_VALUE');
    return rows.flat().filter((text) => text !== '');
  }

  /** The text in the cell of a named range, or null. */
  async namedValue(name) {
    if (!this.namedRanges.some((range) => range.name === name)) {
      return null;
    }
    const [rows] = await google.values(this.id, [name], 'FORMATTED_VALUE');
    return rows[0]?.[0] ?? null;
  }

  tabColour(sheet) {
    return colour(sheet.tabColorStyle, sheet.tabColor);
  }
}

/** Addresses of cells whose format or value differs between two states of a tab, in rows that both have. */
export function changedCells(before, after) {
  const changed = new Set();
  for (const row of new Set([...before.rows.keys(), ...after.rows.keys()])) {
    const [old, now] = [before.rows.get(row) ?? [], after.rows.get(row) ?? []];
    for (let column = 0; column < Math.max(old.length, now.length); column += 1) {
      if (old[column]?.formattedValue !== now[column]?.formattedValue) {
        changed.add(address(row, column));
      }
    }
  }
  return changed;
}

function isHidden(meta) {
  return Boolean(meta.hiddenByUser || meta.hiddenByFilter);
}
