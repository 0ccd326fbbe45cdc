import { MachineHarness, TABLES } from './machine-harness.test.helper.js';
import { Attr, KERNEL, mapCode, mmuOn, PageTables, tcr } from './page-tables.test.helper.js';

const HIGH = 0xffff_8000_0000_0000n;
const FAR = 0x4180_0000;

describe('translation for those who look from outside', () => {
  it('is flat while the MMU is off', async () => {
    const machine = await MachineHarness.run('nop');
    expect(machine.vcpus[0]?.translate(0x4000_1234n)).toBe(0x4000_1234);
    expect(machine.vcpus[0]?.translate(1n << 60n)).toBeUndefined();
  });

  it("follows the guest's tables, in both halves, and changes nothing", async () => {
    const [low, high] = [TABLES, TABLES + 0x10_0000];
    const machine = await MachineHarness.boot(
      mmuOn({ ttbr0: BigInt(low), ttbr1: BigInt(high), tcr: tcr() }) + '1: b 1b\n',
    );
    const lower = new PageTables(machine, 12, 48, low);
    mapCode(lower);
    lower.map(0x7000n, FAR, 3, KERNEL | Attr.readOnly);
    const upper = new PageTables(machine, 12, 48, high);
    upper.map(HIGH, FAR, 2, KERNEL);
    upper.map(HIGH + 0x20_0000n, FAR, 3, KERNEL & ~Attr.accessed);
    machine.run(10_000);
    const vcpu = machine.vcpus[0];
    const before = [vcpu?.registers(), vcpu?.tlb.counters, machine.vm.instructions];
    const copy = structuredClone(before);
    expect([0x7abcn, HIGH + 0x12_3456n, HIGH - 2n ** 64n + 5n].map((va) => vcpu?.translate(va))).toEqual([
      FAR + 0xabc,
      FAR + 0x12_3456,
      FAR + 5,
    ]);
    // Not mapped, no access flag, between the halves.
    expect([0x9000n, HIGH + 0x20_0000n, 1n << 50n].map((va) => vcpu?.translate(va))).toEqual(Array(3).fill(undefined));
    expect([vcpu?.registers(), vcpu?.tlb.counters, machine.vm.instructions]).toEqual(copy);
    expect(machine.exceptions).toEqual([]);
  });
});
