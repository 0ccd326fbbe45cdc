import { EAGER, MachineHarness, log } from './machine-harness.test.helper.js';

/** A low limit of modules, so that new translations soon replace old ones; each region is a module of its own. */
const LIMIT = 4;
const TUNING = { ...EAGER, hot: 1, batch: 1, interval: 300, modules: LIMIT };
const FUNCTIONS = 24;
const ROUNDS = 4;
const TURNS = 200;

/** A function with a loop of its own that adds to X1; different for each `n`. */
const loopOf = (n: number, body = ''): string => `f${n}: mov x9, #${TURNS}
  turn${n}: add x1, x1, #${n}
  eor x2, x2, x1, lsl #${n % 8}
  ${body}
  subs x9, x9, #1
  b.ne turn${n}
  ret`;

/** Calls all functions in turn, some times. */
const program = (functions: readonly string[], also = ''): string => `mov x1, #0\n mov x2, #0\n mov x3, #0
  mov x20, #${ROUNDS}
  again: ${functions.map((_, n) => `bl f${n}`).join('\n')}
  subs x20, x20, #1
  b.ne again
  b done
  ${functions.join('\n')}
  ${also}
  done: ${log(1)} ${log(2)} ${log(3)}`;

interface Watched {
  readonly machine: MachineHarness;
  /** Addresses of the installed regions, in order. */
  readonly translated: readonly bigint[];
  readonly evicted: number;
  readonly mostModules: number;
}

interface RegionStats {
  readonly evicted: number;
  readonly dropped: number;
  readonly live: { readonly regions: number; readonly modules: number };
}

const statsOf = ({ vm }: MachineHarness): RegionStats =>
  (vm.machine.stats() as unknown as { regions: RegionStats }).regions;

/** Runs a program with few modules, and compares with the interpreter. */
async function watch(source: string, modules = LIMIT): Promise<Watched> {
  const interpreted = (await MachineHarness.boot(source, { engine: 'interp' })).run(10_000_000).expectEnd();
  const machine = await MachineHarness.boot(source, { tuning: { ...TUNING, modules } });
  const translated: bigint[] = [];
  let mostModules = 0;
  machine.vm.hooks.codeTranslated.tap('test', ({ address }) => {
    translated.push(address);
    mostModules = Math.max(mostModules, statsOf(machine).live.modules);
  });
  machine.run(10_000_000).expectEnd();
  expect(machine.log).toEqual(interpreted.log);
  expect(machine.vm.instructions).toBe(interpreted.vm.instructions);
  const { evicted, dropped, live } = statsOf(machine);
  expect(live.modules).toBeLessThanOrEqual(modules);
  expect(dropped).toBeGreaterThanOrEqual(evicted);
  expect(translated.length).toBe(live.regions + dropped);
  return { machine, translated, evicted, mostModules };
}

describe('more regions than modules', () => {
  const functions = Array.from({ length: FUNCTIONS }, (_, n) => loopOf(n));

  it('take turns, and the limit holds', async () => {
    const { machine, translated, evicted, mostModules } = await watch(program(functions));
    const sum = (TURNS * ROUNDS * FUNCTIONS * (FUNCTIONS - 1)) / 2;
    expect(machine.log[0]).toBe(BigInt(sum));
    expect(new Set(translated).size).toBeGreaterThan(LIMIT);
    expect(evicted).toBeGreaterThanOrEqual(translated.length - LIMIT - FUNCTIONS);
    expect(evicted).toBeGreaterThan(FUNCTIONS);
    // A module exists before its regions are installed.
    expect(mostModules).toBeLessThanOrEqual(LIMIT + 1);
  });

  it('of which one is hot all the time keep that one', async () => {
    // Each function's loop spends most of its time in the same inner loop.
    const calling = functions.map((_, n) => loopOf(n, 'mov x21, x30\n bl hot\n mov x30, x21'));
    const hot = `hot: mov x10, #20\n inner: add x3, x3, x10\n subs x10, x10, #1\n b.ne inner\n ret`;
    const { machine, translated, evicted } = await watch(program(calling, hot));
    const times = translated.filter((address) => address === machine.label('hot')).length;
    expect(machine.log[2]).toBe(BigInt(FUNCTIONS * ROUNDS * TURNS * 210));
    expect(evicted).toBeGreaterThan(FUNCTIONS);
    // Once alone, and once more as code that stays hot; not again after that.
    expect([1, 2]).toContain(times);
  });

  it('that fit are never evicted', async () => {
    const { evicted, mostModules } = await watch(program(functions), 1000);
    expect(evicted).toBe(0);
    expect(mostModules).toBeGreaterThan(LIMIT);
  });

  it('do with a single module', async () => {
    const { evicted, mostModules } = await watch(program(functions.slice(0, 6)), 1);
    expect(evicted).toBeGreaterThan(0);
    expect(mostModules).toBeLessThanOrEqual(1);
  });
});
