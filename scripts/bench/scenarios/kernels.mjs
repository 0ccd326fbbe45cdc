import { benchLines, SECONDS, withGuest } from '../guest.mjs';

const LIMIT_SECONDS = 600;

/** The bare-metal compute kernels, by name in their order; both sides must come to the same checksums. */
export function computeKernels({ kernel, names }) {
  const checksums = new Map();
  return async (side, figures) =>
    withGuest(side.command({ kernel }), async (guest) => {
      const cpuTimes = await hostTimes(guest, names);
      await guest.end(LIMIT_SECONDS);
      const rows = benchLines(guest.console);
      if (rows.length === 0 || guest.console.includes('FAULT')) throw new Error(`no figures:\n${guest.console}`);
      for (const [, name, checksum] of guest.console.matchAll(/^CHECK (\S+) ([0-9a-f]{16})\r?$/gm)) {
        const first = checksums.get(name) ?? checksum;
        checksums.set(name, first);
        if (checksum !== first) throw new Error(`${name}: checksum ${checksum}, was ${first} before`);
      }
      const add = (group, [name, time]) => figures.add(side, { group, name, unit: SECONDS, pick: 'least' }, time);
      for (const row of rows) add('kernel', row);
      for (const row of cpuTimes) add('kernel-cpu', row);
    });
}

/** CPU time of the process during each kernel but the first, which is mixed with the start: steady on a busy host. */
async function hostTimes(guest, names) {
  const times = [];
  let before;
  for (const name of names) {
    await guest.waitFor(`CHECK ${name} `, LIMIT_SECONDS);
    const now = guest.cpuSeconds;
    if (before !== undefined && now !== undefined) times.push([name, now - before]);
    before = now;
  }
  return times;
}
