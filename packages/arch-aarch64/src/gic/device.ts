import { QvmError } from '@qvm/core';
import { INTERRUPT_WIRING } from '@qvm/core/architecture';
import type { Json } from '@qvm/core';
import type { InterruptController } from '@qvm/core/architecture';
import type { DeviceTreeContext, DeviceTreeNode, MmioHandler, Vdev, VdevContext, VdevState } from '@qvm/core/vdev';
import { AARCH64_CPUS } from '../system/cpu-attachment.js';
import { decodeCpuInterface } from './cpu-interface.js';
import { Distributor } from './distributor.js';
import { GicCore } from './gic-core.js';
import {
  DISTRIBUTOR_SIZE,
  FIRST_PPI,
  INTERRUPTS,
  MAXIMUM_VCPUS,
  PRIVATE_INTERRUPTS,
  REDISTRIBUTOR_SIZE,
} from './limits.js';
import { Redistributors } from './redistributors.js';
import { requireArray, requireMembers, requireUnsigned, requireVersion } from './saved-state.js';
import { gicStatus } from './status.js';
import { attachCpuInterface } from './system-registers.js';

const STATE_VERSION = 1;

/** GICv3 as a vdev. */
export class Gic implements Vdev, InterruptController {
  readonly mmio: Readonly<Record<string, MmioHandler>>;
  readonly #context: VdevContext;
  readonly #core: GicCore;
  readonly #unconnected = new Set<string>();

  /**
   * @throws QvmError `gic.vcpus` when there are more vCPUs than redistributors.
   */
  constructor(context: VdevContext) {
    const cpus = context.attachment(AARCH64_CPUS);
    if (cpus.length > MAXIMUM_VCPUS) {
      throw new QvmError('gic.vcpus', `The GIC has room for ${MAXIMUM_VCPUS} vCPUs, not for ${cpus.length}.`);
    }
    this.#context = context;
    this.#core = new GicCore(cpus);
    this.mmio = { distributor: new Distributor(this.#core), redistributors: new Redistributors(this.#core) };
    cpus.forEach((attached, index) => {
      const cpu = this.#core.cpus[index];
      if (cpu !== undefined) attachCpuInterface(this.#core, cpu, attached);
    });
    context.attachment(INTERRUPT_WIRING).attach(this);
  }

  inputChanged(number: number, vcpu: number | undefined, level: boolean): void {
    const first = vcpu === undefined ? PRIVATE_INTERRUPTS : FIRST_PPI;
    const end = vcpu === undefined ? INTERRUPTS : PRIVATE_INTERRUPTS;
    if (number < first || number >= end || (vcpu ?? 0) >= this.#core.cpus.length) this.#reportUnconnected(number, vcpu);
    else this.#core.setLevel(number, vcpu ?? 0, level);
  }

  reset(): void {
    this.#core.reset();
  }

  save(): VdevState {
    const { banks, routing, cpus, groups } = this.#core;
    const state = {
      groups,
      interrupts: banks.save(),
      routing: routing.save(),
      cpuInterfaces: cpus.map((cpu) => cpu.save()),
    };
    return { version: STATE_VERSION, state };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot.version, STATE_VERSION);
    const { banks, routing, cpus } = this.#core;
    const saved = requireMembers(snapshot.state, ['groups', 'interrupts', 'routing', 'cpuInterfaces'], 'The GIC state');
    const groups = requireUnsigned(saved.groups, 3, 'groups');
    const interrupts = banks.decode(saved.interrupts);
    const routes = routing.decode(saved.routing);
    const cpuInterfaces = requireArray(saved.cpuInterfaces, cpus.length, 'cpuInterfaces').map(decodeCpuInterface);
    banks.load(interrupts);
    routing.load(routes);
    cpus.forEach((cpu, index) => cpu.load(cpuInterfaces[index] ?? []));
    this.#core.groups = groups;
  }

  status(): Readonly<Record<string, Json>> {
    return gicStatus(this.#core);
  }

  /** Devicetree binding `arm,gic-v3`. */
  deviceTree(context: DeviceTreeContext): readonly DeviceTreeNode[] {
    const { distributor = 0, redistributors = 0 } = this.#context.mmioBase;
    const redistributorsSize = this.#core.cpus.length * REDISTRIBUTOR_SIZE;
    return [
      {
        name: `intc@${distributor.toString(16)}`,
        properties: {
          compatible: 'arm,gic-v3',
          '#interrupt-cells': { cells: [3] },
          'interrupt-controller': true,
          '#address-cells': { cells: [2] },
          '#size-cells': { cells: [2] },
          ranges: true,
          '#redistributor-regions': { cells: [1] },
          reg: {
            cells: [...context.reg(distributor, DISTRIBUTOR_SIZE), ...context.reg(redistributors, redistributorsSize)],
          },
          phandle: { cells: [context.phandle('gic')] },
        },
      },
    ];
  }

  /** Nothing to release: the GIC holds no resources of the host. */
  dispose(): void {}

  #reportUnconnected(number: number, vcpu: number | undefined): void {
    const what = vcpu === undefined ? `shared interrupt ${number}` : `interrupt ${number} of vCPU ${vcpu}`;
    if (this.#unconnected.has(what)) return;
    this.#unconnected.add(what);
    this.#context.logger.log(
      'warn',
      `The GIC has no ${what}: shared ones are 32–${INTERRUPTS - 1}, private ones 16–31.`,
    );
  }
}
