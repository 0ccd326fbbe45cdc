import { GuestProcess } from './guest-process.mjs';

/** What Debian's shell shows when it waits for a command. */
export const PROMPT = 'guest# ';
export const BOOT_SECONDS = 300;
const POWER_OFF_SECONDS = 60;

export const MIB = 'MiB';
export const SECONDS = 's';

/** Starts a guest, measures, and ends it however that went. */
export async function withGuest(command, measure) {
  const guest = new GuestProcess(command);
  try {
    return await measure(guest);
  } finally {
    guest.kill();
    await guest.ended;
  }
}

/** Powers off a guest whose shell waits. */
export async function powerOff(guest) {
  guest.type('poweroff -f\n');
  await guest.end(POWER_OFF_SECONDS);
}

/** The lines `BENCH name seconds` of a console, as pairs. */
export function benchLines(console) {
  return [...console.matchAll(/^BENCH (\S+) +([\d.]+)\r?$/gm)].map(([, name, time]) => [name, Number(time)]);
}
