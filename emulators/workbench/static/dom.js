/** Small helpers to build the page. Texts are only added as text nodes. */

/**
 * An element with attributes, listeners (`onclick` and the like) and children.
 * A child or an attribute that is null, undefined or false is left out.
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      node.addEventListener(name.slice(2), value);
    } else if (value !== null && value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? '' : value);
    }
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** The first letters of a person's name and surname. */
export function initials(name) {
  return name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word[0] ?? '')
    .join('')
    .toUpperCase();
}

/** A soft colour that is always the same for a person. */
export function colourOf(name) {
  let hue = 0;
  for (const letter of name) {
    hue = (hue * 31 + letter.codePointAt(0)) % 360;
  }
  return `hsl(${hue} 42% 45%)`;
}

/** Hours as a person reads them: «32,5 ч». */
export function hours(value) {
  return `${new Intl.NumberFormat('ru', { maximumFractionDigits: 1 }).format(value)} ч`;
}

/** A day as a person reads it: «24 нояб.». */
export function day(isoDate) {
  const date = new Date(isoDate.slice(0, 10));
  return new Intl.DateTimeFormat('ru', { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(date);
}

/** A moment as a person reads it: «24 нояб., 18:00». */
export function moment(seconds) {
  const format = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' };
  return new Intl.DateTimeFormat('ru', format).format(new Date(1000 * seconds));
}

/** Money as a person reads it: «1 250 000 ₽». */
export function roubles(value) {
  return `${new Intl.NumberFormat('ru', { maximumFractionDigits: 2 }).format(value)} ₽`;
}

/** A number with its noun, whose forms are those of 1, 2 and 5. */
export function plural(count, [one, few, many]) {
  const form = { one, few, many }[new Intl.PluralRules('ru').select(count)] ?? few;
  return `${count} ${form}`;
}

/** A dialog like Google's: a title, a sentence, one button. */
export function showDialog(title, message) {
  const dialog = el(
    'dialog',
    { class: 'message', onclose: () => dialog.remove() },
    el('h2', {}, title),
    el('p', {}, message),
    el('form', { method: 'dialog' }, el('button', { class: 'primary', autofocus: true }, 'ОК')),
  );
  document.body.append(dialog);
  dialog.showModal();
}

/** A list that opens below a button and closes on a click elsewhere. */
export function openPopup(anchor, popup) {
  const place = anchor.getBoundingClientRect();
  popup.classList.add('popup');
  popup.style.left = `${place.left}px`;
  popup.style.top = `${place.bottom + 2}px`;
  document.body.append(popup);
  const close = () => {
    popup.remove();
    document.removeEventListener('pointerdown', outside, true);
    document.removeEventListener('keydown', escape, true);
  };
  const outside = (event) => {
    if (!popup.contains(event.target)) {
      close();
    }
  };
  const escape = (event) => {
    if (event.key === 'Escape') {
      close();
    }
  };
  document.addEventListener('pointerdown', outside, true);
  document.addEventListener('keydown', escape, true);
  return close;
}
