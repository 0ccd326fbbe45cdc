import { setTimeout as sleep } from 'node:timers/promises';
import { BARE_MARKER } from './bare-image.mjs';
import { GuestProcess } from './guest-process.mjs';

const PROMPT = 'guest# ';
const BOOT_SECONDS = 120;
const POWER_OFF_SECONDS = 60;
const BARE_SECONDS = 60;
/** What the kernel still does once the shell is there. */
const SETTLE_SECONDS = 2;

const MIB = 'MiB';
const SECONDS = 's';

async function withGuest(side, guest, measure) {
  const process = new GuestProcess(side.command(guest));
  try {
    return await measure(process);
  } finally {
    process.kill();
    await process.ended;
  }
}

async function powerOff(guest) {
  guest.type('poweroff -f\n');
  await guest.end(POWER_OFF_SECONDS);
}

/** How long it takes until the first instruction of a guest runs: a guest of nine instructions prints and powers off. */
export function firstInstruction({ bareKernel }) {
  return async (side, figures) =>
    withGuest(side, { kernel: bareKernel, commandLine: '' }, async (guest) => {
      const add = (name, value) => figures.add(side, { group: 'start', name, unit: SECONDS }, value);
      await guest.waitFor(BARE_MARKER, BARE_SECONDS);
      add('process start to first guest output', guest.age);
      await guest.end(BARE_SECONDS);
      add('process start to its end', guest.age);
    });
}

/** Boot to the shell, then what the guest costs while it does nothing. */
export function boot({ linux, line, idleSeconds }) {
  const group = `boot-${line.name}`;
  return async (side, figures) =>
    withGuest(side, { ...linux, commandLine: line.text }, async (guest) => {
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
      add('instructions, boot to power-off', 'M', statistics.instructions / 1e6);
      add('speed, boot to power-off', 'MIPS', (statistics.instructions / statistics.busyTime) * 1e3);
    });
}

async function idleShare(guest, seconds) {
  await sleep(SETTLE_SECONDS * 1000);
  const [age, cpu] = [guest.age, guest.cpuSeconds];
  if (cpu === undefined) return undefined;
  await sleep(seconds * 1000);
  return ((guest.cpuSeconds - cpu) / (guest.age - age)) * 100;
}

/**
 * The guest's own `bench DIVISOR`, again and again until `seconds` have passed, so that the faster side, whose times are
 * close to the guest's clock step, takes the mean of more runs.
 */
export function guestBench({ linux, line, divisor, seconds, timeoutSeconds }) {
  const group = `bench-${line.name}`;
  return async (side, figures) =>
    withGuest(side, { ...linux, commandLine: line.text }, async (guest) => {
      await guest.waitFor(PROMPT, BOOT_SECONDS);
      const start = guest.age;
      const totals = new Map();
      let runs = 0;
      do {
        guest.type(`bench ${divisor}\n`);
        const console = await guest.waitFor('BENCH-DONE', timeoutSeconds);
        for (const [, name, time] of console.matchAll(/^BENCH (\S+) +([\d.]+)\r?$/gm)) {
          totals.set(name, (totals.get(name) ?? 0) + Number(time));
        }
        runs++;
      } while (guest.age - start < seconds);
      for (const [name, total] of totals) figures.add(side, { group, name, unit: SECONDS }, total / runs);
      figures.add(
        side,
        { group: `${group}-host`, name: 'one bench, host clock', unit: SECONDS },
        (guest.age - start) / runs,
      );
      figures.add(side, { group: `${group}-host`, name: 'memory after bench', unit: MIB }, guest.residentMib);
      await guest.waitFor(PROMPT, BOOT_SECONDS);
      await powerOff(guest);
      const statistics = side.statistics?.(guest);
      if (statistics === undefined) return;
      const mips = (statistics.instructions / statistics.busyTime) * 1e3;
      figures.add(side, { group: `${group}-host`, name: 'speed, boot and bench', unit: 'MIPS' }, mips);
    });
}
