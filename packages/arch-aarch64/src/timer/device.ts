import type { Json } from '@qvm/core';
import type { DeviceTreeNode, Vdev, VdevContext, VdevState } from '@qvm/core/vdev';
import { AARCH64_CPUS } from '../system/cpu-attachment.js';
import { requireArray, requireMembers, requireUnsigned, requireVersion } from '../gic/saved-state.js';
import { CpuTimers, decodeCpuTimers } from './cpu-timers.js';
import { COUNT_LIMIT, FREQUENCY, SystemCounter } from './counter.js';

const STATE_VERSION = 1;

/** Private interrupts in the order of the binding: secure physical, non-secure physical, virtual, hypervisor. */
const PPI_NUMBERS = [13, 14, 11, 10] as const;
/** Interrupt cells of a GIC: type PPI, trigger level-high. */
const TYPE_PPI = 1;
const LEVEL_HIGH = 4;

/** The generic timers of all vCPUs as a vdev. */
export class GenericTimer implements Vdev {
  readonly #counter: SystemCounter;
  readonly #cpus: readonly CpuTimers[];

  constructor(context: VdevContext) {
    const counter = new SystemCounter(context.clock);
    this.#counter = counter;
    this.#cpus = context.attachment(AARCH64_CPUS).map((cpu) => new CpuTimers(counter, context, cpu));
  }

  reset(): void {
    this.#counter.count = 0;
    for (const cpu of this.#cpus) cpu.reset();
  }

  save(): VdevState {
    return {
      version: STATE_VERSION,
      state: { count: this.#counter.count, vcpus: this.#cpus.map((cpu) => cpu.save()) },
    };
  }

  /** The counter continues from its saved value, whatever the clock shows. */
  restore(snapshot: VdevState): void {
    requireVersion(snapshot.version, STATE_VERSION);
    const saved = requireMembers(snapshot.state, ['count', 'vcpus'], 'The timer state');
    const count = requireUnsigned(saved.count, COUNT_LIMIT, 'count');
    const vcpus = requireArray(saved.vcpus, this.#cpus.length, 'vcpus').map(decodeCpuTimers);
    this.#counter.count = count;
    vcpus.forEach((state, index) => this.#cpus[index]?.load(state));
  }

  status(): Readonly<Record<string, Json>> {
    return {
      frequency: FREQUENCY,
      count: this.#counter.count,
      vcpus: this.#cpus.map(({ physical, virtual }) => ({
        physical: { ...physical.save(), output: physical.line.level },
        virtual: { ...virtual.save(), output: virtual.line.level },
      })),
    };
  }

  /** Devicetree binding `arm,armv8-timer`. */
  deviceTree(): readonly DeviceTreeNode[] {
    return [
      {
        name: 'timer',
        properties: {
          compatible: ['arm,armv8-timer', 'arm,armv7-timer'],
          'always-on': true,
          interrupts: { cells: PPI_NUMBERS.flatMap((number) => [TYPE_PPI, number, LEVEL_HIGH]) },
        },
      },
    ];
  }

  dispose(): void {
    for (const cpu of this.#cpus) cpu.dispose();
  }
}
