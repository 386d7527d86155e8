/**
 * A tab of a workbook as a table of DOM nodes. Only visible rows and a few around them are in the
 * document, so a tab of a thousand rows is drawn as fast as a short one.
 */

import { address, letters, parseAddress } from './a1.js';
import { el } from './dom.js';
import { applyBorders, applyFormat, applyText, fillOf, isWrapped, kindOf, pieces } from './format.js';

const DEFAULT_ROW_PX = 21;
const DEFAULT_COLUMN_PX = 100;
const HEADER_PX = 24;
const ROW_NUMBERS_PX = 46;
const ROWS_AROUND = 20;
/** Changes of more cells than this are not highlighted. */
const MAX_FLASHES = 400;

export class Grid {
  /**
   * @param root the scrolling element
   * @param needRows called with (from, to) when rows become visible that are not loaded
   * @param onSelect called with (address, cell)
   * @param onOpenEditor called with (address, td, typed text or null)
   */
  constructor(root, { needRows, onSelect, onOpenEditor, onToggle }) {
    this.root = root;
    this.needRows = needRows;
    this.onSelect = onSelect;
    this.onOpenEditor = onOpenEditor;
    this.onToggle = onToggle;
    this.tab = null;
    this.selected = { row: 0, column: 0 };
    this.note = el('div', { class: 'note-card', hidden: true });
    document.body.append(this.note);
    this.canvas = el('div', { class: 'canvas' });
    root.append(this.canvas);
    root.addEventListener('scroll', () => this.onScroll());
    root.addEventListener('click', (event) => this.onClick(event));
    root.addEventListener('dblclick', (event) => this.onDoubleClick(event));
    root.addEventListener('keydown', (event) => this.onKey(event));
    root.addEventListener('mouseover', (event) => this.onHover(event));
    root.addEventListener('mouseleave', () => this.hideNote());
    new ResizeObserver(() => this.tab && this.renderRows()).observe(root);
  }

  /** Shows a tab. `changed` is a set of addresses to highlight, or null when the tab was not shown before. */
  show(tab, changed = null) {
    const isSame = this.tab?.sheetId === tab.sheetId;
    this.tab = tab;
    this.root.dataset.sheet = tab.title;
    if (!isSame) {
      this.measured = new Map();
      this.selected = { row: 0, column: 0 };
      this.root.scrollTo(0, 0);
    }
    this.flashing = changed && changed.size <= MAX_FLASHES ? changed : new Set();
    // The canvas keeps its size while the table is replaced; otherwise it would scroll to the top.
    this.canvas.style.minHeight = isSame ? `${this.canvas.offsetHeight}px` : '';
    this.canvas.style.minWidth = isSame ? `${this.canvas.offsetWidth}px` : '';
    this.renderTable();
    this.canvas.style.minHeight = '';
    this.canvas.style.minWidth = '';
    this.select(this.selected.row, this.selected.column, false);
    this.flashing = new Set();
  }

  cell(row, column) {
    return this.tab?.rows.get(row)?.[column];
  }

  td(row, column) {
    return this.canvas.querySelector(`td[data-a1="${address(row, column)}"]`);
  }

  // ---- Sizes ----

  rowHeight(row) {
    const meta = this.tab.rowSizes.get(row);
    if (meta?.hidden) {
      return 0;
    }
    return this.measured.get(row) ?? meta?.height ?? DEFAULT_ROW_PX;
  }

  columnWidth(column) {
    const meta = this.tab.columns[column];
    return meta?.hidden ? 0 : (meta?.width ?? DEFAULT_COLUMN_PX);
  }

  top(row) {
    let sum = HEADER_PX;
    for (let index = 0; index < row; index += 1) {
      sum += this.rowHeight(index);
    }
    return sum;
  }

  left(column) {
    let sum = ROW_NUMBERS_PX;
    for (let index = 0; index < column; index += 1) {
      sum += this.columnWidth(index);
    }
    return sum;
  }

  // ---- Drawing ----

  renderTable() {
    const { tab } = this;
    this.lefts = Array.from({ length: tab.columnCount + 1 }, (_, column) => this.left(column));
    const columns = this.visibleColumns();
    const head = el('tr', {}, el('th', { class: 'corner' }));
    for (const column of columns) {
      head.append(el('th', { 'data-column': column, scope: 'col' }, letters(column)));
    }
    const colgroup = el('colgroup', {}, el('col'));
    colgroup.firstChild.style.width = `${ROW_NUMBERS_PX}px`;
    for (const column of columns) {
      const col = el('col');
      col.style.width = `${this.columnWidth(column)}px`;
      colgroup.append(col);
    }
    this.frozenBody = el('tbody', { class: 'frozen' });
    this.body = el('tbody');
    const table = el('table', { class: tab.gridlines ? '' : 'no-gridlines' }, colgroup, el('thead', {}, head), this.frozenBody, this.body);
    table.style.width = `${this.lefts[tab.columnCount]}px`;
    this.freezeColumns(head, columns);
    this.canvas.replaceChildren(table, ...tab.charts.map((chart) => this.placeChart(chart)));
    for (let row = 0; row < tab.frozenRows; row += 1) {
      this.frozenBody.append(this.renderRow(row, columns));
    }
    this.measure(this.frozenBody);
    this.stickFrozenRows();
    this.window = null;
    this.renderRows();
  }

