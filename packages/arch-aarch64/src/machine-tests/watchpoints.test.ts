import { State } from '@qvm/isa-aarch64';
import { BACK_TO_EL1, DATA, MachineHarness, TABLES, esr, goToEl0, log } from './machine-harness.test.helper.js';
import { PageTables, SHARED_CODE, SHARED_DATA, mapCode, mmuOn, tcr } from './page-tables.test.helper.js';

/* Watchpoints of the guest's own debugger (Arm ARM D2.9). */

const MDE = 1 << 15;
const KDE = 1 << 13;
const [AT_EL1, AT_EL0] = [1 << 1, 2 << 1];
const [LOADS, STORES] = [1 << 3, 2 << 3];
const LINKED = 1 << 20;
const bytes = (mask: number): number => mask << 5;
const DOUBLEWORD = bytes(0xff);
/** Watches 2^n bytes. */
const range = (n: number): number => DOUBLEWORD | (n << 24);
const WATCH = 1 | AT_EL1 | LOADS | STORES;

const [LOAD, STORE] = [esr(0x35, 0x22), esr(0x35, 0x62)];
const LOWER_LOAD = esr(0x34, 0x22);

const control = (mdscr: number): string => `ldr x20, =${mdscr}\n msr mdscr_el1, x20\n isb\n`;
const set = (n: number, address: number, bits: number): string =>
  `ldr x20, =${address}\n msr dbgwvr${n}_el1, x20\n ldr x20, =${bits}\n msr dbgwcr${n}_el1, x20\n isb\n`;
const ON = `msr oslar_el1, xzr\n isb\n msr daifclr, #8\n ${control(MDE | KDE)} ldr x1, =${DATA}\n mov x2, #0\n`;

const MMU = mmuOn({ ttbr0: BigInt(TABLES), tcr: tcr({ epd1: true }) });

/** Runs a program with the MMU on in both engines, which must have the same outcome. */
async function run(source: string): Promise<MachineHarness> {
  const [interpreted, translated] = (await Promise.all(
    (['interp', 'wasm'] as const).map(async (engine) => {
      const machine = await MachineHarness.boot(`${MMU} ${source}`, { engine });
      const tables = new PageTables(machine, 12, 48);
      mapCode(tables, 12, SHARED_CODE);
      for (let at = DATA - 0x1000; at < DATA + 0x8000; at += 0x1000) tables.map(BigInt(at), at, 3, SHARED_DATA);
      return machine.run().expectEnd();
    }),
  )) as [MachineHarness, MachineHarness];
  expect([translated.log, translated.exceptions]).toEqual([interpreted.log, interpreted.exceptions]);
  return translated;
}

/** Syndromes and addresses (relative to DATA) of the watchpoint exceptions. */
async function stops(source: string): Promise<readonly (readonly [esr: number, far: number])[]> {
  const machine = await run(source);
  return machine.exceptions.map(({ esr: e, far }) => [e, Number(far) - DATA] as const);
}

