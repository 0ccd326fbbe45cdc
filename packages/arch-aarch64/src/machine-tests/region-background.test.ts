import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { DATA, EAGER, MachineHarness, log } from './machine-harness.test.helper.js';

const TUNING = { ...EAGER, interval: 300, background: true };
const VERSIONS = 40;
const CALLS = 3000;
const movX5 = (n: number): number => 0xd280_0005 + (n << 5);
const RET = 0xd65f_03c0;

/** Calls a function whose code is rewritten again and again, and adds up its results. */
const PROGRAM = `ldr x1, =${DATA}\n ldr w2, =${movX5(0)}\n ldr w3, =${RET}\n mov x6, #0\n mov x8, #${VERSIONS}
  version: stp w2, w3, [x1]\n dc cvau, x1\n dsb ish\n ic ivau, x1\n dsb ish\n isb
  mov x9, #${CALLS}
  call: blr x1\n add x6, x6, x5\n subs x9, x9, #1\n b.ne call
  add w2, w2, #0x20\n subs x8, x8, #1\n b.ne version\n ${log(6)}`;

/** Runs in slices, between which V8's threads may report; counts the regions that began at the function. */
async function run(
  slice: number,
  pause: () => Promise<unknown> = turn,
): Promise<{ machine: MachineHarness; regions: number }> {
  const machine = await MachineHarness.boot(PROGRAM, { tuning: TUNING });
  let regions = 0;
  machine.vm.hooks.codeTranslated.tap('test', ({ address }) => (regions += address === BigInt(DATA) ? 1 : 0));
  for (let limit = slice; machine.exit === undefined; limit += slice) {
    machine.vm.step(slice);
    machine.run(limit);
    await pause();
  }
  machine.expectEnd();
  expect(machine.log).toEqual([BigInt((CALLS * VERSIONS * (VERSIONS - 1)) / 2)]);
  return { machine, regions };
}

describe('regions that are compiled in the background', () => {
  it('are put to use while it runs on', async () => {
    // Long enough for V8's threads on a busy machine.
    const { machine, regions } = await run(1500, () => delay(3));
    expect(regions).toBeGreaterThan(1);
    expect(machine.vcpus[0]?.regionTotals.instructions).toBeGreaterThan(0);
  });

  it.each([2500, 6000, 15_000])('are not, when their code was written meanwhile: slices of %i', async (slice) => {
    await run(slice);
  });

  it('of a machine that has ended are forgotten', async () => {
    const machine = await MachineHarness.boot(PROGRAM, { tuning: TUNING });
    machine.run(10_000_000).expectEnd();
    await turn();
    expect(machine.vm.machine.stats()['regions']).toMatchObject({ modules: 0, live: { regions: 0 } });
  });
});