  visibleColumns() {
    return Array.from({ length: this.tab.columnCount }, (_, column) => column).filter(
      (column) => this.columnWidth(column) > 0,
    );
  }

  placeChart({ anchor, offset, node }) {
    const holder = el('div', { class: 'chart' }, node);
    holder.style.left = `${this.lefts[anchor.column] + offset.x}px`;
    holder.style.top = `${this.top(anchor.row) + offset.y}px`;
    return holder;
  }

  freezeColumns(tr, columns) {
    const last = this.tab.frozenColumns - 1;
    for (const node of tr.children) {
      const column = Number(node.dataset.column ?? NaN);
      if (column <= last) {
        node.classList.add('frozen-column');
        node.classList.toggle('last-frozen-column', column === last || !columns.includes(column + 1));
        node.style.left = `${this.lefts[column]}px`;
      }
    }
  }

  stickFrozenRows() {
    let top = HEADER_PX;
    const rows = [...this.frozenBody.children];
    rows.forEach((tr, index) => {
      for (const node of tr.children) {
        node.style.top = `${top}px`;
        node.classList.toggle('last-frozen-row', index === rows.length - 1 || node.rowSpan > rows.length - index - 1);
      }
      top += tr.offsetHeight;
    });
  }

  /** Draws the visible rows, unless they are already drawn. */
  renderRows() {
    const { tab } = this;
    const viewTop = this.root.scrollTop + HEADER_PX;
    const viewBottom = viewTop + this.root.clientHeight;
    let first = null;
    let last = tab.frozenRows;
    let top = HEADER_PX;
    for (let row = 0; row < tab.rowCount; row += 1) {
      const bottom = top + this.rowHeight(row);
      if (row >= tab.frozenRows && bottom >= viewTop && first === null) {
        first = row;
      }
      if (top <= viewBottom) {
        last = row + 1;
      }
      top = bottom;
    }
    if (first === null) {
      first = tab.frozenRows;
    }
    if (this.window && first >= this.window.seenFrom && last <= this.window.seenTo) {
      return;
    }
    const from = this.clearOfMerges(Math.max(tab.frozenRows, first - ROWS_AROUND));
    const to = Math.min(tab.rowCount, last + ROWS_AROUND);
    this.window = { from, to, seenFrom: Math.max(from, first - ROWS_AROUND / 2), seenTo: Math.min(to, last + ROWS_AROUND / 2) };
    if (from === tab.frozenRows) {
      this.window.seenFrom = tab.frozenRows;
    }
    const columns = this.visibleColumns();
    const rows = [spacer(this.top(from) - this.top(tab.frozenRows), columns.length)];
    for (let row = from; row < to; row += 1) {
      if (this.rowHeight(row) > 0) {
        rows.push(this.renderRow(row, columns));
      }
    }
    rows.push(spacer(this.top(tab.rowCount) - this.top(to), columns.length));
    this.body.replaceChildren(...rows);
    this.measure(this.body);
    this.markSelected();
    this.needRows(from, to);
  }

  /** The first row at or above `row` at which no merged cell from above continues. */
  clearOfMerges(row) {
    const crossing = this.tab.merges.find((merge) => merge.startRowIndex < row && merge.endRowIndex > row);
    return crossing && crossing.startRowIndex >= this.tab.frozenRows ? this.clearOfMerges(crossing.startRowIndex) : row;
  }

  measure(body) {
    for (const tr of body.children) {
      if (tr.dataset.row !== undefined) {
        this.measured.set(Number(tr.dataset.row), tr.offsetHeight);
      }
    }
  }

  renderRow(row, columns) {
    const tr = el('tr', { 'data-row': row }, el('th', { scope: 'row', 'data-row-number': row }, String(row + 1)));
    const height = this.tab.rowSizes.get(row)?.height ?? DEFAULT_ROW_PX;
    tr.style.height = `${height}px`;
    for (const column of columns) {
      const merge = this.mergeAt(row, column);
      if (merge && (merge.startRowIndex !== row || merge.startColumnIndex !== column)) {
        continue;
      }
      tr.append(this.renderCell(row, column, merge, height));
    }
    this.freezeColumns(tr, columns);
    return tr;
  }

