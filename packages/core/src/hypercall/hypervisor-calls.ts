import { QvmError } from '../errors/qvm-error.js';
import type { HypercallEvent, HypercallResult } from '../hooks/vcpu-hooks.js';
import { VdevError } from '../vm/vdev-error.js';
import { Owner, parseFunctionId } from './function-id.js';
import type { FunctionId } from './function-id.js';
import { HypercallStatus } from './hypercall.js';
import type { HypercallFunction, HypercallRegistry } from './hypercall.js';

/** First number of the general service queries (SMCCC DEN0028 6.2). */
const FIRST_QUERY = 0xff00;
const UID = 0xff01;
const REVISION = 0xff03;

/** 7e3c1d52-94b6-4f0a-a8d1-2c5b60e97f13, four bytes to a register, the first in the lowest bits (DEN0028 6.2). */
const UID_WORDS = [0x521d_3c7en, 0x0a4f_b694n, 0x5b2c_d1a8n, 0x137f_e960n];
const MAJOR = 1n;
const MINOR = 0n;
const NOT_SUPPORTED: HypercallResult = [BigInt(HypercallStatus.NotSupported)];

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
export class HypervisorCalls implements HypercallRegistry {
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

  /** Whether a call of this number exists; of an identifier, also whether it exists in this form. */
  has(id: number | FunctionId): boolean {
    if (typeof id === 'number') return this.#calls.has(id);
    return this.#calls.has(id.number) || (!id.wide && (id.number === UID || id.number === REVISION));
  }

  /** Performs the call of an event, whose arguments are in the form of the call. */
  call(event: HypercallEvent): HypercallResult {
    const id = parseFunctionId(event.functionId);
    if (id?.owner !== Number(Owner.Hypervisor) || !this.has(id)) return NOT_SUPPORTED;
    if (id.number === UID) return UID_WORDS;
    if (id.number === REVISION) return [MAJOR, MINOR];
    const entry = this.#calls.get(id.number);
    return entry === undefined ? NOT_SUPPORTED : ask(entry, id.number, event);
  }
}

function ask({ provider, answer }: Entry, number: number, event: HypercallEvent): HypercallResult {
  try {
    return answer(event);
  } catch (error) {
    if (error instanceof VdevError) throw error;
    throw new VdevError(provider, `hypervisor call 0x${number.toString(16)}`, error);
  }
}
