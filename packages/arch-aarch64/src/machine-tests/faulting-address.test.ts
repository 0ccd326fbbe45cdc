import { DEBUG_PORT } from './debug-port.test.helper.js';
import { CODE, DATA, MachineHarness, RAM_BYTES, TABLES } from './machine-harness.test.helper.js';
import { Attr, KERNEL, PageTables, mapCode, mmuOn, tcr } from './page-tables.test.helper.js';

/** The report of a fault: which byte, and whether it was a write. QEMU reports the same, where it reports anything. */

const RAM_END = BigInt(CODE + RAM_BYTES);
const PORT_END = BigInt(DEBUG_PORT + 0x1000);
/** A mapped page, followed by one that is unmapped, not accessible, or read-only. */
const VA = 0x80_8060_0000n;
const NEXT = VA + 0x1000n;
/** Guest-physical addresses where nothing is, and of ROM. */
const [NOWHERE, ROM] = [0x1000_0000, 0x2000_0000];
const WRITE = 0x40;
const [TRANSLATION, ACCESS_FLAG, PERMISSION, EXTERNAL, ALIGNMENT] = [0x07, 0x0b, 0x0f, 0x10, 0x21];
const FPU_ON = 'mov x0, #0x300000\n msr cpacr_el1, x0\n isb\n';

/** Accesses by X1, with the number of bytes before a page boundary at which they begin. */
const CROSSING: readonly (readonly [instruction: string, before: number, write: boolean])[] = [
  ['ldp x2, x3, [x1]', 8, false],
  ['stp x2, x3, [x1]', 8, true],
  ['ldp w2, w3, [x1]', 4, false],
  ['stp w2, w3, [x1]', 4, true],
  ['ldp q0, q1, [x1]', 16, false],
  ['stnp q0, q1, [x1]', 16, true],
  ['ldp x2, x3, [x1], #16', 8, false],
  ['ld1 {v0.16b, v1.16b, v2.16b, v3.16b}, [x1]', 48, false],
  ['st4 {v0.4s, v1.4s, v2.4s, v3.4s}, [x1]', 16, true],
];
/** The same accesses where alignment checks would stop them. */
const MISALIGNED: typeof CROSSING = [
  ['ldr x2, [x1]', 4, false],
  ['ldr x2, [x1]', 1, false],
  ['str w2, [x1]', 3, true],
  ['ldrh w2, [x1]', 1, false],
  ['str q0, [x1]', 15, true],
  ['ldp x2, x3, [x1]', 11, false],
  ['stp x2, x3, [x1]', 5, true],
];

const program = (accesses: typeof CROSSING, boundary: bigint): string =>
  accesses.map(([instruction, before]) => `ldr x1, =${boundary - BigInt(before)}\n ${instruction}\n`).join('');

/** [status with WnR, FAR] of the exceptions taken. */
const reported = (machine: MachineHarness): unknown => machine.exceptions.map(({ esr, far }) => [esr & 0x7f, far]);

const expected = (accesses: typeof CROSSING, status: number, far: bigint): unknown =>
  accesses.map(([, , write]) => [status | (write ? WRITE : 0), far]);

/** Runs a program in both engines with {@link VA} mapped and the page after it mapped according to `next`. */
async function withPages(source: string, next: bigint | undefined): Promise<MachineHarness> {
  const machines = [];
  for (const engine of ['interp', 'wasm'] as const) {
    const on = mmuOn({ ttbr0: BigInt(TABLES), tcr: tcr({ epd1: true }) });
    const machine = await MachineHarness.boot(`${FPU_ON}${on}${source}`, { engine });
    const tables = new PageTables(machine);
    mapCode(tables);
    tables.map(VA, DATA, 3, KERNEL);
    if (next !== undefined) machine.write64(tables.entry(NEXT, 3), next);
    machines.push(machine.run().expectEnd());
  }
  const [first, second] = machines as [MachineHarness, MachineHarness];
  expect(second.exceptions).toEqual(first.exceptions);
  return second;
}