  mergeAt(row, column) {
    return this.tab.merges.find(
      (merge) =>
        row >= merge.startRowIndex &&
        row < merge.endRowIndex &&
        column >= merge.startColumnIndex &&
        column < merge.endColumnIndex,
    );
  }

  renderCell(row, column, merge, rowHeight) {
    const cell = this.cell(row, column);
    const a1 = address(row, column);
    const td = el('td', { 'data-a1': a1, 'data-column': column });
    let right = column;
    let below = row;
    if (merge) {
      right = merge.endColumnIndex - 1;
      below = merge.endRowIndex - 1;
      td.colSpan = this.visibleColumns().filter((c) => c >= column && c <= right).length;
      td.rowSpan = below - row + 1;
    }
    applyFormat(td, cell, this.tab);
    applyBorders(td, cell, this.cell(row, right + 1), this.cell(below + 1, column));
    if (cell?.note) {
      td.classList.add('has-note');
    }
    if (this.flashing?.has(a1)) {
      td.classList.add('flash');
    }
    this.fillCell(td, cell, { row, column, merge, rowHeight });
    return td;
  }

  fillCell(td, cell, place) {
    const condition = cell?.dataValidation?.condition?.type;
    if (condition === 'BOOLEAN') {
      const ticked = cell.effectiveValue?.boolValue === true;
      td.append(el('input', { type: 'checkbox', checked: ticked, tabindex: -1, 'aria-label': td.dataset.a1 }));
      return;
    }
    const value = el('div', { class: 'value' });
    value.append(...this.textOf(cell));
    td.append(value);
    if (isWrapped(cell)) {
      value.classList.add('wrapped');
      // A row whose height a person changed keeps it; other rows grow with their text.
      if (place.rowHeight !== DEFAULT_ROW_PX && !place.merge) {
        value.style.maxHeight = `${place.rowHeight - 2}px`;
      }
    } else if (cell?.formattedValue && !place.merge) {
      this.spill(value, cell, place);
    }
    if (hasDropdown(cell)) {
      td.classList.add('has-dropdown');
      td.append(el('span', { class: `arrow ${td.style.verticalAlign}`, 'aria-hidden': 'true' }));
    }
  }

  textOf(cell) {
    const text = cell?.formattedValue ?? '';
    if (cell?.textFormatRuns?.length && text) {
      return pieces(text, cell.textFormatRuns).map(({ text: part, format }) => {
        const node = format.link?.uri ? link(format.link.uri, part) : el('span', {}, part);
        applyText(node.style, format);
        return node;
      });
    }
    return [cell?.hyperlink && text ? link(cell.hyperlink, text) : text];
  }

  /** A long text overflows into empty cells on its right, as in Sheets; numbers and clipped texts do not. */
  spill(value, cell, { row, column }) {
    const format = cell.effectiveFormat ?? {};
    const leftAligned = !['RIGHT', 'CENTER'].includes(format.horizontalAlignment);
    if (kindOf(cell) !== 'text' || !leftAligned || format.wrapStrategy === 'CLIP' || hasDropdown(cell)) {
      return;
    }
    let width = this.columnWidth(column);
    let next = column + 1;
    while (
      next < this.tab.columnCount &&
      next !== this.tab.frozenColumns &&
      !this.cell(row, next)?.formattedValue &&
      !hasDropdown(this.cell(row, next)) &&
      !this.mergeAt(row, next) &&
      fillOf(this.cell(row, next)) === fillOf(cell)
    ) {
      width += this.columnWidth(next);
      next += 1;
    }
    if (next > column + 1) {
      value.style.width = `${width - 7}px`;
      value.parentNode.classList.add('spills');
    }
  }

  // ---- Selection, keys, mouse ----

  select(row, column, scroll = true) {
    const { tab } = this;
    const merge = this.mergeAt(row, column);
    this.selected = {
      row: Math.min(merge?.startRowIndex ?? row, tab.rowCount - 1),
      column: Math.min(merge?.startColumnIndex ?? column, tab.columnCount - 1),
    };
    if (scroll) {
      this.scrollToSelected();
      // The rows that were just drawn may be higher than estimated.
      this.scrollToSelected();
    }
    this.markSelected();
    this.onSelect(address(this.selected.row, this.selected.column), this.cell(this.selected.row, this.selected.column));
  }

  selectAddress(a1) {
    const { row, column } = parseAddress(a1);
    this.select(row, column);
  }

  markSelected() {
    const { row, column } = this.selected;
    for (const node of this.canvas.querySelectorAll('.selected, .on-axis')) {
      node.classList.remove('selected', 'on-axis');
    }
    this.td(row, column)?.classList.add('selected');
    this.canvas.querySelector(`th[data-row-number="${row}"]`)?.classList.add('on-axis');
    this.canvas.querySelector(`thead th[data-column="${column}"]`)?.classList.add('on-axis');
  }

