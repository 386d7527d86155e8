/** Columns with cards that are dragged between them: what the board and the funnel have in common. */

import { colourOf, el, initials } from './dom.js';

/** Shows a head and columns in place of those before. Scroll positions and the focused card stay. */
export function showColumns(root, head, columns) {
  const left = root.querySelector('.columns')?.scrollLeft ?? 0;
  const tops = Object.fromEntries(
    [...root.querySelectorAll('.column')].map((column) => [column.dataset.id, column.querySelector('.cards').scrollTop]),
  );
  const focused = root.contains(document.activeElement) ? document.activeElement.dataset.card : null;
  root.replaceChildren(head, el('div', { class: 'columns' }, ...columns));
  root.querySelector('.columns').scrollLeft = left;
  for (const column of root.querySelectorAll('.column')) {
    column.querySelector('.cards').scrollTop = tops[column.dataset.id] ?? 0;
  }
  [...root.querySelectorAll('.card')].find((card) => card.dataset.card === focused)?.focus();
}

/** A column; `onDrop` gets the id of a card that is dropped on it. */
export function drawColumn({ id, title, summary }, cards, onDrop) {
  const node = el(
    'section',
    {
      class: 'column',
      'data-id': id,
      'aria-label': title,
      ondragover: (event) => {
        event.preventDefault();
        node.classList.add('target');
      },
      ondragleave: (event) => {
        if (!node.contains(event.relatedTarget)) {
          node.classList.remove('target');
        }
      },
      ondrop: (event) => {
        event.preventDefault();
        node.classList.remove('target');
        onDrop(event.dataTransfer.getData('text/plain'));
      },
    },
    el('h3', {}, title, el('span', {}, summary)),
    el('div', { class: 'cards' }, ...cards),
  );
  return node;
}

/** A card that can be dragged, and is opened by a click. `attributes` are further ones. */
export function drawCard({ id, isNew, onOpen, ...attributes }, ...children) {
  return el(
    'article',
    {
      class: `card${isNew ? ' flash' : ''}`,
      draggable: 'true',
      tabindex: 0,
      'data-card': id,
      ondragstart: (event) => {
        event.dataTransfer.setData('text/plain', id);
        event.dataTransfer.effectAllowed = 'move';
      },
      onclick: onOpen,
      ...attributes,
    },
    ...children,
  );
}

/** The initials of a person in a coloured circle. */
export function avatar(name) {
  const node = el('span', { class: 'avatar', title: name }, initials(name));
  node.style.background = colourOf(name);
  return node;
}
