import { Random } from '@qvm/isa-testing';
import { TLB_ENTRIES } from '@qvm/jit';
import { DATA, MachineHarness, TABLES, log } from './machine-harness.test.helper.js';
import { Attr, KERNEL, PageTables, mapCode, mmuOn, tcr } from './page-tables.test.helper.js';

/** A guest remaps a page without invalidating the TLB: permissions of the old page must not apply to the new one. */

const ROM = 0x0400_0000;
const VA = 0x80_8060_0000n;
const SECOND = VA + 0x1000n;
const RET = 0xd65f_03c0;
const MARK = 0xeeee_eeee;

describe.each(['interp', 'wasm'] as const)('ROM in the place of RAM, engine %s', (engine) => {
  it.each([
    ['a fetch', 'blr x19'],
    ['a load', 'ldr x5, [x19, #16]'],
    ['a misaligned load', 'ldur x5, [x19, #1]'],
  ])('is not written after %s has found it', async (_, find) => {
    const machine = await MachineHarness.boot(
      `${mmuOn({ ttbr0: BigInt(TABLES), tcr: tcr({ epd1: true }) })}
      ldr x19, =${VA}\n ldr x21, =${SECOND}
      ldr w2, =${RET}\n str w2, [x19]
      blr x21
      ldr x1, =${BigInt(ROM) | KERNEL | 3n}\n str x1, [x20]\n dsb sy\n isb
      ${find}
      ldr w3, =0x0badc0de
      str w3, [x19, #8]
      ldr w4, [x19, #8]\n ${log(4)}`,
      {
        engine,
        memory: [{ kind: 'rom', name: 'firmware', base: ROM, size: 0x1000 }],
      },
    );
    const tables = new PageTables(machine);
    mapCode(tables);
    tables.map(VA, DATA, 3, KERNEL);
    tables.map(SECOND, ROM, 3, KERNEL);
    tables.map(BigInt(TABLES), TABLES, 2, KERNEL);
    machine.vcpus[0]?.setRegister('x20', BigInt(tables.entry(VA, 3)));
    const rom = new Uint32Array(16).fill(MARK);
    rom[0] = RET;
    machine.vm.guestMemory.view(ROM, rom.byteLength).set(new Uint8Array(rom.buffer));
    machine.run().expectEnd();
    const now = machine.vm.guestMemory.view(ROM, 64).slice();
    expect(new Uint32Array(now.buffer)).toEqual(rom);
    // Either the store still goes to RAM by the complete old TLB entry, or it is refused.
    const refused = machine.exceptions.some(({ esr }) => (esr & 0x7f) === 0x50);
    expect(machine.read64(DATA + 8) === 0x0bad_c0den).toBe(!refused);
  });
});

/** RAM that is only ever mapped read-only. */
const READ_ONLY = DATA + 0x2000;
const TARGETS = [DATA, DATA + 0x1000, READ_ONLY, ROM].map(
  (base) => BigInt(base) | KERNEL | 3n | (base === READ_ONLY ? Attr.readOnly : 0n),
);
/** Pages that share the entries of a bank. */
const PAGES = [VA, VA + BigInt(TLB_ENTRIES * 0x1000), SECOND];
/** A page begins with the instruction for a fetch, so no store goes there. */
const FINDS = [
  'blr x19',
  'ldr x5, [x19, #16]',
  'ldur x5, [x19, #1]',
  'ldp x5, x6, [x19, #32]',
  'prfm pldl1keep, [x19]',
];
const STORES = [
  'str x3, [x19, #8]',
  'stur x3, [x19, #13]',
  'stp x3, x3, [x19, #16]',
  'add x7, x19, #64\n dc zva, x7',
  'add x7, x19, #8\n ldadd x3, x5, [x7]',
  'add x7, x19, #8\n ldxr x5, [x7]\n stxr w6, x3, [x7]',
  'add x7, x19, #32\n st1 {v0.16b}, [x7]',
];

/** Remaps pages at random, with no invalidation but sometimes, and accesses them. */
function remapping(random: Random, steps: number): string {
  const step = (): string => {
    const which = random.below(PAGES.length);
    const remap = `ldr x1, =${TARGETS[random.below(TARGETS.length)]}\n str x1, [x${20 + which}]\n dsb sy\n isb\n`;
    const flush = random.below(16) === 0 ? 'tlbi vmalle1\n dsb sy\n isb\n' : '';
    const kind = [['blr x19'], FINDS, STORES][random.below(3)] ?? [];
    const access = kind[random.below(kind.length)];
    return `ldr x19, =${PAGES[which]}\n ${random.below(2) === 0 ? remap : ''}${flush}${access}\n`;
  };
  return Array.from({ length: steps }, step).join('');
}

describe.each(['interp', 'wasm'] as const)('pages that are remapped at random, engine %s', (engine) => {
  it.each([1, 2, 3, 4, 5, 6])('never let a guest write ROM, or RAM that is mapped read-only: seed %i', async (seed) => {
    const random = new Random(seed);
    // Three rounds, so that the code is translated.
    const machine = await MachineHarness.boot(
      `${mmuOn({ ttbr0: BigInt(TABLES), tcr: tcr({ epd1: true }) })}
      ldr x3, =0x0badc0de0badc0de\n dup v0.2d, x3\n mov x9, #3\n round:
      ${remapping(random, 400)}
      subs x9, x9, #1\n b.ne round`,
      { engine, memory: [{ kind: 'rom', name: 'firmware', base: ROM, size: 0x1000 }] },
    );
    const tables = new PageTables(machine);
    mapCode(tables);
    for (const page of PAGES) tables.map(page, DATA, 3, KERNEL);
    tables.map(BigInt(TABLES), TABLES, 2, KERNEL);
    for (const [index, page] of PAGES.entries()) {
      machine.vcpus[0]?.setRegister(`x${20 + index}`, BigInt(tables.entry(page, 3)));
    }
    const page = new Uint32Array(1024).fill(MARK);
    page[0] = RET;
    for (const base of [DATA, DATA + 0x1000, READ_ONLY, ROM]) {
      machine.vm.guestMemory.view(base, page.byteLength).set(new Uint8Array(page.buffer));
    }
    machine.run(10_000_000).expectEnd();
    for (const base of [READ_ONLY, ROM]) {
      expect(new Uint32Array(machine.vm.guestMemory.view(base, page.byteLength).slice().buffer)).toEqual(page);
    }
    // Both happened: stores that went to RAM, and stores that were refused.
    expect(new Uint32Array(machine.vm.guestMemory.view(DATA, page.byteLength).slice().buffer)).not.toEqual(page);
    expect(machine.exceptions.length).toBeGreaterThan(10);
  });
});
