const UNKNOWN = '-';

function number(value) {
  if (value === undefined) return UNKNOWN;
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(value < 0.1 ? 3 : 2);
}

function aligned(rows, left) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const cell = (text, column) => (column < left ? text.padEnd(widths[column]) : text.padStart(widths[column]));
  return rows.map((row) => row.map(cell).join('  ').trimEnd());
}

/** Rows as a table for people. */
export function tableOf(rows) {
  const head = ['group', 'name', 'unit', 'ours', 'theirs', 'ratio'];
  const body = rows.map(({ group, name, unit, ours, theirs, ratio, note }) => [
    group,
    note === undefined ? name : `${name} (${note})`,
    unit,
    number(ours),
    number(theirs),
    number(ratio),
  ]);
  return aligned([head, ...body], 3).join('\n');
}

/** Verdicts as lines for people. */
export function limitLines(verdicts) {
  const rows = verdicts.map(({ met, aim, group, name, value, unit, max, min }) => [
    met ? 'met' : 'MISSED',
    `${group}: ${name}`,
    `${number(value)} ${unit}`,
    max === undefined ? `floor ≥ ${min}` : `floor ≤ ${max}`,
    aim === undefined ? '' : `aim ${aim.value} ${aim.met ? 'met' : 'missed'}`,
  ]);
  return aligned(rows, 5).join('\n');
}

/** A command as one can paste it into a shell. */
export function shellLine({ command, args }) {
  const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  return [command, ...args].map(quoted).join(' ');
}
