import { setTimeout as sleep } from 'node:timers/promises';
import { addBootFigures } from '../engine-figures.mjs';
import { BOOT_SECONDS, MIB, powerOff, PROMPT, SECONDS, withGuest } from '../guest.mjs';

/** Time for the kernel's work after the shell has started. */
const SETTLE_SECONDS = 2;

/** Boot to the shell, then what the guest costs while it does nothing. */
export function boot({ linux, line, idleSeconds, boots }) {
  const group = `boot-${line.name}`;
  return async (side, figures) =>
    withGuest(side.command({ ...linux, commandLine: line.text }), async (guest) => {
      const add = (name, unit, value) => figures.add(side, { group, name, unit }, value);
      await guest.waitFor('GUEST-READY', BOOT_SECONDS);
      add('boot to GUEST-READY', SECONDS, guest.age);
      add('boot to GUEST-READY, host CPU', SECONDS, guest.cpuSeconds);
      await guest.waitFor(PROMPT, BOOT_SECONDS);
      add('memory after boot', MIB, guest.residentMib);
      if (idleSeconds > 0) add('idle, share of a core', '%', await idleShare(guest, idleSeconds));
      await powerOff(guest);
      const statistics = side.statistics?.(guest);
      if (statistics === undefined) return;
      boots.set(line.name, statistics);
      addBootFigures(figures, side, group, statistics);
    });
}

/** CPU time of a guest's process in percent of a core, over some seconds in which nobody asks anything of it. */
export async function idleShare(guest, seconds) {
  await sleep(SETTLE_SECONDS * 1000);
  const [age, cpu] = [guest.age, guest.cpuSeconds];
  if (cpu === undefined) return undefined;
  await sleep(seconds * 1000);
  return ((guest.cpuSeconds - cpu) / (guest.age - age)) * 100;
}
