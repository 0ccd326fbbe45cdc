import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BOOT_SECONDS, MIB, powerOff, PROMPT, SECONDS, withGuest } from '../guest.mjs';

/** A boot without a trace, with one of guest exits, and with one of all events. */
export function traceCost({ linux, commandLine, folder }) {
  return async (side, figures) => {
    for (const [name, file] of [['no trace'], ['exits', 'trace'], ['all events', 'trace.kev']]) {
      const path = file && join(folder, file);
      const { command, args } = side.command({ ...linux, commandLine });
      const traced = { command, args: path ? [...args, '--trace', path] : args };
      await withGuest(traced, async (guest) => {
        const add = (what, unit, value) => figures.add(side, { group: 'trace', name: `${name}: ${what}`, unit }, value);
        await guest.waitFor(PROMPT, BOOT_SECONDS);
        add('boot to the shell, host CPU', SECONDS, guest.cpuSeconds);
        await powerOff(guest);
        if (path) add('size', MIB, statSync(path).size / 2 ** 20);
      });
      if (path) rmSync(path);
    }
  };
}
