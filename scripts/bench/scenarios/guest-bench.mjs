import { addBenchFigures } from '../engine-figures.mjs';
import { benchLines, BOOT_SECONDS, MIB, powerOff, PROMPT, SECONDS, withGuest } from '../guest.mjs';

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
        const console = await guest.waitFor('BENCH-DONE', BENCH_SECONDS);
        for (const [name, time] of benchLines(console)) totals.set(name, (totals.get(name) ?? 0) + time);
        runs++;
      } while (guest.age - start < seconds);
      for (const [name, total] of totals) figures.add(side, { group, name, unit: SECONDS }, total / runs);
      add('one bench, host clock', SECONDS, (guest.age - start) / runs);
      if (cpu !== undefined) add('one bench, host CPU', SECONDS, (guest.cpuSeconds - cpu) / runs);
      add('memory after bench', MIB, guest.residentMib);
      await guest.waitFor(PROMPT, BOOT_SECONDS);
      await powerOff(guest);
      const statistics = side.statistics?.(guest);
      if (statistics !== undefined) addBenchFigures(figures, side, `${group}-host`, statistics, boots.get(line.name));
    });
}
