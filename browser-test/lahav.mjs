// The page of a Lahav Line in a browser: draws, zooms, filters, and shows the sums that Node computes.
import { Failure } from '../scripts/lib/failure.mjs';
import { driveLahav } from './lahav-driver.mjs';
import { resultOf } from './result.mjs';
import { serve } from './serve.mjs';

/** Draws the line of a run of the embedded guest, and compares. */
export async function checkLahav(command) {
  const { addSegments, lahavHtml } = await import('@qvm/trace');
  const line = await recordLine();
  // The page may talk to nobody; here it must tell what it shows.
  const page = lahavHtml(line)
    .replace("default-src 'none'", "default-src 'none'; connect-src 'self'")
    .replace('page.start();', `page.start();\n(${driveLahav})();`);
  const result = await resultOf(command, await serve(new Map(), { page, headers: {} }));
  if (result.error !== undefined) throw new Failure(result.error);
  const origin = Math.min(...line.lanes.map(({ starts }) => starts[0]));
  const expected = (from, to, wanted) =>
    sums(line.labels, addSegments(line.lanes, from + origin, to + origin)).filter(wanted ?? (() => true));
  same('all', result.whole, expected(-Infinity, Infinity));
  same(
    'the filter',
    result.mmio,
    expected(-Infinity, Infinity, ({ key }) => key.startsWith('mmio ')),
  );
  same('the zoom', result.zoomed, expected(result.from, result.to));
  same('all again', result.again, result.whole);
  if (!(result.to - result.from < 0.02 * durationOf(line))) throw new Failure('The wheel did not zoom.');
  if (result.colours < 3 || result.zoomedColours < 2) throw new Failure('The lanes are empty.');
  if (!/^\d+\.\d %$/.test(result.residency)) throw new Failure(`The residency is "${result.residency}".`);
}

function durationOf({ lanes }) {
  return Math.max(...lanes.map(({ end }) => end)) - Math.min(...lanes.map(({ starts }) => starts[0]));
}

async function recordLine() {
  const [{ createHypervisor }, { embeddedGuest }, trace] = await Promise.all([
    import('@qvm/sdk'),
    import('@qvm/guests'),
    import('@qvm/trace'),
  ]);
  const hypervisor = createHypervisor();
  const image = { name: 'embedded guest', bytes: embeddedGuest().image };
  const vm = await hypervisor.createVm({ name: 'embedded', image, ram: [{ size: '64M' }] });
  const recorder = new trace.TraceRecorder();
  recorder.attach(vm);
  await vm.start();
  await vm.exit;
  await hypervisor.dispose();
  const file = Buffer.concat([trace.fileHeader(), ...recorder.drain(), trace.endChunk()]);
  return trace.buildLahavLine(trace.readTrace(file));
}

/** Time and exits by what the page calls a row. */
function sums(labels, totals) {
  const rows = new Map();
  for (const { label: index, count, time } of totals) {
    const { kind, vm, vcpu, cause, vdev, exit } = labels[index];
    const key = kind === 'idle' ? 'idle' : kind === 'guest' ? `${vm}/${vcpu}` : `${cause} ${vdev}`.trim();
    const row = rows.get(key) ?? { key, time: 0, exits: 0 };
    rows.set(key, { key, time: row.time + time, exits: row.exits + (exit ? count : 0) });
  }
  return [...rows.values()];
}

/** Times that were shifted to the page's origin may differ in the last digits of a fraction. */
function same(what, shown, expected) {
  const text = (rows) =>
    rows
      .map(({ key, time, exits }) => `${key}: ${time.toFixed(1)} ns, ${exits} exits`)
      .sort()
      .join('\n');
  if (text(shown) !== text(expected)) {
    throw new Failure(`${what}: the page shows\n${text(shown)}\ninstead of\n${text(expected)}`);
  }
}
