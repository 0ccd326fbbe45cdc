import { Random } from '@qvm/isa-testing';
import { runBothTiers } from './both-tiers.test.helper.js';
import { DEBUG_PORT, PORT_PATTERN } from './debug-port.test.helper.js';
import { CODE, DATA, TABLES, esr, log } from './machine-harness.test.helper.js';
import type { MachineHarness } from './machine-harness.test.helper.js';
import { Attr, KERNEL, PageTables, mapCode, mmuOn, tcr } from './page-tables.test.helper.js';

/** Accesses near each other by one register share a TLB lookup. Each must still have the effect that it has alone. */

const VA = 0x80_8060_0000n;
const PAGE = 0x1000n;
const ENTRY_LEVEL = 3;
/**
 * Contents of page `n` from {@link VA} on. Adjacent virtual pages are not adjacent in RAM, so that an access that runs
 * on into the next page of RAM is noticed.
 */
const PAGES = [
  { at: DATA + 0x4000, attributes: KERNEL },
  { at: DATA + 0x2000, attributes: KERNEL },
  undefined,
  { at: DATA, attributes: KERNEL },
  { at: DATA + 0x6000, attributes: KERNEL | Attr.readOnly },
  { at: DATA + 0x8000, attributes: KERNEL },
] as const;
const DATA_PAGES = 16;
/** Address of the array of base addresses, one for each round. */
const BASES = CODE + 0x10_0000;
/** Rounds in plain memory that make the code hot; after them, every fourth base is near a page's end. */
const WARM = 400;
const RARE = 4;
const FPU_ON = 'mov x0, #0x300000\n msr cpacr_el1, x0\n isb\n';
const ON = FPU_ON + mmuOn({ ttbr0: BigInt(TABLES), tcr: tcr({ epd1: true }) });

/** MOV X5, #0; the immediate begins at bit 5. */
const MOV_X5 = 0xd280_0005;

const SEED = 1;

/** Bases on both sides of each page boundary: from `before` steps before it to `after` steps after it. */
function bases(step: bigint, before = 9n, after = 4n): bigint[] {
  const special: bigint[] = [];
  for (let page = 1n; page < BigInt(PAGES.length); page++)
    for (let by = -before; by <= after; by++) special.push(VA + page * PAGE + by * step);
  const rounds = special.flatMap((base) => [...new Array<bigint>(RARE - 1).fill(VA + 0x800n), base]);
  return [...new Array<bigint>(WARM).fill(VA + 0x800n), ...rounds];
}

/** A program that does `body` with each of the bases in X0, after `before`. */
const rounds = (body: string, count: number, before = ''): string => `${ON}
  ${before}
  ldr x19, =${BASES}
  mov x20, #${count}
  mov x7, #8
  round: ldr x0, [x19], #8
  ${body}
  subs x20, x20, #1
  b.ne round`;

/** Maps the pages, fills them with addresses in them (as lists), and stores the bases. */
function prepare(machine: MachineHarness, given: readonly bigint[]): void {
  const tables = new PageTables(machine);
  mapCode(tables);
  tables.map(BigInt(TABLES), TABLES, 2, KERNEL);
  PAGES.forEach((page, n) => {
    if (page) tables.map(VA + BigInt(n) * PAGE, page.at, ENTRY_LEVEL, page.attributes);
  });
  const random = new Random(SEED);
  // Most elements of a list are in pages that do not fault.
  const page = (): number => (random.chance(0.9) ? random.pick([0, 1, 3]) : random.below(PAGES.length));
  const pointer = (): bigint => VA + BigInt(page() * 4096 + random.below(512) * 8);
  for (let at = 0; at < DATA_PAGES * 4096; at += 8) machine.write64(DATA + at, pointer());
  given.forEach((base, n) => machine.write64(BASES + n * 8, base));
}

async function runRounds(body: string, given = bases(8n), translated?: number): Promise<MachineHarness> {
  return runBothTiers(rounds(body, given.length), {
    prepare: (machine) => prepare(machine, given),
    ...(translated !== undefined && { translated }),
  });
}

/** An instruction, the bytes that it accesses as distances from X0, and whether it writes. */
type Access = readonly [text: string, from: bigint, to: bigint, write: boolean];

