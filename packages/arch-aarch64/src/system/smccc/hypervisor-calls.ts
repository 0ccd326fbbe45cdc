import { QvmError } from '@qvm/core';
import { VdevError } from '@qvm/core/host';
import { HypercallStatus } from '@qvm/core/services';
import type { HypercallFunction, HypercallRegistry } from '@qvm/core/services';
import type { CallOutcome, CallOwner, SmcccCall } from './call-owner.js';
import type { FunctionId } from './function-id.js';

/** First number of the general service queries (SMCCC DEN0028 6.2). */
const FIRST_QUERY = 0xff00;
const UID = 0xff01;
const REVISION = 0xff03;

/** 7e3c1d52-94b6-4f0a-a8d1-2c5b60e97f13, four bytes to a register, the first in the lowest bits (DEN0028 6.2). */
const UID_WORDS = [0x521d_3c7en, 0x0a4f_b694n, 0x5b2c_d1a8n, 0x137f_e960n];
const MAJOR = 1n;
const MINOR = 0n;

interface Entry {
  readonly provider: string;
  readonly answer: HypercallFunction;
}

/**
 * The vendor-specific hypervisor service: its identification, and the calls that parts of the VM and its host have
 * added.
 *
 * @experimental
 */
export class HypervisorCalls implements CallOwner, HypercallRegistry {
  readonly #calls = new Map<number, Entry>();

  add(number: number, provider: string, answer: HypercallFunction): void {
    if (!Number.isInteger(number) || number < 0 || number >= FIRST_QUERY)
      throw new QvmError(
        'hypercall.number',
        `${provider} cannot answer the hypervisor call ${number}: 0 to 0xfeff are free.`,
      );
    const taken = this.#calls.get(number);
    if (taken !== undefined) {
      const name = `0x${number.toString(16)}`;
      throw new QvmError(
        'hypercall.taken',
        `${provider} cannot answer the hypervisor call ${name}: ${taken.provider} does.`,
      );
    }
    this.#calls.set(number, { provider, answer });
  }

  has(id: number | FunctionId): boolean {
    if (typeof id === 'number') return this.#calls.has(id);
    return this.#calls.has(id.number) || (!id.wide && (id.number === UID || id.number === REVISION));
  }

  call(call: SmcccCall): CallOutcome {
    const { number } = call.function;
    if (number === UID) return UID_WORDS;
    if (number === REVISION) return [MAJOR, MINOR];
    const entry = this.#calls.get(number);
    return entry === undefined ? HypercallStatus.NotSupported : ask(entry, call);
  }
}

function ask({ provider, answer }: Entry, { vcpu, conduit, id, function: { number }, args }: SmcccCall): CallOutcome {
  try {
    return answer({ vcpu, conduit, immediate: 0, functionId: id, args });
  } catch (error) {
    if (error instanceof VdevError) throw error;
    throw new VdevError(provider, `hypervisor call 0x${number.toString(16)}`, error);
  }
}