describe('watchpoints', () => {
  it('stop before the access', async () => {
    const machine = await run(
      `${ON} mov x3, #5\n str x3, [x1]\n ${set(0, DATA, WATCH | DOUBLEWORD)} mov x3, #6\n str x3, [x1]\n mov x2, #7\n ldr x2, [x1]\n ${log(2)}
      ${control(0)} ldr x2, [x1]\n ${log(2)}`,
    );
    expect(machine.exceptions.map(({ esr: e, far }) => [e, far])).toEqual([
      [STORE, BigInt(DATA)],
      [LOAD, BigInt(DATA)],
    ]);
    expect(machine.log).toEqual([7n, 5n]);
  });

  it.each([
    ['a load where stores are watched', WATCH & ~LOADS, 'ldr x2, [x1]', []],
    ['a store where loads are watched', WATCH & ~STORES, 'str x2, [x1]', []],
    ['a load of EL0 only', 1 | AT_EL0 | LOADS, 'ldr x2, [x1]', []],
    ['an unprivileged load', 1 | AT_EL0 | LOADS, 'ldtr x2, [x1]', [[LOAD, 0]]],
    ['an atomic operation where loads are watched', WATCH, 'ldadd x2, x3, [x1]', [[LOAD, 0]]],
    ['an atomic operation where stores are watched', WATCH & ~LOADS, 'ldadd x2, x3, [x1]', [[STORE, 0]]],
    ['a pair, of which it is the second', WATCH, 'sub x4, x1, #8\n ldp x2, x3, [x4]', [[LOAD, -8]]],
    ['its neighbours', WATCH, 'ldr x2, [x1, #8]\n sub x4, x1, #8\n ldr x2, [x4]\n ldr x2, [x1, #4096]', []],
    ['an access over two pages', WATCH, 'sub x4, x1, #4\n ldr x2, [x4]', [[LOAD, -4]]],
    ['zeros of a block', WATCH, 'dc zva, x1', [[STORE, 0]]],
    ['a vector', WATCH, 'sub x4, x1, #8\n mov x20, #0x300000\n msr cpacr_el1, x20\n isb\n ldr q0, [x4]', [[LOAD, -8]]],
  ])('see %s', async (_, bits, source, expected) => {
    expect(await stops(`${ON} ${set(0, DATA, bits | DOUBLEWORD)} ${source}`)).toEqual(expected);
  });

  it('watch single bytes', async () => {
    const source = [0, 1, 2, 3, 4, 5, 6, 7].map((at) => `ldrb w2, [x1, #${at}]\n`).join('');
    const watched = set(0, DATA, WATCH | bytes(0b0000_0110)) + set(1, DATA + 4, WATCH | bytes(0b0010));
    expect((await stops(`${ON} ${watched} ${source} ldrh w2, [x1]`)).map(([, at]) => at)).toEqual([1, 2, 5, 0]);
  });

  it('watch up to 2 GiB', async () => {
    const source = [-8, 0, 0xff8, 0x1000, 0x1ff8, 0x2000]
      .map((at) => `ldr x4, =${DATA + 0x4000 + at}\n ldr x2, [x4]\n`)
      .join('');
    const machine = `${ON} ${set(0, DATA + 0x4000, WATCH | range(13))} ${source}`;
    expect((await stops(machine)).map(([, at]) => at - 0x4000)).toEqual([0, 0xff8, 0x1000, 0x1ff8]);
    // The program's own literals are watched, too; PSTATE.D masks the accesses at its end.
    const all = `${ON} ${set(0, 0, WATCH | range(31))} ldr x2, [x1]\n ldr x4, =${DATA}\n msr daifset, #8\n`;
    expect((await stops(all)).length).toBeGreaterThan(0);
  });

  it('stop EL0 without KDE', async () => {
    const machine = `msr oslar_el1, xzr\n isb\n ${control(MDE)} ldr x1, =${DATA}\n ${set(1, DATA, 1 | AT_EL0 | LOADS | DOUBLEWORD)} ldr x2, [x1]\n
      ${goToEl0()} ldr x2, [x1]\n ${BACK_TO_EL1}`;
    expect(await stops(machine)).toEqual([[LOWER_LOAD, 0]]);
  });

  it('stop each turn of a loop that was hot before, and the next one fills the TLB again', async () => {
    const loop = (turns: number): string => `mov x5, #${turns}\n bl loop\n`;
    const machine = await run(`${ON} str x2, [x1]\n ${loop(3000)} ${set(0, DATA + 8, WATCH | DOUBLEWORD)} ${loop(5)}
      ${control(0)} ${loop(3000)} ldr x3, [x1]\n ${log(3)} ldr x3, [x1, #8]\n ${log(3)} b done
      loop: ldr x3, [x1]\n add x3, x3, #1\n str x3, [x1]\n str x3, [x1, #8]\n subs x5, x5, #1\n b.ne loop\n ret
      done:`);
    expect(machine.log).toEqual([6005n, 6005n]);
    expect(machine.exceptions.map(({ esr: e, far }) => [e, far])).toEqual(new Array(5).fill([STORE, BigInt(DATA + 8)]));
    // Generated code sees the RAM again, as without watchpoints, and not as while one is armed.
    const others = [await run('nop'), await run(`${ON} ${set(0, DATA, WATCH | DOUBLEWORD)}`)];
    const [free, armed] = others.map(({ vcpus }) => vcpus[0]?.state.u32(State.ramWindows));
    const now = machine.vcpus[0]?.state.u32(State.ramWindows);
    expect([now === free, now === armed]).toEqual([true, false]);
  });

  it.each([
    ['another', 8, []],
    ['its own', 7, [[LOAD, 0]]],
  ])('that are linked to a context stop in it: %s', async (_, present, expected) => {
    const context = `ldr x20, =7\n msr dbgbvr1_el1, x20\n ldr x20, =${1 | (0xf << 5) | (3 << 20)}\n msr dbgbcr1_el1, x20\n`;
    const source = `${ON} ldr x20, =${present}\n msr contextidr_el1, x20\n ${context} ${set(0, DATA, WATCH | DOUBLEWORD | LINKED | (1 << 16))} ldr x2, [x1]`;
    expect(await stops(source)).toEqual(expected);
  });

  it.each([
    ['while the OS lock is on', 'mov x20, #1\n msr oslar_el1, x20\n isb'],
    ['of EL1 without KDE', control(MDE)],
    ['of EL1 with PSTATE.D set', 'msr daifset, #8'],
    ['without MDE', control(KDE)],
  ])('do not stop: %s', async (_, state) => {
    expect(await stops(`${ON} ${set(0, DATA, WATCH | DOUBLEWORD)} ${state}\n ldr x2, [x1]\n str x2, [x1]`)).toEqual([]);
  });
});