/** Reads before writes, and one register for all. */
const GROUP: readonly Access[] = [
  ['ldr x1, [x0]', 0n, 8n, false],
  ['ldp x2, x3, [x0, #8]', 8n, 24n, false],
  ['str x1, [x0, #24]', 24n, 32n, true],
  ['stp x2, x3, [x0, #32]', 32n, 48n, true],
  ['ldrb w4, [x0, #51]', 51n, 52n, false],
  ['str w4, [x0, #-4]', -4n, 0n, true],
  ['ldur x5, [x0, #-16]', -16n, -8n, false],
  ['strh w5, [x0, #48]', 48n, 50n, true],
];

const TRANSLATION_FAULT = 0x07;
const PERMISSION_FAULT = 0x0f;
const WNR = 0x40;

/** The fault of an access, by the first byte that its page does not allow. */
function faultOf(base: bigint, [, from, to, write]: Access): { esr: number; far: bigint } | undefined {
  const first = base + from;
  const second = (base + to - 1n) & ~(PAGE - 1n);
  for (const va of second > first ? [first, second] : [first]) {
    const page = PAGES[Number((va - VA) / PAGE)];
    const isReadOnly = page !== undefined && (page.attributes & Attr.readOnly) !== 0n;
    const status = page === undefined ? TRANSLATION_FAULT : write && isReadOnly ? PERMISSION_FAULT : undefined;
    if (status !== undefined) return { esr: esr(0x25, status | (write ? WNR : 0)), far: va };
  }
  return undefined;
}

