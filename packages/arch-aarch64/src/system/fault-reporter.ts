import type { MachineServices } from '@qvm/core/architecture';
import type { Fault, FaultDescription } from '@qvm/engine';
import { describeCause, describeFault } from './describe-fault.js';
import type { FaultContext } from './describe-fault.js';

/**
 * Reports of the faults of a vCPU to the host.
 *
 * @experimental
 */
export class FaultReporter {
  readonly #context: FaultContext;
  #romWritten = false;

  /** @param vcpu - `translate` is as of `Vcpu`. */
  constructor(
    private readonly vcpu: { readonly index: number } & Pick<FaultContext, 'translate'>,
    private readonly services: Pick<MachineServices, 'memory' | 'map' | 'logger'>,
    disassemble: (word: number) => string,
  ) {
    const { memory, map } = services;
    this.#context = { memory, map, translate: (address) => vcpu.translate(address), disassemble };
  }

  /** Where a fault occurred, and what happened. */
  describe(fault: Fault): FaultDescription {
    return describeFault(fault, this.#context);
  }

  /** Describes a fault: the instruction, the address, and the region there. */
  cause(fault: Fault): string {
    return describeCause(fault, this.#context);
  }

  /**
   * A write to a guest-physical address ended in an external abort. The first to ROM is logged: such a guest, firmware often, expects
   * flash there and may hang without a word.
   */
  writeRefused(fault: Fault, physical: number): void {
    if (this.#romWritten || this.services.map.find(physical)?.kind !== 'rom') return;
    this.#romWritten = true;
    const { text } = this.describe(fault);
    this.services.logger.log(
      'warn',
      `vCPU ${this.vcpu.index} writes to ROM, ${text}. It takes an external abort, as for each such write, of which this is the only one reported.`,
    );
  }
}
