import { addBenchFigures } from '../engine-figures.mjs';
import { BOOT_SECONDS, MIB, powerOff, PROMPT, SECONDS, withGuest } from '../guest.mjs';

/** An interpreter on a busy machine may need this long for one bench. */
const BENCH_SECONDS = 1800;

/**
 * The guest's own `bench DIVISOR`, again and again until `seconds` have passed, so that the faster side, whose times are
 * close to the guest's clock step, takes the mean of more runs.
 */
export function guestBench({ linux, line, divisor, seconds, boots }) {
  const group = `bench-${line.name}`;
  return async (side, figures) =>
    withGuest(side.command({ ...linux, commandLine: line.text }), async (guest) => {
      const add = (name, unit, value) => figures.add(side, { group: `${group}-host`, name, unit }, value);
      await guest.waitFor(PROMPT, BOOT_SECONDS);
      add('memory before bench', MIB, guest.residentMib);
      const [start, cpu] = [guest.age, guest.cpuSeconds];
      const totals = new Map();
      let runs = 0;
      do {
        guest.type(`bench ${divisor}\n`);
        for (const row of await benchRows(guest)) addTo(totals, row);
        runs++;
      } while (guest.age - start < seconds);
      for (const [name, { time, cpu }] of totals) {
        figures.add(side, { group, name, unit: SECONDS }, time / runs);
        if (cpu !== undefined) figures.add(side, { group: `${group}-cpu`, name, unit: SECONDS }, cpu / runs);
      }
      add('one bench, host clock', SECONDS, (guest.age - start) / runs);
      if (cpu !== undefined) add('one bench, host CPU', SECONDS, (guest.cpuSeconds - cpu) / runs);
      add('memory after bench', MIB, guest.residentMib);
      await guest.waitFor(PROMPT, BOOT_SECONDS);
      await powerOff(guest);
      const statistics = side.statistics?.(guest);
      if (statistics !== undefined) addBenchFigures(figures, side, `${group}-host`, statistics, boots.get(line.name));
    });
}

/** The rows of a bench that has been typed: `name`, `time` by the guest's clock, `cpu` time of the process since the row before. */
async function benchRows(guest) {
  const rows = [];
  for (let before = guest.cpuSeconds; ;) {
    await guest.waitFor('BENCH', BENCH_SECONDS);
    const line = await guest.waitFor('\n', BENCH_SECONDS);
    if (line.startsWith('-DONE')) return rows;
    const now = guest.cpuSeconds;
    const [, name, time] = /^ (\S+) +([\d.]+)\r?$/.exec(line) ?? [];
    if (name === undefined) throw new Error(`not a row of bench: BENCH${line}`);
    rows.push({ name, time: Number(time), cpu: now === undefined ? undefined : now - before });
    before = now;
  }
}

function addTo(totals, { name, time, cpu }) {
  const total = totals.get(name) ?? { time: 0, cpu: 0 };
  totals.set(name, { time: total.time + time, cpu: cpu === undefined ? undefined : total.cpu + cpu });
}