  /** Whether any part of the selected cell is visible beside and below the frozen cells. */
  isSelectedInView() {
    const { root, tab } = this;
    const { row, column } = this.selected;
    const top = this.top(row) - root.scrollTop;
    const left = this.lefts[column] - root.scrollLeft;
    const isRowInView = top + this.rowHeight(row) > this.top(tab.frozenRows) && top < root.clientHeight;
    const right = left + this.lefts[column + 1] - this.lefts[column];
    return isRowInView && right > this.lefts[tab.frozenColumns] && left < root.clientWidth;
  }

  scrollToSelected() {
    const { row, column } = this.selected;
    const { tab, root } = this;
    if (row >= tab.frozenRows) {
      const top = this.top(row);
      const frozenBottom = this.top(tab.frozenRows);
      if (top - root.scrollTop < frozenBottom) {
        root.scrollTop = top - frozenBottom;
      } else if (top + this.rowHeight(row) > root.scrollTop + root.clientHeight) {
        root.scrollTop = top + this.rowHeight(row) - root.clientHeight;
      }
    }
    if (column >= tab.frozenColumns) {
      const frozenRight = this.lefts[tab.frozenColumns];
      if (this.lefts[column] - root.scrollLeft < frozenRight) {
        root.scrollLeft = this.lefts[column] - frozenRight;
      } else if (this.lefts[column + 1] > root.scrollLeft + root.clientWidth) {
        root.scrollLeft = this.lefts[column + 1] - root.clientWidth;
      }
    }
    this.renderRows();
  }

  onScroll() {
    this.hideNote();
    this.renderRows();
  }

  onClick(event) {
    const td = event.target.closest('td[data-a1]');
    if (!td) {
      return;
    }
    const { row, column } = parseAddress(td.dataset.a1);
    this.select(row, column, false);
    if (event.target.type === 'checkbox') {
      event.preventDefault();
      this.onToggle(td.dataset.a1, this.cell(row, column));
    } else if (event.target.classList.contains('arrow')) {
      this.openEditor(null);
    }
  }

  onDoubleClick(event) {
    if (event.target.closest('td[data-a1]')) {
      this.openEditor(null);
    }
  }

  openEditor(typed) {
    const { row, column } = this.selected;
    const td = this.td(row, column);
    if (td) {
      this.onOpenEditor(td.dataset.a1, td, typed);
    }
  }

  onKey(event) {
    if (event.target !== this.root) {
      return;
    }
    const { row, column } = this.selected;
    const moves = {
      ArrowDown: [1, 0],
      ArrowUp: [-1, 0],
      ArrowRight: [0, 1],
      ArrowLeft: [0, -1],
      Tab: [0, event.shiftKey ? -1 : 1],
    };
    if (moves[event.key]) {
      const [down, right] = moves[event.key];
      event.preventDefault();
      this.select(Math.max(0, row + down), Math.max(0, column + right));
    } else if (event.key === 'Enter' || event.key === 'F2') {
      event.preventDefault();
      this.openEditor(null);
    } else if (event.key === 'Delete' || event.key === 'Backspace') {
      event.preventDefault();
      this.onToggle(address(row, column), null);
    } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      this.openEditor(event.key);
    }
  }

  onHover(event) {
    const td = event.target.closest('td.has-note');
    if (!td) {
      this.hideNote();
      return;
    }
    const { row, column } = parseAddress(td.dataset.a1);
    const box = td.getBoundingClientRect();
    this.note.textContent = this.cell(row, column).note;
    this.note.hidden = false;
    this.note.style.top = `${Math.min(box.top, innerHeight - this.note.offsetHeight - 8)}px`;
    const fitsRight = box.right + this.note.offsetWidth + 8 < innerWidth;
    this.note.style.left = `${fitsRight ? box.right + 4 : box.left - this.note.offsetWidth - 4}px`;
  }

  hideNote() {
    this.note.hidden = true;
  }
}

/** Whether a cell has a drop-down list. */
export function hasDropdown(cell) {
  const rule = cell?.dataValidation;
  return Boolean(rule?.showCustomUi && ['ONE_OF_LIST', 'ONE_OF_RANGE'].includes(rule.condition?.type));
}

function link(url, text) {
  const isWeb = /^(https?|mailto):/.test(url);
  return isWeb ? el('a', { href: url, target: '_blank', rel: 'noreferrer' }, text) : el('span', {}, text);
}

function spacer(height, columns) {
  const tr = el('tr', { class: 'spacer' }, el('td', { colspan: columns + 1 }));
  tr.style.height = `${height}px`;
  return tr;
}