describe('accesses by one register', () => {
  it('fault one by one, each with its own address and place', async () => {
    const given = bases(8n);
    const machine = await runRounds(`group: ${GROUP.map(([text]) => text).join('\n')}`, given);
    const expected = given.flatMap((base) =>
      GROUP.flatMap((access, n) => {
        const fault = faultOf(base, access);
        return fault ? [{ ...fault, elr: machine.label('group') + BigInt(n * 4) }] : [];
      }),
    );
    expect(machine.exceptions.map(({ esr: syndrome, far, elr }) => ({ esr: syndrome, far, elr }))).toEqual(expected);
    expect(expected.length).toBeGreaterThan(100);
  });

  it.each([
    [1n, 60n, 20n],
    [4n, 9n, 4n],
    [16n, 9n, 4n],
  ])('do the same in both tiers when the bases are %i bytes apart', async (step, before, after) => {
    const machine = await runRounds(GROUP.map(([text]) => text).join('\n'), bases(step, before, after));
    expect(machine.exceptions.length).toBeGreaterThan(100);
  });

  it('read from pages that may only be read, and fault where they write there', async () => {
    const readOnly = VA + 4n * PAGE + 0x100n;
    // Loads, and stores with write-back of the base, share a window.
    const given = [...new Array<bigint>(WARM).fill(VA), ...new Array<bigint>(8).fill(readOnly)];
    const machine = await runRounds(
      'ldr x1, [x0]\n ldr x2, [x0, #8]\n at: str x2, [x0, #16]\n ldr x3, [x0, #16]',
      given,
    );
    const fault = { esr: esr(0x25, PERMISSION_FAULT | WNR), far: readOnly + 16n, elr: machine.label('at') };
    expect(machine.exceptions).toEqual(Array.from({ length: 8 }, () => expect.objectContaining(fault) as unknown));
    const stored = (at: number): bigint => machine.read64(DATA + 0x6100 + at);
    expect([1, 2, 3].map((n) => machine.x(n))).toEqual([0, 8, 16].map(stored));
  });

  it('that fault keep the effects of earlier instructions and none of later ones', async () => {
    const last = VA + 2n * PAGE - 16n;
    const given = [...new Array<bigint>(WARM).fill(VA + 0x800n), last];
    const stores = [0, 8, 16, 24].map((at) => `str x20, [x0, #${at}]`).join('\n');
    let atFault: bigint[] = [];
    const machine = await runBothTiers(rounds(`group: ${stores}`, given.length), {
      prepare: (m) => {
        prepare(m, given);
        // The page after it in RAM belongs to another mapping.
        m.write64(DATA + 0x3000, 0x77n);
        m.vcpus[0]?.hooks.hypercall.tap({ name: 'test', stage: -2000 }, () => {
          atFault = [-16, -8, 0].map((at) => m.read64(DATA + 0x3000 + at));
          return undefined;
        });
      },
    });
    expect(machine.exceptions.map(({ far, elr }) => [far, elr])).toEqual([
      [last + 16n, machine.label('group') + 8n],
      [last + 24n, machine.label('group') + 12n],
    ]);
    expect(atFault).toEqual([1n, 1n, 0x77n]);
  });

  it.each([
    ['loads with post-index', 'ldr x1, [x0], #8\n'.repeat(8)],
    ['stores with pre-index', 'str x1, [x0, #-16]!\n'.repeat(6)],
    ['pairs with both', 'ldp x1, x2, [x0], #16\n stp x2, x1, [x0, #-24]!\n ldr w3, [x0, #4]!\n strb w3, [x0], #-1'],
    [
      'a frame on the stack',
      `and x6, x0, #-16\n mov sp, x6\n str x1, [sp, #-16]!\n stp x2, x3, [sp, #-32]!\n mov x29, sp\n ldr x4, [x29, #16]
       str x4, [sp, #8]\n ldr x5, [x29, #8]\n ldp x1, x2, [sp], #32\n ldr x3, [sp], #16\n ldr x4, [x29, #40]`,
    ],
    ['a stack that is aligned by 8 only', 'mov sp, x0\n ldr x1, [sp]\n ldr x2, [sp, #8]\n str x1, [sp, #16]'],
    [
      'copies of the base',
      'ldr x1, [x0]\n mov x6, x0\n add x8, x0, #24\n sub x6, x8, #24\n str x1, [x8]\n ldr x2, [x6, #8]\n ldr x3, [x0, #16]',
    ],
    [
      'a copy from before the base moves',
      'ldr x1, [x0, #8]\n add x6, x0, #0\n add x0, x0, #32\n ldr x2, [x6]\n str x2, [x0, #-8]',
    ],
    [
      'copies that flags are made from',
      'ldr x1, [x0]\n adds x6, x0, #8\n subs x8, x0, #8\n ldr x2, [x6]\n ldr x3, [x8]',
    ],
    ['half of the base', 'ldr x1, [x0]\n mov w6, w0\n ldr x2, [x6]\n add w6, w0, #8\n str x2, [x6]\n ldr x3, [x0, #8]'],
    ['a list', 'ldr x0, [x0]\n'.repeat(4)],
    ['a list of pairs', 'ldp x0, x1, [x0, #8]\n ldr x2, [x0, #8]\n ldp x1, x0, [x0]\n ldr x3, [x0]\n ldr x4, [x1]'],
    [
      'a base that is loaded from its copy',
      'ldr x1, [x0]\n add x6, x0, #0\n ldr x0, [x6, #8]\n ldr x2, [x6]\n ldr x3, [x0]\n ldr x4, [x6, #16]',
    ],
    [
      'a base that moves by a register',
      'ldr x1, [x0]\n add x0, x0, x7\n ldr x2, [x0]\n sub x0, x0, x7, lsl #1\n ldr x3, [x0, #8]',
    ],
    ['an index', 'ldr x1, [x0]\n ldr x2, [x0, x7]\n str x2, [x0, x7, lsl #3]\n ldr x3, [x0, #8]'],
    [
      'distances of more than a window',
      'ldr x1, [x0]\n ldr x2, [x0, #512]\n str x1, [x0, #128]\n ldr x3, [x0, #-256]\n ldr x4, [x0, #120]',
    ],
    [
      'two ways that join',
      'ldr x1, [x0]\n tbz x20, #4, 1f\n ldr x2, [x0, #8]\n b 2f\n 1: str x1, [x0, #16]\n 2: ldr x3, [x0, #16]\n str x3, [x0, #8]\n ldr x4, [x0]',
    ],
    [
      'two ways of which one moves the base',
      'ldr x1, [x0]\n tbz x20, #4, 1f\n add x0, x0, #16\n 1: ldr x2, [x0]\n str x2, [x0, #8]\n ldr x3, [x0, #-8]',
    ],
    [
      'two ways that move the base as far',
      'ldr x1, [x0]\n tbz x20, #4, 1f\n add x0, x0, #16\n b 2f\n 1: ldr x2, [x0], #16\n 2: ldr x3, [x0, #-16]\n ldr x4, [x0, #-8]',
    ],
    [
      'two ways with windows of their own',
      'tbz x20, #4, 1f\n ldr x1, [x0]\n ldr x2, [x0, #24]\n b 2f\n 1: ldr x1, [x0, #24]\n ldr x2, [x0]\n 2: ldr x3, [x0, #8]\n str x3, [x0, #16]',
    ],
    [
      'two ways of which one begins again',
      'ldr x1, [x0]\n add x6, x0, #0\n tbz x20, #4, 1f\n ldr x2, [x0, #200]\n 1: ldr x3, [x6]\n ldr x4, [x0]\n str x3, [x0, #8]',
    ],
    [
      'a loop that moves the base',
      'mov x9, #5\n 1: ldr x1, [x0]\n ldr x2, [x0, #8]\n str x1, [x0, #4]\n add x0, x0, #16\n subs x9, x9, #1\n b.ne 1b\n ldr x3, [x0, #-8]',
    ],
    [
      'a loop with write-back',
      'mov x9, #9\n 1: ldrh w1, [x0], #2\n strh w1, [x0, #2]\n subs x9, x9, #1\n b.ne 1b\n ldr x3, [x0]',
    ],
    [
      'a loop that does not move it',
      'ldr x3, [x0]\n mov x9, #5\n 1: ldr x1, [x0, #16]\n add x1, x1, #1\n str x1, [x0, #16]\n subs x9, x9, #1\n b.ne 1b\n ldr x2, [x0, #16]',
    ],
    [
      'vectors',
      'ldr q0, [x0]\n ldp q1, q2, [x0, #16]\n str d0, [x0, #48]\n stp q2, q1, [x0, #64]\n ldr b3, [x0, #63]\n ldr h4, [x0, #-2]\n str s4, [x0, #-8]',
    ],
    [
      'structures of vectors',
      'ld1 {v0.16b-v3.16b}, [x0]\n ldr x1, [x0, #8]\n st1 {v1.16b, v2.16b}, [x0], #32\n ld4 {v4.4s-v7.4s}, [x0]\n ld1r {v8.2d}, [x0], #8\n str x1, [x0]',
    ],
    [
      'structures of which a window holds one half',
      'ldp q0, q1, [x0]\n tbz x20, #4, 1f\n ldr x2, [x0, #8]\n 1: ld1 {v4.16b-v7.16b}, [x0]\n st1 {v6.16b-v7.16b}, [x0]',
    ],
    [
      'a copy whose window begins anew',
      'ldr x1, [x0]\n add x6, x0, #8\n ldr x2, [x0, #200]\n ldr x3, [x6]\n str x3, [x6, #8]\n ldr x4, [x0, #208]',
    ],
    [
      'the same of a copy by MOV',
      'ldr x1, [x0]\n mov x6, x0\n ldr x2, [x6, #8]\n ldr x2, [x0, #200]\n ldr x3, [x6]\n str x3, [x6, #8]',
    ],
    [
      'atomics among them',
      'ldr x1, [x0]\n ldadd x1, x2, [x0]\n ldr x3, [x0, #8]\n ldxr x4, [x0]\n stxr w5, x3, [x0]\n str x4, [x0, #8]\n ldar x6, [x0]',
    ],
    [
      'unprivileged ones among them',
      'ldr x1, [x0]\n ldtr x2, [x0, #8]\n str x1, [x0, #8]\n sttr x2, [x0]\n ldr x3, [x0, #16]',
    ],
    ['an exception among them', 'ldr x1, [x0]\n ldr x2, [x0, #8]\n svc #1\n str x1, [x0, #8]\n ldr x3, [x0, #16]'],
    ['zeros of a whole line among them', 'str x1, [x0, #8]\n dc zva, x0\n ldr x2, [x0, #8]\n str x1, [x0, #16]'],
  ])('do the same in both tiers: %s', async (_, body) => {
    const machine = await runRounds(body, bases(8n), 0.25);
    expect(machine.exceptions.length).toBeGreaterThan(10);
  });

  it('see a page that has come to lie elsewhere between two of them', async () => {
    const other = BigInt((DATA + 0x4000) ^ (DATA + 0x8000));
    const remap = `ldr x10, =ENTRY\n ldr x11, [x10]\n eor x11, x11, #${other}\n str x11, [x10]\n dsb ish\n tlbi vmalle1\n dsb ish\n isb`;
    const body = `ldr x1, [x0]\n add x1, x1, #1\n str x1, [x0]\n ${remap}\n ldr x2, [x0]\n add x2, x2, #3\n str x2, [x0]`;
    const given = new Array<bigint>(WARM).fill(VA + 0x20n);
    const machine = await runBothTiers(rounds(body, given.length), {
      setup: { symbols: { ENTRY: BigInt(TABLES + 0x5000) } },
      translated: 0.2,
      prepare: (m) => {
        prepare(m, given);
        expect(new PageTables(m).entry(VA, ENTRY_LEVEL)).toBe(TABLES + 0x5000);
        m.write64(DATA + 0x4020, 0n);
        m.write64(DATA + 0x8020, 0n);
      },
    });
    // Each round finds the page mapped as the round before has left it: to the other page of RAM.
    expect([DATA + 0x4020, DATA + 0x8020].map((at) => machine.read64(at))).toEqual([800n, 800n]);
  });
});

