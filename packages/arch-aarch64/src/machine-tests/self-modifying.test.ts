import { CODE, DATA, MachineHarness, TABLES, log } from './machine-harness.test.helper.js';
import { KERNEL, PageTables, mapCode, mmuOn, tcr } from './page-tables.test.helper.js';

const movX5 = (n: number): number => 0xd280_0005 + (n << 5);
const RET = 0xd65f_03c0;
const maintain = (register: string): string =>
  `dc cvau, ${register}\n dsb ish\n ic ivau, ${register}\n dsb ish\n isb\n`;

describe('self-modifying code', () => {
  it('a store into the next instruction is seen after maintenance', async () => {
    const machine = await MachineHarness.run(
      `adr x1, 1f\n ldr w2, =${movX5(7)}\n str w2, [x1]\n ${maintain('x1')} 1: mov x5, #1\n ${log(5)}`,
    );
    machine.expectEnd();
    expect(machine.log).toEqual([7n]);
  });

  it('a loop that rewrites itself runs each version', async () => {
    const machine = await MachineHarness.run(
      `adr x1, 1f\n ldr w2, =${movX5(0)}\n mov x9, #100\n mov x6, #0\n 2: str w2, [x1]\n ${maintain('x1')} 1: mov x5, #0x55\n add x6, x6, x5\n add w2, w2, #0x20\n subs x9, x9, #1\n b.ne 2b\n ${log(6)}`,
    );
    machine.expectEnd();
    expect(machine.log).toEqual([4950n]);
  });

  it('a function on another page is replaced, again and again, by a byte store, a pair and a vector', async () => {
    const machine = await MachineHarness.run(`mov x0, #0x300000\n msr cpacr_el1, x0\n isb\n ldr x1, =${DATA}\n
      ldr w2, =${movX5(1)}\n ldr w3, =${RET}\n stp w2, w3, [x1]\n ${maintain('x1')} blr x1\n ${log(5)}
      mov w2, #0x45\n strb w2, [x1]\n ${maintain('x1')} blr x1\n ${log(5)}
      ldr w2, =${movX5(9)}\n ldr w3, =${RET}\n orr x2, x2, x3, lsl #32\n .word 0x9e670040\n .word 0xfd000020\n ${maintain('x1')} blr x1\n ${log(5)}
      ldr w2, =${movX5(11)}\n swp w2, w4, [x1]\n ${maintain('x1')} blr x1\n ${log(5)}`);
    machine.expectEnd();
    // The byte 0x45 makes it MOV X5, #2.
    expect(machine.log).toEqual([1n, 2n, 9n, 11n]);
  });

  it('a store through an alias is seen', async () => {
    const alias = 0x80_8060_3000n;
    const machine = await MachineHarness.boot(`${mmuOn({ ttbr0: BigInt(TABLES), tcr: tcr({ epd1: true }) })}
      ldr x1, =${alias}\n ldr x10, =${alias + 0x10_0000n}\n
      ldr w2, =${movX5(1)}\n ldr w3, =${RET}\n stp w2, w3, [x1]\n dsb ish\n isb\n blr x10\n ${log(5)}
      ldr w2, =${movX5(2)}\n str w2, [x1]\n dc cvau, x1\n dsb ish\n ic ivau, x10\n dsb ish\n isb\n blr x10\n ${log(5)}
      ldr w2, =${movX5(3)}\n str w2, [x1]\n dc cvau, x1\n dsb ish\n ic ialluis\n dsb ish\n isb\n blr x10\n ${log(5)}`);
    const tables = new PageTables(machine);
    mapCode(tables);
    tables.map(alias, DATA, 3, KERNEL);
    tables.map(alias + 0x10_0000n, DATA, 3, KERNEL | (1n << 7n));
    machine.run().expectEnd();
    expect(machine.log).toEqual([1n, 2n, 3n]);
  });

  it('what the host writes is seen', async () => {
    const machine = await MachineHarness.boot(
      `ldr x1, =${DATA}\n blr x1\n hvc #0x105\n hvc #0x77\n blr x1\n hvc #0x105`,
    );
    const code = (n: number): Uint8Array => new Uint8Array(new Uint32Array([movX5(n), RET]).buffer);
    machine.vm.guestMemory.write(DATA, code(1));
    machine.vcpus[0]?.hooks.hypercall.tap('test', ({ immediate }) => {
      if (immediate === 0x77) machine.vm.guestMemory.write(DATA, code(2));
      return immediate === 0x77 ? [] : undefined;
    });
    machine.run().expectEnd();
    expect(machine.log).toEqual([1n, 2n]);
  });

  it.each([3, 5, 64])('more code than %i pages of cache hold', async (codePages) => {
    const pages = 40;
    const machine = await MachineHarness.boot(
      `mov x6, #0\n mov x8, #5\n 2: ldr x1, =${DATA}\n mov x9, #${pages}\n 1: blr x1\n add x6, x6, x5\n add x1, x1, #0x1000\n subs x9, x9, #1\n b.ne 1b\n subs x8, x8, #1\n b.ne 2b\n ${log(6)}`,
      { codePages },
    );
    for (let page = 0; page < pages; page++)
      machine.vm.guestMemory.write(DATA + page * 4096, new Uint8Array(new Uint32Array([movX5(page), RET]).buffer));
    machine.run().expectEnd();
    expect(machine.log).toEqual([BigInt(5 * ((pages * (pages - 1)) / 2))]);
  });

  it('straight code goes on across pages, also by their last instruction', async () => {
    const machine = await MachineHarness.boot(`ldr x1, =${CODE + 0x10_0ffc}\n mov x5, #0\n blr x1\n ${log(5)}`);
    machine.place(CODE + 0x10_0ffc, 'add x5, x5, #1\n add x5, x5, #2\n ret');
    machine.run().expectEnd();
    expect(machine.log).toEqual([3n]);
  });

  it('a write to the page after the one that runs on into it', async () => {
    const machine = await MachineHarness.boot(
      `ldr x1, =${CODE + 0x10_0ffc}\n ldr w2, =${movX5(6)}\n add x3, x1, #4\n mov x5, #0\n blr x1\n ${log(5)} str w2, [x3]\n ${maintain('x3')} blr x1\n ${log(5)}`,
    );
    machine.place(CODE + 0x10_0ffc, 'nop\n mov x5, #2\n ret');
    machine.run().expectEnd();
    expect(machine.log).toEqual([2n, 6n]);
  });
});
