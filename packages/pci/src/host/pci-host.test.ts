import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AcpiTableContext, buildAcpiTables, placeAcpiTables } from '@qvm/acpi';
import { virt } from '@qvm/boards';
import { writeDeviceTree, INTERRUPT_WIRING, InterruptBus } from '@qvm/core/architecture';
import type { Board } from '@qvm/core/board';
import { createVmHooks } from '@qvm/core/host';
import type { AcpiPart, PortHandler, VdevContext } from '@qvm/core/vdev';
import { createVdev, describeVdevContract, FakeDeviceTreeContext, type FakeVdevContext } from '@qvm/testing';
import { constant, PLAIN } from '../bus/test-bus.test.helper.js';
import { COMMAND } from '../config-space/registers.js';
import { addPciFunction, PCI_OPTIONS } from './placement.js';
import { CONFIG_PORT_REMAINDER, PCI_BUS, PCI_HOST_DESCRIPTION } from './tokens.js';
import { pciHost } from './type.js';
import type { PciBus } from '../bus/pci-bus.js';
import type { PciHostDescription } from './layout.js';

/** A board with I/O ports, as PCs are. */
const pc: Board = {
  ...virt,
  ioPorts: true,
  places: {
    'pci-host': {
      base: { ecam: 0xb000_0000 },
      port: { config: 0xcf8, io: 0x1000 },
      interrupt: { inta: 80, intb: 81, intc: 82, intd: 83 },
      windows: { memory32: { base: 0xc000_0000, size: 0x2000_0000 } },
    },
  },
};

const wire = (context: FakeVdevContext): void => {
  context.attach(INTERRUPT_WIRING, new InterruptBus(1, createVmHooks('test')));
};

function setUp(board = virt, more: (context: FakeVdevContext) => void = () => undefined) {
  const harness = createVdev(pciHost, {
    context: { board },
    prepare: (context) => {
      wire(context);
      more(context);
    },
  });
  const bus = harness.context.offers.get(PCI_BUS.key) as PciBus;
  const description = harness.context.offers.get(PCI_HOST_DESCRIPTION.key) as PciHostDescription;
  return { ...harness, bus, description };
}

for (const board of [virt, pc]) {
  describeVdevContract(pciHost, {
    context: { board },
    prepare: wire,
    change: ({ vdev, write }) => {
      write(COMMAND, 4, 2, 'ecam');
      vdev.ports?.['config']?.write(0, 4, 0x8000_0800);
    },
  });
}

