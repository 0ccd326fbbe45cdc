import { DATA, MachineHarness, TABLES, log } from './machine-harness.test.helper.js';
import { KERNEL, PageTables, mapCode, mmuOn, tcr } from './page-tables.test.helper.js';

const TURNS = 4000;
/** Addresses at this distance share a TLB entry. */
const TLB_SPAN = 0x200_0000n;

describe('samples', () => {
  it('find a loop whose data takes the TLB entry of its code', async () => {
    const source = (address: bigint): string => `${mmuOn({ ttbr0: BigInt(TABLES), tcr: tcr({ epd1: true }) })}
      ldr x1, =${address}\n mov x0, #${TURNS}\n mov x2, #0
      loop: ldr x3, [x1]\n str x0, [x1, #8]\n add x2, x2, x3\n subs x0, x0, #1\n b.ne loop
      ${log(2)}`;
    const probe = await MachineHarness.boot(source(BigInt(DATA)));
    const address = (probe.label('loop') & ~0xfffn) + TLB_SPAN * 4n;
    const machine = await MachineHarness.boot(source(address));
    const tables = new PageTables(machine);
    mapCode(tables);
    tables.map(address, DATA, 3, KERNEL);
    machine.vm.guestMemory.write(DATA, new Uint8Array(new BigUint64Array([3n]).buffer));
    machine.run().expectEnd();
    expect(machine.log).toEqual([BigInt(3 * TURNS)]);
    const inRegions = machine.vcpus[0]?.regionTotals.instructions ?? 0;
    expect(inRegions / machine.vm.instructions).toBeGreaterThan(0.4);
  });
});