describe('the address that a fault reports', () => {
  it.each([
    ['RAM', RAM_END],
    ['a device', PORT_END],
  ])('is the first byte after the end of %s', async (_, end) => {
    // Without FP registers, part of a store to a device could take effect before a later part is refused.
    const machine = await MachineHarness.run(`${FPU_ON}${program(CROSSING, end)}`);
    expect(reported(machine.expectEnd())).toEqual(expected(CROSSING, EXTERNAL, end));
    expect(machine.port).toEqual([]);
  });

  it.each([
    ['is not mapped', undefined, TRANSLATION],
    ['has a clear access flag', BigInt(DATA) | (KERNEL & ~Attr.accessed) | 3n, ACCESS_FLAG],
    ['leads to nothing', 0x1000_0000n | KERNEL | 3n, EXTERNAL],
  ])('is the first byte of a second page that %s', async (_, next, status) => {
    const accesses = [...CROSSING, ...MISALIGNED];
    const machine = await withPages(program(accesses, NEXT), next);
    expect(reported(machine)).toEqual(expected(accesses, status, NEXT));
  });

  it('is the first byte of a second page that is read-only, for writes', async () => {
    const accesses = [...CROSSING, ...MISALIGNED].filter(([, , write]) => write);
    const machine = await withPages(program(accesses, NEXT), BigInt(DATA) | KERNEL | Attr.readOnly | 3n);
    expect(reported(machine)).toEqual(expected(accesses, PERMISSION, NEXT));
  });

  it('is what the register holds, for DC and IC', async () => {
    const instructions = ['dc zva', 'dc cvac', 'dc cvau', 'dc civac', 'dc ivac', 'ic ivau'];
    const source = instructions.map((name) => `${name}, x1\n`).join('');
    const address = NEXT + 0x123n;
    const machine = await withPages(`ldr x1, =${address}\n ${source}`, undefined);
    const maintenance = 0x100;
    expect(machine.exceptions.map(({ esr, far }) => [esr & 0x17f, far])).toEqual(
      instructions.map((name) => [TRANSLATION | WRITE | (name === 'dc zva' ? 0 : maintenance), address]),
    );
  });
});

/**
 * Instructions that read and then write at {@link NEXT}, and whether a fault that a read would also take is reported
 * as a write's.
 */
const READ_AND_WRITE: readonly (readonly [instruction: string, write: boolean])[] = [
  ['stxr w9, x10, [x1]', true],
  ['ldxr x9, [x2]\n stxr w9, x10, [x1]', true],
  ['stlxrb w9, w10, [x1]', true],
  ['stxp w9, x10, x11, [x1]', true],
  ['stlxp w9, w10, w11, [x1]', true],
  ['stlr x10, [x1]', true],
  ['ldadd x10, x9, [x1]', false],
  ['ldumax x10, x9, [x1]', false],
  ['cas x10, x9, [x1]', false],
  ['casp x10, x11, x12, x13, [x1]', false],
  ['swp x10, x9, [x1]', false],
];

describe('whether a fault is a write', () => {
  const source = `ldr x1, =${NEXT}\n ldr x2, =${VA}\n ${READ_AND_WRITE.map(([text]) => `clrex\n ${text}\n`).join('')}`;

  it.each([
    ['that is not mapped', undefined, TRANSLATION],
    ['with a clear access flag', BigInt(DATA) | (KERNEL & ~Attr.accessed) | 3n, ACCESS_FLAG],
  ])('in a page %s: a store exclusive always, an atomic never', async (_, next, status) => {
    const machine = await withPages(source, next);
    expect(reported(machine)).toEqual(READ_AND_WRITE.map(([, write]) => [status | (write ? WRITE : 0), NEXT]));
  });

  it('that is misaligned: a store exclusive, an atomic is not', async () => {
    const wide = READ_AND_WRITE.filter(([text]) => !text.includes('stlxrb'));
    const machine = await MachineHarness.run(
      `ldr x1, =${DATA + 4}\n ldr x2, =${DATA}\n ${wide.map(([text]) => `clrex\n ${text}\n`).join('')}`,
    );
    machine.expectEnd();
    expect(reported(machine)).toEqual(wide.map(([, write]) => [ALIGNMENT | (write ? WRITE : 0), BigInt(DATA + 4)]));
  });

  // The Arm ARM leaves WnR of an external abort of an atomic open (D17.2.37, ISS of data aborts): the same rule holds here.
  it.each([
    ['where nothing is: a store exclusive always, an atomic never', NOWHERE, false],
    ['in ROM: all are, since it can be read', ROM, true],
  ])('of an external abort %s', async (_, place, always) => {
    const body = READ_AND_WRITE.map(([text]) => `clrex\n ${text}\n`).join('');
    const machine = await MachineHarness.run(`ldr x1, =${place}\n ldr x2, =${DATA}\n ${body}`, {
      memory: [{ base: ROM, size: 0x1000, kind: 'rom', name: 'rom' }],
    });
    machine.expectEnd();
    expect(reported(machine)).toEqual(
      READ_AND_WRITE.map(([, write]) => [EXTERNAL | (write || always ? WRITE : 0), BigInt(place)]),
    );
  });

  it('in a page that is read-only: all are', async () => {
    const machine = await withPages(source, BigInt(DATA) | KERNEL | Attr.readOnly | 3n);
    expect(reported(machine)).toEqual(READ_AND_WRITE.map(() => [PERMISSION | WRITE, NEXT]));
  });
});
