/** The field in which a person edits one cell, shown on top of the cell. */

import { el } from './dom.js';

/**
 * Opens the editor over a cell.
 * @param td the cell
 * @param text its contents as typed
 * @param choices the values of its list, or null
 * @param done called with the new text, or with null if the person cancelled
 */
export function openEditor(td, { text, choices, done }) {
  const field = choices ? listField(text, choices) : el('input', { type: 'text', spellcheck: 'false' });
  field.classList.add('cell-editor');
  field.setAttribute('aria-label', `Ячейка ${td.dataset.a1}`);
  const scroller = td.closest('#grid');
  const place = td.getBoundingClientRect();
  const frame = scroller.getBoundingClientRect();
  field.style.left = `${place.left - frame.left + scroller.scrollLeft - 1}px`;
  field.style.top = `${place.top - frame.top + scroller.scrollTop - 1}px`;
  field.style.width = `${place.width + 2}px`;
  field.style.height = `${Math.min(place.height, 28) + 2}px`;
  field.style.font = getComputedStyle(td).font;
  scroller.append(field);
  if (!choices) {
    field.value = text;
  }
  let isOpen = true;
  const finish = (value, move) => {
    if (isOpen) {
      isOpen = false;
      field.remove();
      scroller.focus({ preventScroll: true });
      done(value, move);
    }
  };
  field.addEventListener('keydown', (event) => {
    event.stopPropagation();
    if (event.key === 'Enter' || event.key === 'Tab') {
      event.preventDefault();
      finish(field.value, event.key === 'Enter' ? [1, 0] : [0, 1]);
    } else if (event.key === 'Escape') {
      finish(null, [0, 0]);
    }
  });
  field.addEventListener('change', () => choices && finish(field.value, [0, 0]));
  field.addEventListener('blur', () => finish(choices ? null : field.value, [0, 0]));
  field.addEventListener('dblclick', (event) => event.stopPropagation());
  field.addEventListener('click', (event) => event.stopPropagation());
  field.focus({ preventScroll: true });
}

function listField(text, choices) {
  const all = choices.includes(text) ? ['', ...choices] : ['', text, ...choices].filter((one, i) => i === 0 || one);
  return el('select', {}, ...all.map((choice) => el('option', { value: choice, selected: choice === text }, choice)));
}
