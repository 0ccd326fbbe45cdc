import { LinuxGuest } from './linux-guest.test.helper.js';

/* Debian's amd64 kernel on PCs with several processors, which INIT and start-up messages start. */

const LIMIT_MS = 20 * 60_000;
/** A kernel without what takes time at boot and has nothing to do with processors. */
const WORDS = 'mitigations=off qvm.mods=none cryptomgr.notests init_on_alloc=0 lsm= ima=off audit=0';
/** Words of a kernel's log about processors, clocks or interrupts that are not right. */
const COMPLAINTS = /MP-BIOS bug|8254 timer|not responding|do_boot_cpu failed|stall|lockup|unstable|TSC.*warp/i;

/** The counts of a line of /proc/interrupts, by processor. */
function countsOf(interrupts: string, name: string, cpus: number): readonly number[] {
  const line = interrupts.split('\n').find((one) => one.trimStart().startsWith(`${name}:`)) ?? '';
  return line
    .trim()
    .split(/\s+/)
    .slice(1, 1 + cpus)
    .map(Number);
}

describe.each([2, 4, 8])('a PC with %d processors', (cpus) => {
  let guest: LinuxGuest;
  const all = Array.from({ length: cpus }, (_, cpu) => cpu);

  beforeAll(async () => {
    guest = await LinuxGuest.boot({
      guest: 'debian-amd64',
      cpus,
      ram: 2 ** 29,
      words: WORDS,
      initrd: 'initramfs.cpio.gz',
    });
  }, LIMIT_MS);
  afterAll(() => guest.stop());

  it(
    'starts all of them, and runs a program on each',
    async () => {
      expect(await guest.run('nproc')).toBe(String(cpus));
      expect(await guest.run('cat /sys/devices/system/cpu/online')).toBe(`0-${cpus - 1}`);
      // Field 39 of stat is the processor.
      const places = await guest.run(
        `for i in ${all.join(' ')}; do taskset -c $i cut -d ' ' -f 39 /proc/self/stat; done`,
      );
      expect(places.split('\n').map(Number)).toEqual(all);
    },
    LIMIT_MS,
  );

  it(
    'has its local timer, calls and rescheduling by interprocessor interrupts on each',
    async () => {
      // Programs that wait for each other on different processors.
      await guest.run(
        `for i in ${all.join(' ')}; do (taskset -c $i seq 2000 | taskset -c $(((i + 1) % ${cpus})) wc -l) & done >/tmp/counts; wait; sleep 1`,
      );
      expect(await guest.run('sort -u /tmp/counts; wc -l </tmp/counts')).toBe(`2000\n${cpus}`);
      const interrupts = await guest.run('cat /proc/interrupts');
      for (const name of ['LOC', 'CAL', 'RES']) {
        const counts = countsOf(interrupts, name, cpus);
        expect([name, counts.length, counts.filter((count) => !(count > 0))]).toEqual([name, cpus, []]);
      }
      expect(countsOf(interrupts, 'TLB', cpus).reduce((sum, count) => sum + count)).toBeGreaterThan(0);
    },
    LIMIT_MS,
  );

  it(
    'has a kernel that complains about nothing, and powers off',
    async () => {
      const log = await guest.run('dmesg');
      expect(log).toContain(`smpboot: Total of ${cpus} processors activated`);
      expect(log.split('\n').filter((line) => COMPLAINTS.test(line))).toEqual([]);
      guest.type('poweroff -f');
      expect(await guest.vm.exit).toEqual({ exitCode: 0, reason: 'The guest powered off.' });
    },
    LIMIT_MS,
  );
});
