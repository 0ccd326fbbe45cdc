import { DATA, MachineHarness, TABLES, log } from './machine-harness.test.helper.js';
import { KERNEL, PageTables, mapCode, mmuOn, tcr } from './page-tables.test.helper.js';

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