describe('pci-host', () => {
  it('is the function 00:00.0, of an identity that can be chosen', () => {
    expect(setUp().read(0, 4, 'ecam')).toBe(0x0008_1b36);
    const options = { vendor: 0x8086, device: 0x29c0 };
    const { read } = createVdev(pciHost, { options, prepare: wire });
    expect([read(0, 4, 'ecam'), read(8, 4, 'ecam'), read(0x8000, 4, 'ecam')]).toEqual([
      0x29c0_8086, 0x0600_0000, 0xffff_ffff,
    ]);
  });

  it('is the memory controller hub of a PC where the machine has ports, with the registers that firmware writes', () => {
    const { vdev, read, write } = createVdev(pciHost, { context: { board: pc }, prepare: wire });
    expect([read(0, 4, 'ecam'), read(0x2c, 4, 'ecam')]).toEqual([0x29c0_8086, 0x1100_1af4]);
    const [bar] = [read(0x60, 4, 'ecam')];
    expect(bar % 2).toBe(1);
    expect([read(0x90, 4, 'ecam'), read(0x94, 4, 'ecam')]).toEqual([0, 0]);
    write(0x90, 0xffff_ffff, 4, 'ecam');
    write(0x94, 0xffff_ffff, 4, 'ecam');
    expect([read(0x90, 4, 'ecam'), read(0x94, 4, 'ecam')]).toEqual([0x3333_3333, 0x0033_3333]);
    vdev.reset();
    expect([read(0x90, 4, 'ecam'), read(0x60, 4, 'ecam')]).toEqual([0, bar]);
  });

  it('maps BARs in its windows, in the name of their vdevs', () => {
    const { bus, context } = setUp();
    bus.add('disk', {
      ...PLAIN,
      bars: [
        { index: 0, kind: 'memory32', size: 0x4000, handler: constant(1) },
        { index: 2, kind: 'memory64', size: 0x1000, handler: constant(2) },
      ],
    });
    expect(context.window('memory32').content.get(0)).toMatchObject({ owner: 'disk', size: 0x4000 });
    expect([context.window('memory32').read(0x3ffc, 4), context.window('memory64').read(0, 4)]).toEqual([1, 2]);
  });

  it('has ports where the machine has them', () => {
    const { vdev, bus } = setUp(pc);
    bus.add('disk', {
      ...PLAIN,
      bars: [
        {
          index: 0,
          kind: 'io',
          size: 4,
          handler: { read: (offset, width) => offset + width * 16, write: () => undefined },
        },
      ],
    });
    const { config, io } = vdev.ports as Readonly<Record<'config' | 'io', PortHandler>>;
    config.write(0, 4, 0x8000_0810);
    expect(config.read(4, 4)).toBe(0x1001);
    expect([io.read(2, 2), io.read(0, 4), io.read(4, 1), io.read(2, 4)]).toEqual([0x22, 0x40, 0xff, 0xffff_1312]);
    expect(Object.keys(setUp().vdev.ports ?? {})).toEqual([]);
  });

  it('leaves accesses of bytes to port 0CF9h to another vdev', () => {
    const written: number[] = [];
    const { vdev } = setUp(pc, (context) =>
      context.attach(CONFIG_PORT_REMAINDER, {
        read: () => 0,
        write: (offset, _, value) => written.push(offset, value),
      }),
    );
    vdev.ports?.['config']?.write(1, 1, 6);
    expect(written).toEqual([1, 6]);
  });

  it('sends messages where something takes them', () => {
    const messages: number[][] = [];
    const interrupts = new InterruptBus(1, createVmHooks('test'));
    interrupts.attachMessages({ message: (...message) => messages.push(message) });
    const { bus } = setUp(virt, (context) => context.attach(INTERRUPT_WIRING, interrupts));
    const fn = bus.add('disk', { ...PLAIN, msi: { vectors: 1 } });
    fn.config.write(COMMAND, 2, 4);
    fn.config.write(0x44, 4, 0x1000);
    fn.config.write(0x42, 2, 1);
    fn.msi?.trigger(0);
    expect(messages).toEqual([[0x1000, 0]]);
    expect(interrupts.statistics()).toEqual([expect.objectContaining({ source: 'disk', count: 1, message: true })]);
    expect(setUp().bus.add('disk', { ...PLAIN, msi: { vectors: 1 } }).msi).toBeUndefined();
  });

  it('is listed with the functions of its bus', () => {
    const { vdev, bus } = setUp();
    bus.add('disk', { ...PLAIN, interruptPin: 1 }, { slot: 0x1f, fn: 0 });
    expect(vdev.status()).toEqual({
      functions: [
        expect.objectContaining({ address: '00:00.0', vdev: 'pci-host-0', id: '1b36:0008', class: '060000' }),
        expect.objectContaining({ address: '00:1f.0', vdev: 'disk', id: '1b36:0005', pin: false }),
      ],
    });
  });

  it('needs a window', () => {
    expect(() => setUp({ ...virt, places: {} })).toThrow('The board has no window for the memory of the PCI bus');
  });
});

