/** Converts Google's `effectiveFormat` of a cell to CSS. */

const HORIZONTAL = { LEFT: 'left', CENTER: 'center', RIGHT: 'right' };
const VERTICAL = { TOP: 'top', MIDDLE: 'middle', BOTTOM: 'bottom' };
const BORDER = {
  DOTTED: '1px dotted',
  DASHED: '1px dashed',
  SOLID: '1px solid',
  SOLID_MEDIUM: '2px solid',
  SOLID_THICK: '3px solid',
  DOUBLE: '3px double',
};
const DEFAULT_PADDING = { top: 2, right: 3, bottom: 2, left: 3 };
const GRIDLINE = '#e1e3e1';
const WHITE = 'rgb(255, 255, 255)';

/** A colour of the API, in which parts that are 0 are absent. */
export function colour(style, plain) {
  const rgb = style?.rgbColor ?? (style ? undefined : plain);
  if (!rgb) {
    return null;
  }
  const parts = [rgb.red, rgb.green, rgb.blue].map((part) => Math.round(255 * (part ?? 0)));
  return `rgb(${parts.join(', ')})`;
}

/** The kind of value in a cell: text, number, boolean, error or nothing. */
export function kindOf(cell) {
  const value = cell?.effectiveValue ?? {};
  return { stringValue: 'text', numberValue: 'number', boolValue: 'boolean', errorValue: 'error' }[Object.keys(value)[0]];
}

/** The fill colour of a cell, or null if it is white. */
export function fillOf(cell) {
  const format = cell?.effectiveFormat;
  const fill = colour(format?.backgroundColorStyle, format?.backgroundColor);
  return fill === WHITE ? null : fill;
}

export function isWrapped(cell) {
  return cell?.effectiveFormat?.wrapStrategy === 'WRAP';
}

/** Sets the format of a cell on its `td`. */
export function applyFormat(td, cell, { gridlines }) {
  const format = cell?.effectiveFormat ?? {};
  const fill = fillOf(cell);
  const text = format.textFormat ?? {};
  const style = td.style;
  if (fill) {
    style.backgroundColor = fill;
  }
  applyText(style, text);
  const { top = 0, right = 0, bottom = 0, left = 0 } = format.padding ?? DEFAULT_PADDING;
  style.padding = `${top}px ${right}px ${bottom}px ${left}px`;
  const automatic = { number: 'right', boolean: 'center', error: 'center' }[kindOf(cell)] ?? 'left';
  style.textAlign = HORIZONTAL[format.horizontalAlignment] ?? automatic;
  style.verticalAlign = VERTICAL[format.verticalAlignment] ?? 'bottom';
  const line = gridlines ? (fill ?? GRIDLINE) : 'transparent';
  style.borderRight = `1px solid ${line}`;
  style.borderBottom = `1px solid ${line}`;
}

/** Sets the borders of a cell. Neighbours share a line; the left or upper cell draws it. */
export function applyBorders(td, cell, rightCell, belowCell) {
  const borders = cell?.effectiveFormat?.borders ?? {};
  const right = borders.right ?? rightCell?.effectiveFormat?.borders?.left;
  const bottom = borders.bottom ?? belowCell?.effectiveFormat?.borders?.top;
  if (right && BORDER[right.style]) {
    td.style.borderRight = `${BORDER[right.style]} ${colour(right.colorStyle, right.color) ?? '#000'}`;
  }
  if (bottom && BORDER[bottom.style]) {
    td.style.borderBottom = `${BORDER[bottom.style]} ${colour(bottom.colorStyle, bottom.color) ?? '#000'}`;
  }
}

/** Sets a text format on an element; only differences from the page's own format are set. */
export function applyText(style, text) {
  const ink = colour(text.foregroundColorStyle, text.foregroundColor);
  if (ink) {
    style.color = ink;
  }
  if (text.fontFamily) {
    style.fontFamily = `"${text.fontFamily.split(',')[0]}", Arial, sans-serif`;
  }
  if (text.fontSize) {
    style.fontSize = `${text.fontSize}pt`;
  }
  if (text.bold) {
    style.fontWeight = 'bold';
  }
  if (text.italic) {
    style.fontStyle = 'italic';
  }
  const lines = [text.underline && 'underline', text.strikethrough && 'line-through'].filter(Boolean);
  if (lines.length) {
    style.textDecoration = lines.join(' ');
  }
}

/** Splits a text into the pieces that have a format of their own. */
export function pieces(text, runs) {
  const starts = runs.map(({ startIndex }) => startIndex ?? 0);
  const all = runs.map(({ format }, index) => ({
    text: text.slice(starts[index], starts[index + 1] ?? text.length),
    format: format ?? {},
  }));
  return starts[0] > 0 ? [{ text: text.slice(0, starts[0]), format: {} }, ...all] : all;
}

/** The contents of a cell as typed, for the formula bar and the editor. */
export function typedText(cell, locale) {
  const value = cell?.userEnteredValue ?? {};
  if (value.formulaValue !== undefined) {
    return value.formulaValue;
  }
  if (value.stringValue !== undefined) {
    return value.stringValue;
  }
  if (value.boolValue !== undefined) {
    return cell.formattedValue ?? String(value.boolValue).toUpperCase();
  }
  if (value.numberValue !== undefined) {
    const isNumber = ['NUMBER', 'CURRENCY', 'SCIENTIFIC', 'TEXT', undefined].includes(
      cell.effectiveFormat?.numberFormat?.type,
    );
    const plain = String(value.numberValue);
    return isNumber ? (locale.startsWith('ru') ? plain.replace('.', ',') : plain) : (cell.formattedValue ?? plain);
  }
  return '';
}
