import { DATA, MachineHarness, TABLES, log } from './machine-harness.test.helper.js';
import { KERNEL, PageTables, mapCode, mmuOn, tcr } from './page-tables.test.helper.js';

const AT = `ldr x1, =${DATA}\n mov x2, #7\n mov w3, #9\n`;
const alone = (source: string): Promise<MachineHarness> => MachineHarness.run(AT + source + log(3));

/** Starts vCPU 1 at a label. */
const cpuOn = (label: string, vcpu = 1): string =>
  `ldr x0, =0xc4000003\n mov x1, #${vcpu}\n adr x2, ${label}\n mov x3, #${vcpu}\n hvc #0\n`;

describe('exclusives', () => {
  it.each([
    ['ldxr x4, [x1]\n stxr w3, x2, [x1]\n', 0, 7n],
    ['ldaxr x4, [x1]\n stlxr w3, x2, [x1]\n', 0, 7n],
    ['ldxrb w4, [x1]\n stxrb w3, w2, [x1]\n', 0, 7n],
    ['ldxp x4, x5, [x1]\n stxp w3, x2, x2, [x1]\n', 0, 7n],
    ['ldxp w4, w5, [x1]\n stxp w3, w2, w2, [x1]\n', 0, 0x7_0000_0007n],
  ] as const)('%# succeeds', async (source, result, memory) => {
    const machine = await alone(source);
    expect(machine.log).toEqual([BigInt(result)]);
    expect(machine.read64(DATA)).toBe(memory);
  });

  it.each([
    ['without a load before', 'stxr w3, x2, [x1]\n'],
    ['after CLREX', 'ldxr x4, [x1]\n clrex\n stxr w3, x2, [x1]\n'],
    ['twice', 'ldxr x4, [x1]\n stxr w3, x4, [x1]\n stxr w3, x2, [x1]\n'],
    ['at another address', 'ldxr x4, [x1]\n add x1, x1, #0x100\n stxr w3, x2, [x1]\n'],
    ['after an exception return', 'ldxr x4, [x1]\n svc #1\n stxr w3, x2, [x1]\n'],
    ['when the value has changed', 'ldxr x4, [x1]\n mov x5, #1\n str x5, [x1]\n stxr w3, x2, [x1]\n'],
    [
      'when the second half of a pair has changed',
      'ldxp x4, x5, [x1]\n mov x5, #1\n str x5, [x1, #8]\n stxp w3, x2, x2, [x1]\n',
    ],
  ])('a store fails %s', async (_, source) => {
    const machine = await alone(source);
    expect(machine.log).toEqual([1n]);
    expect(machine.read64(DATA)).not.toBe(7n);
  });

  it('a store that fails writes nothing', async () => {
    const machine = await alone('str x2, [x1]\n ldxr x4, [x1]\n clrex\n mov x2, #1\n stxr w3, x2, [x1]\n');
    expect(machine.read64(DATA)).toBe(7n);
  });

  it('a store to a read-only page faults', async () => {
    const machine = await MachineHarness.boot(
      `${mmuOn({ ttbr0: BigInt(TABLES), tcr: tcr({ epd1: true }) })} ldr x1, =0x8080603000\n ldxr x2, [x1]\n stxr w3, x2, [x1]`,
    );
    const tables = new PageTables(machine);
    mapCode(tables);
    tables.map(0x80_8060_3000n, DATA, 3, KERNEL | (1n << 7n));
    machine.run().expectEnd();
    expect(machine.exceptions.map(({ esr }) => esr & 0x7f)).toEqual([0x4f]);
  });

  it.each([
    'ldxr w4, [x1]\n 2: ldaxr w4, [x1]\n add w4, w4, #1\n stlxr w5, w4, [x1]\n cbnz w5, 2b\n',
    'mov w5, #1\n stadd w5, [x1]\n',
    '2: ldr w6, [x1]\n mov w7, w6\n add w8, w6, #1\n casal w6, w8, [x1]\n cmp w6, w7\n b.ne 2b\n',
  ])('four vCPUs count together (%#)', async (increment) => {
    const rounds = 2000;
    const body = `ldr x9, =${rounds}\n ldr x1, =${DATA}\n 1: ${increment} subs x9, x9, #1\n b.ne 1b\n add x1, x1, #0x100\n mov w5, #1\n ldadd w5, w6, [x1]\n`;
    const machine = await MachineHarness.run(
      `${cpuOn('work')} ${cpuOn('work', 2)} ${cpuOn('work', 3)} b work\n work: ${body} cbz x3, 1f\n 3: wfi\n b 3b\n 1: ldr w5, [x1]\n cmp w5, #4\n b.ne 1b`.replace(
        'work: ',
        'work: mrs x3, mpidr_el1\n and x3, x3, #0xff\n',
      ),
      { vcpus: 4 },
    );
    machine.expectEnd();
    expect(machine.read64(DATA) & 0xffff_ffffn).toBe(BigInt(4 * rounds));
  });
});

describe('atomics', () => {
  it.each([
    ['ldadd x2, x3, [x1]', 0x10n, 0x17n],
    ['ldclr x2, x3, [x1]', 0x17n, 0x10n],
    ['ldeor x2, x3, [x1]', 0x13n, 0x14n],
    ['ldset x2, x3, [x1]', 0x10n, 0x17n],
    ['ldsmax x2, x3, [x1]', -1n, 7n],
    ['ldumax x2, x3, [x1]', 3n, 7n],
    ['ldsmin x2, x3, [x1]', 9n, 7n],
    ['ldumin x2, x3, [x1]', 9n, 7n],
    ['swp x2, x3, [x1]', 5n, 7n],
  ])('%s', async (instruction, before, after) => {
    const machine = await MachineHarness.boot(`${AT} ${instruction}\n ${log(3)}`);
    machine.write64(DATA, BigInt.asUintN(64, before));
    machine.run().expectEnd();
    expect(machine.log).toEqual([BigInt.asUintN(64, before)]);
    expect(machine.read64(DATA)).toBe(after);
  });

  it('CAS and CASP compare and swap', async () => {
    const machine =
      await MachineHarness.boot(`${AT} mov x4, #5\n cas x4, x2, [x1]\n ${log(4)} mov x4, #1\n cas x4, x3, [x1]\n ${log(4)}
      mov x4, #7\n mov x5, #8\n mov x6, #70\n mov x7, #80\n casp x4, x5, x6, x7, [x1]\n ${log(4)} ${log(5)} mov x4, #7\n mov x5, #6\n casp x4, x5, x6, x7, [x1]\n`);
    machine.write64(DATA, 5n);
    machine.write64(DATA + 8, 6n);
    machine.run().expectEnd();
    expect(machine.log).toEqual([5n, 7n, 7n, 6n]);
    expect([machine.read64(DATA), machine.read64(DATA + 8)]).toEqual([70n, 80n]);
  });
});
