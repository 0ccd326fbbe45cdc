import type { AccessWidth, VdevFactory } from '@qvm/core/vdev';
import { PCI_BUS, PciBus, type PciFunction } from '@qvm/pci';
import {
  createVdev,
  FakeInterruptLine,
  FakeMemoryWindow,
  VirtioMmio,
  type CreateVdevOptions,
  type VdevHarness,
} from '@qvm/testing';

/** A VirtIO device on a PCI bus, with its surroundings. */
export interface PciDevice extends VdevHarness {
  readonly bus: PciBus;
  readonly fn: PciFunction;
  readonly line: FakeInterruptLine;
  /** Messages that were sent, oldest first. */
  readonly messages: (readonly [address: number, data: number])[];
  /** Accesses in the BAR, which must be mapped. */
  readonly bar: {
    read(offset: number, width: AccessWidth): number;
    write(offset: number, value: number, width: AccessWidth): void;
  };
  /** Where the structures are in the BAR, by type, as a driver finds them in the capabilities. */
  readonly structures: ReadonlyMap<number, { readonly offset: number; readonly size: number }>;
}

const WINDOW = 0x2000_0000;
export const COMMAND = 4;
export const BUS_MASTER = 6;
const VENDOR_CAPABILITY = 9;

/** Puts a VirtIO device on a bus; its `read` and `write` are those of the MMIO transport, for the mock driver. */
export function createPciDevice(factory: VdevFactory, setup: CreateVdevOptions = {}): PciDevice {
  const window = new FakeMemoryWindow(WINDOW, 0x100_0000);
  const line = new FakeInterruptLine(35);
  const messages: (readonly [number, number])[] = [];
  const bus = new PciBus({
    memory32: window,
    messages: () => ({ message: (address, data) => messages.push([address, data]) }),
    connectPin: () => line,
  });
  const harness = createVdev(factory, {
    ...setup,
    options: { transport: 'pci', ...setup.options },
    prepare: (context) => {
      context.attach(PCI_BUS, bus);
      setup.prepare?.(context);
    },
  });
  const fn = functionOf(bus);
  const structures = structuresOf(fn);
  const address = (offset: number): number => fn.config.read(0x10, 4) - WINDOW + offset;
  const bar = {
    read: (offset: number, width: AccessWidth) => window.read(address(offset), width),
    write: (offset: number, value: number, width: AccessWidth) => window.write(address(offset), width, value),
  };
  fn.config.write(COMMAND, 2, BUS_MASTER);
  return { ...harness, bus, fn, line, messages, bar, structures, ...translated(bar, structures, fn) };
}

function functionOf(bus: PciBus): PciFunction {
  const fn = bus.functionAt({ slot: 0, fn: 0 });
  if (fn === undefined) throw new Error('the device is not on the bus');
  return fn;
}

/** Walks the capabilities (VirtIO 1.2, section 4.1.4). */
export function structuresOf({
  config,
}: PciFunction): ReadonlyMap<number, { readonly offset: number; readonly size: number }> {
  const found = new Map<number, { readonly offset: number; readonly size: number }>();
  for (let at = config.read(0x34, 1); at !== 0; at = config.read(at + 1, 1)) {
    if (config.read(at, 1) !== VENDOR_CAPABILITY) continue;
    found.set(config.read(at + 3, 1), { offset: config.read(at + 8, 4), size: config.read(at + 12, 4) });
  }
  return found;
}

/** Fields of the common configuration by the register of the MMIO transport that has the same meaning. */
const FIELDS: Readonly<Record<number, readonly [offset: number, width: AccessWidth]>> = {
  [VirtioMmio.DeviceFeaturesSel]: [0x00, 4],
  [VirtioMmio.DeviceFeatures]: [0x04, 4],
  [VirtioMmio.DriverFeaturesSel]: [0x08, 4],
  [VirtioMmio.DriverFeatures]: [0x0c, 4],
  [VirtioMmio.Status]: [0x14, 1],
  [VirtioMmio.ConfigGeneration]: [0x15, 1],
  [VirtioMmio.QueueSel]: [0x16, 2],
  [VirtioMmio.QueueNumMax]: [0x18, 2],
  [VirtioMmio.QueueNum]: [0x18, 2],
  [VirtioMmio.QueueReady]: [0x1c, 2],
  [VirtioMmio.QueueDescLow]: [0x20, 4],
  [VirtioMmio.QueueDescHigh]: [0x24, 4],
  [VirtioMmio.QueueDriverLow]: [0x28, 4],
  [VirtioMmio.QueueDriverHigh]: [0x2c, 4],
  [VirtioMmio.QueueDeviceLow]: [0x30, 4],
  [VirtioMmio.QueueDeviceHigh]: [0x34, 4],
};
/** Whether a register of the MMIO transport that a driver writes has a counterpart. */
export function hasCounterpart(register: number): boolean {
  return register in FIELDS || register === VirtioMmio.QueueNotify || register >= VirtioMmio.Config;
}

const COMMON = 1;
const NOTIFY = 2;
const ISR = 3;
const DEVICE = 4;

function translated(
  bar: PciDevice['bar'],
  structures: PciDevice['structures'],
  { config }: PciFunction,
): Pick<VdevHarness, 'read' | 'write'> {
  const place = (type: number): number => structures.get(type)?.offset ?? 0;
  const field = (offset: number): readonly [number, AccessWidth] => {
    const [at, width] = FIELDS[offset] ?? [];
    if (at === undefined || width === undefined) throw new Error(`PCI has no register like 0x${offset.toString(16)}`);
    return [place(COMMON) + at, width];
  };
  return {
    read: (offset, width = 4) => {
      if (offset >= VirtioMmio.Config) return bar.read(place(DEVICE) + offset - VirtioMmio.Config, width);
      if (offset === VirtioMmio.MagicValue) return config.read(0, 2) === 0x1af4 ? 0x7472_6976 : 0;
      if (offset === VirtioMmio.Version) return 2;
      if (offset === VirtioMmio.DeviceId) return config.read(2, 2) - 0x1040;
      if (offset === VirtioMmio.InterruptStatus) return bar.read(place(ISR), 1);
      return bar.read(...field(offset));
    },
    write: (offset, value, width = 4) => {
      if (offset >= VirtioMmio.Config) bar.write(place(DEVICE) + offset - VirtioMmio.Config, value, width);
      else if (offset === VirtioMmio.QueueNotify) bar.write(place(NOTIFY) + 4 * (value % 0x400), value & 0xffff, 2);
      else if (offset !== VirtioMmio.InterruptAck) {
        const [at, bytes] = field(offset);
        bar.write(at, value, bytes);
      }
    },
  };
}
