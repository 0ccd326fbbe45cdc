import { QvmError } from '@qvm/core';
import type { Json } from '@qvm/core';
import { INTERRUPT_WIRING } from '@qvm/core/architecture';
import { requireObject, requireVersion } from '@qvm/core/vdev';
import type {
  AcpiContext,
  AcpiPart,
  DeviceTreeContext,
  DeviceTreeNode,
  MmioHandler,
  PortHandler,
  Vdev,
  VdevContext,
  VdevState,
} from '@qvm/core/vdev';
import { ConfigPorts } from '../bus/config-ports.js';
import { EcamWindow } from '../bus/ecam.js';
import { PciBus } from '../bus/pci-bus.js';
import type { PciFunction } from '../function/pci-function.js';
import { bridgeOf } from './bridge.js';
import { hostAcpi } from './acpi.js';
import { hostNode } from './device-tree.js';
import {
  CONFIG_RANGE,
  describeHost,
  ECAM_RANGE,
  IO_RANGE,
  LINES,
  MEMORY32,
  MEMORY64,
  windowsOf,
  type PciHostDescription,
} from './layout.js';
import type { HostOptions } from './options.js';
import { PortWindow } from './port-window.js';
import { CONFIG_PORT_REMAINDER, PCI_BUS, PCI_HOST_DESCRIPTION } from './tokens.js';

const STATE_VERSION = 1;

/** A host bridge: the root bus, the ways to its configuration spaces, and the bridge's own function at 00:00.0. */
export class PciHost implements Vdev {
  readonly mmio: Readonly<Record<string, MmioHandler>>;
  readonly ports?: Readonly<Record<string, PortHandler>>;
  readonly #bus: PciBus;
  readonly #bridge: PciFunction;
  readonly #configPorts: ConfigPorts | undefined;
  readonly #description: PciHostDescription;

  /** @throws `QvmError` `pci.window` when the board has no window for memory. */
  constructor(context: VdevContext, options: HostOptions) {
    const io = portWindow(context);
    this.#bus = createBus(context, io, options.assign);
    const { spec, fields } = bridgeOf(options, context.machine, context.mmioBase[ECAM_RANGE] ?? 0);
    this.#bridge = this.#bus.add(context.name, spec);
    for (const field of fields) this.#bridge.config.define(field);
    this.mmio = { [ECAM_RANGE]: new EcamWindow(this.#bus) };
    if (io !== undefined) {
      this.#configPorts = new ConfigPorts(this.#bus, context.optionalAttachment(CONFIG_PORT_REMAINDER));
      this.ports = { [CONFIG_RANGE]: this.#configPorts, [IO_RANGE]: io };
    }
    this.#description = describe(context, io);
    context.offer(PCI_BUS, this.#bus);
    context.offer(PCI_HOST_DESCRIPTION, this.#description);
  }

  reset(): void {
    this.#bridge.reset();
    this.#configPorts?.reset();
  }

  save(): VdevState {
    const state = { bridge: this.#bridge.save(), address: this.#configPorts?.save() ?? null };
    return { version: STATE_VERSION, state };
  }

  restore(saved: VdevState): void {
    requireVersion(saved, STATE_VERSION);
    const { bridge, address } = requireObject(saved.state, ['bridge', 'address'], 'PCI host');
    const loads = [this.#bridge.decode(bridge), this.#configPorts?.decode(address)];
    for (const load of loads) load?.();
  }

  status(): Readonly<Record<string, Json>> {
    return { functions: this.#bus.status() };
  }

  deviceTree(tree: DeviceTreeContext): readonly DeviceTreeNode[] {
    return [hostNode(this.#description, tree)];
  }

  acpi(context: AcpiContext): readonly AcpiPart[] {
    return hostAcpi(this.#description, context);
  }

  dispose(): void {
    this.#bus.dispose();
  }
}

function portWindow({ portBase, machine }: VdevContext): PortWindow | undefined {
  const base = portBase[IO_RANGE];
  const size = windowsOf(machine).io?.size;
  return base === undefined || size === undefined ? undefined : new PortWindow(base, size);
}

function createBus(context: VdevContext, io: PortWindow | undefined, assign: boolean): PciBus {
  const windows = windowsOf(context.machine);
  if (windows[MEMORY32] === undefined) {
    throw new QvmError('pci.window', `The board has no window for the memory of the PCI bus of ${context.name}.`);
  }
  const wiring = context.attachment(INTERRUPT_WIRING);
  return new PciBus({
    memory32: context.window(MEMORY32),
    ...(windows[MEMORY64] === undefined ? {} : { memory64: context.window(MEMORY64) }),
    ...(io === undefined ? {} : { io }),
    ...(wiring.takesMessages ? { messages: (owner: string) => wiring.messages(owner) } : {}),
    connectPin: (line, owner) => wiring.line(context.interruptNumber[LINES[line] ?? ''] ?? 0, owner),
    assign,
  });
}

function describe(context: VdevContext, io: PortWindow | undefined): PciHostDescription {
  const { memory32, memory64 } = windowsOf(context.machine);
  return describeHost({
    ecam: context.mmioBase[ECAM_RANGE] ?? 0,
    ports: context.portBase[CONFIG_RANGE],
    windows: { memory32, memory64, io },
    interrupts: context.interruptNumber,
  });
}
