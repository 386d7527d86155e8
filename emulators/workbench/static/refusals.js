/** Russian texts of Google's page for its English messages about refused edits. */

const SENTENCES = [
  [
    /^You are trying to edit a protected cell or object\..*$/,
    () => 'Вы пытаетесь изменить защищённую ячейку или объект. Попросите владельца таблицы снять защиту.',
  ],
  [/^You do not have permission to edit this file\.$/, () => 'У вас нет разрешения изменять этот файл.'],
  [
    /^The data you entered in cell (\w+) violates the data validation rules set on this cell\.(?: Please enter one of the following values: (.*))?(.*)$/s,
    (_, cell, values, help) =>
      `Данные, введённые в ячейку ${cell}, нарушают правила проверки.` +
      (values ? ` Введите одно из значений: ${values}` : help),
  ],
];

/** The Russian message, or the message itself if there is no translation. */
export function inRussian(sentence) {
  const known = SENTENCES.find(([pattern]) => pattern.test(sentence));
  return known ? sentence.replace(known[0], known[1]) : sentence;
}