describe('a device among them', () => {
  const DEVICE = 2n;
  const edge = VA + DEVICE * PAGE;

  it('sees exactly what it is sent, once', async () => {
    // Stores and loads on both sides of the page's end, by one register.
    const body = `str w20, [x0, #-8]\n str w20, [x0]\n ldr w1, [x0, #-8]\n ldr w2, [x0, #4]\n str w1, [x0, #32]
      str w2, [x0, #-4]\n ldr w3, [x0, #-4]`;
    const given = [...new Array<bigint>(WARM).fill(VA + 0x800n)];
    for (let n = 0; n < 40; n++) given.push(n % 3 === 0 ? edge : VA + 0x800n);
    const machine = await runBothTiers(rounds(body, given.length), {
      prepare: (m) => {
        prepare(m, given);
        const attributes = (KERNEL & ~Attr.inner) | Attr.device;
        new PageTables(m).map(edge, DEBUG_PORT, ENTRY_LEVEL, attributes);
      },
    });
    const counts = given.map((_, n) => given.length - n).filter((_, n) => given[n] === edge);
    expect(counts.length).toBe(14);
    expect(machine.port).toEqual(counts.flatMap((count) => [count, count]));
    expect(machine.exceptions).toEqual([]);
    expect(Number(machine.read64(DATA + 0x2ff8) >> 32n)).toBe(PORT_PATTERN);
  });
});