describe('the description of a host bridge', () => {
  it('has what firmware tables tell', () => {
    const { description } = setUp(pc);
    expect(description.ecam).toEqual({ base: 0xb000_0000, size: 0x10_0000, firstBus: 0, lastBus: 0 });
    expect(description.configPorts).toEqual({ base: 0xcf8, size: 8 });
    expect(description.windows).toEqual([
      { kind: 'io', base: 0x1000, size: 0xf000 },
      { kind: 'memory32', base: 0xc000_0000, size: 0x2000_0000 },
    ]);
    expect(description.interrupts).toHaveLength(128);
    expect(description.interrupts.slice(0, 6).map(({ interrupt }) => interrupt)).toEqual([80, 81, 82, 83, 81, 82]);
    expect(description.interrupts.at(-1)).toEqual({ slot: 31, pin: 4, interrupt: 82 });
    expect(JSON.parse(JSON.stringify(description))).toEqual(description);
  });

  const hasDtc = spawnSync('dtc', ['--version']).status === 0;
  if (!hasDtc) console.log('SKIPPED: what dtc says of the node, because dtc (device-tree-compiler) is not installed.');

  (hasDtc ? it : it.skip)('is a node that dtc does not warn about', () => {
    const context = new FakeDeviceTreeContext();
    const [node] = setUp().vdev.deviceTree?.(context) ?? [];
    if (node === undefined) throw new Error('no node');
    const gic = {
      name: 'intc@8000000',
      properties: {
        compatible: 'arm,gic-v3',
        'interrupt-controller': true,
        '#interrupt-cells': { cells: [3] },
        '#address-cells': { cells: [2] },
        '#size-cells': { cells: [2] },
        ranges: true,
        reg: { cells: context.reg(0x800_0000, 0x1_0000) },
        phandle: { cells: [context.phandle('gic')] },
      },
    } as const;
    const bytes = writeDeviceTree({
      name: '',
      properties: { '#address-cells': { cells: [2] }, '#size-cells': { cells: [2] }, compatible: 'a,b', model: 'a' },
      children: [gic, node],
    });
    const { stderr, stdout, status } = spawnSync('dtc', ['-I', 'dtb', '-O', 'dts'], { input: bytes, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('pcie@4010000000');
    expect(stdout).toContain(
      'ranges = <0x2000000 0x00 0x20000000 0x00 0x20000000 0x00 0x1eff0000 0x3000000 0x80 0x00 0x80 0x00 0x80 0x00>',
    );
    expect(stdout).toContain('interrupt-map = <0x00 0x00 0x00 0x01 0x01 0x00 0x00 0x00 0x03 0x04 ');
  });
});

describe('the ACPI parts of a host bridge', () => {
  const hasIasl = spawnSync('iasl', ['-v']).status === 0;
  if (!hasIasl) console.log('SKIPPED: what iasl says of ACPI tables, because iasl (acpica-tools) is not installed.');

  /** The table with a signature, as iasl disassembles it. */
  function sourceOf(signature: string, parts: readonly AcpiPart[]): string {
    const built = buildAcpiTables({ processors: [{ apicId: 0 }], localApicAddress: 0xfee0_0000, parts });
    const { tables } = placeAcpiTables(built, 0x1000);
    const start = new TextDecoder('latin1').decode(tables).indexOf(signature);
    const length = new DataView(tables.buffer, tables.byteOffset).getUint32(start + 4, true);
    const folder = mkdtempSync(join(tmpdir(), 'qvm-pci-'));
    try {
      writeFileSync(join(folder, 'table.aml'), tables.subarray(start, start + length));
      const { status } = spawnSync('iasl', ['-d', 'table.aml'], { cwd: folder });
      expect(status).toBe(0);
      const compiled = spawnSync('iasl', ['-p', 'again', 'table.dsl'], { cwd: folder, encoding: 'utf8' });
      if (signature === 'DSDT') expect(compiled.stdout + compiled.stderr).toContain('0 Errors, 0 Warnings');
      return readFileSync(join(folder, 'table.dsl'), 'utf8');
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  (hasIasl ? it : it.skip)(
    'are ones that iasl compiles: windows, interrupts, the place of configuration spaces',
    () => {
      const parts = setUp(pc).vdev.acpi?.(new AcpiTableContext()) ?? [];
      const dsdt = sourceOf('DSDT', parts);
      expect(dsdt).toMatch(/Device \(PCI0\)/);
      expect(dsdt).toMatch(/Name \(_HID, EisaId \("PNP0A08"\)/);
      expect(dsdt).toMatch(/0x0CF8, +\/\/ Range Minimum/);
      expect(dsdt).toMatch(/0x1000, +\/\/ Range Minimum\s+0xFFFF, +\/\/ Range Maximum/);
      expect(dsdt).toMatch(/0xC0000000, +\/\/ Range Minimum\s+0xDFFFFFFF, +\/\/ Range Maximum/);
      // Device 1, INTB#: line 2.
      expect(dsdt).toMatch(/0x0001FFFF,\s+One,\s+Zero,\s+0x52\b/);
      expect(dsdt).toMatch(/EisaId \("PNP0C02"\)/);
      expect(dsdt).toMatch(/0xB0000000, +\/\/ Address Base\s+0x00100000, +\/\/ Address Length/);
      const mcfg = sourceOf('MCFG', parts);
      expect(mcfg).toMatch(/Base Address : 00000000B0000000/);
      expect(mcfg).toMatch(/End Bus Number : 00/);
    },
  );
});

describe('the option pci', () => {
  const { pci } = PCI_OPTIONS;
  it.each([
    ['3', { slot: 3, fn: 0 }],
    ['1f.7', { slot: 31, fn: 7 }],
    ['0A.1', { slot: 10, fn: 1 }],
  ])('reads %s', (text, value) => {
    expect(pci.read(text, {})).toEqual({ ok: true, value });
    expect(pci.read(pci.kind.format(value), {})).toEqual({ ok: true, value });
  });

  it.each(['', '20', '3.8', '3.', '0x3', '00:03.0', '-1', '3.0 '])('refuses "%s"', (text) => {
    expect(pci.read(text, {}).ok).toBe(false);
  });
});

describe('addPciFunction', () => {
  it('puts a function on the bus, with handlers that are guarded as the vdev’s own', () => {
    const { bus, context: host } = setUp();
    const { context } = setUp(virt, (other) => other.attach(PCI_BUS, bus));
    const guarded: unknown[] = [];
    const handler = constant(9);
    const own: Pick<VdevContext, 'name' | 'handler' | 'attachment'> = {
      name: 'disk-0',
      handler: (inner) => (guarded.push(inner), handler),
      attachment: (token) => context.attachment(token),
    };
    const bars = [{ index: 0, kind: 'memory32', size: 0x1000, handler: constant(8) } as const];
    const fn = addPciFunction(own, { ...PLAIN, bars }, { slot: 4, fn: 0 });
    expect([guarded, bus.addressOf(fn)]).toEqual([[bars[0]?.handler], { slot: 4, fn: 0 }]);
    expect(host.window('memory32').content.get(0)).toEqual({
      kind: 'registers',
      handler,
      size: 0x1000,
      owner: 'disk-0',
    });
  });

  it('is refused where there is no bus', () => {
    expect(() => addPciFunction(setUp().context, PLAIN, undefined)).toThrow('nothing is attached');
  });
});
