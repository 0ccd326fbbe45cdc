/* Rows about rows: what the floors speak of. */

/** Rows of the guest's bench that fork, exec or enter the kernel for every byte, rather than compute. */
const ENTRY_BOUND = /^(fork|exec|sys)-/;

const geometricMean = (values) => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

function row(name, rows, combine) {
  const ratios = rows.flatMap(({ ratio }) => ratio ?? []);
  if (ratios.length === 0) return [];
  return [{ name, group: 'summary', ours: undefined, theirs: undefined, unit: 'ratio', ratio: combine(ratios) }];
}

/** The summary of measured rows; what was not measured has none. */
export function summaryOf(rows) {
  const bench = (line, entryBound) =>
    rows.filter(({ group, name }) => group === `bench-${line}` && ENTRY_BOUND.test(name) === entryBound);
  const lean = rows.filter(
    ({ group, name }) => group === 'bench-lean' || (group === 'boot-lean' && name === 'boot to GUEST-READY'),
  );
  const kernels = rows.filter(({ group }) => group === 'kernel');
  const computing = [...kernels, ...bench('lean', false)];
  const worst = Math.min(...computing.flatMap(({ ratio }) => ratio ?? []));
  const worstName = computing.find(({ ratio }) => ratio === worst)?.name;
  const worstRow = row('worst row bound by the CPU', computing, (ratios) => Math.min(...ratios));
  return [
    ...row('kernels, geometric mean', kernels, geometricMean),
    ...row(
      'kernels by host CPU time, geometric mean',
      rows.filter(({ group }) => group === 'kernel-cpu'),
      geometricMean,
    ),
    ...row('bench rows bound by the CPU, lean, geometric mean', bench('lean', false), geometricMean),
    ...row(
      'bench rows by host CPU time, lean, geometric mean',
      rows.filter(({ group }) => group === 'bench-lean-cpu'),
      geometricMean,
    ),
    ...row('boot and all bench rows, lean, geometric mean', lean, geometricMean),
    ...row('boot and all bench rows, lean, least', lean, (ratios) => Math.min(...ratios)),
    ...row('all rows bound by the CPU, geometric mean', computing, geometricMean),
    ...worstRow.map((found) => ({ ...found, note: worstName })),
    ...row('bench rows bound by kernel entry, stock, least', bench('stock', true), (ratios) => Math.min(...ratios)),
    ...row('bench rows bound by kernel entry, lean, least', bench('lean', true), (ratios) => Math.min(...ratios)),
  ];
}