describe('a group that writes the code that runs', () => {
  it('is seen by later accesses', async () => {
    // MOV X5, #n in the loop itself is replaced now and then; the other rounds read and write data.
    const given = new Array<bigint>(WARM * 2).fill(VA + 0x800n);
    const body = `tst x20, #63\n csel x0, x8, x0, eq\n lsr w3, w20, #6\n add w3, w2, w3, lsl #5\n ldr w1, [x0, #4]
      str w3, [x0]\n ldr w4, [x0]\n cmp w3, w4\n cinc x10, x10, eq\n dc cvau, x0\n dsb ish\n ic ivau, x0\n dsb ish\n isb
      patched: mov x5, #0\n add x6, x6, x5`;
    const source = rounds(body, given.length, `adr x8, patched\n ldr x2, =${MOV_X5}\n mov x6, #0\n mov x10, #0`);
    const machine = await runBothTiers(`${source}\n ${log(6)} ${log(10)}`, {
      translated: 0.2,
      prepare: (m) => prepare(m, given),
    });
    let [sum, value] = [0, 0];
    for (let count = given.length; count > 0; count--) {
      if (count % 64 === 0) value = count / 64;
      sum += value;
    }
    expect(machine.log).toEqual([BigInt(sum), BigInt(given.length)]);
  });

  it('of another page is seen by what calls it', async () => {
    const given = [...new Array<bigint>(WARM).fill(VA + 0x800n)];
    const code = VA + 6n * PAGE;
    for (let n = 0; n < 40; n++) given.push(n % 5 === 0 ? code : VA + 0x800n);
    // The function at X8 returns 1 until its first word becomes MOV X5, #2.
    const body = `ldr w1, [x0, #8]\n str w9, [x0]\n ldr w2, [x0]\n dc cvau, x8\n dsb ish\n ic ivau, x8\n dsb ish\n isb
      blr x8\n add x6, x6, x5\n eor w9, w9, #0x60`;
    const before = `ldr x8, =${code}\n mov x6, #0\n ldr w9, =${MOV_X5 + 0x20}`;
    const source = `${rounds(body, given.length, before)}\n ${log(6)}`;
    const machine = await runBothTiers(source, {
      translated: 0.2,
      prepare: (m) => {
        prepare(m, given);
        m.place(DATA + 0xa000, 'mov x5, #1\n ret');
        new PageTables(m).map(code, DATA + 0xa000, ENTRY_LEVEL, KERNEL);
      },
    });
    expect(machine.exceptions).toEqual([]);
    // Patched in every fifth round with the value of W9 at that time: 1 in even rounds, 2 in odd ones.
    let [sum, value] = [0, 1];
    given.forEach((base, n) => {
      if (base === code) value = n % 2 === 0 ? 1 : 2;
      sum += value;
    });
    expect(machine.log).toEqual([BigInt(sum)]);
  });
});
