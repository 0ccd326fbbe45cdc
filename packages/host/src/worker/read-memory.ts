import { QvmError } from '@qvm/core';
import { GuestMemoryError } from '@qvm/core/vdev';
import type { RamRange, VcpuHandle, VmHandle } from '@qvm/sdk';
import { MAX_MEMORY_READ } from './messages.js';

/** The smallest translation granule, for which one lookup is valid. */
const PAGE = 0x1000;

/** The parts of a VM that reading needs. */
export interface ReadableVm {
  readonly name: string;
  readonly vcpus: readonly Pick<VcpuHandle, 'translate'>[];
  readonly memory: Pick<VmHandle['memory'], 'read'>;
  /** Ranges of memory. */
  readonly ram: readonly Pick<RamRange, 'kind' | 'base' | 'size'>[];
}

/**
 * Reads guest-physical memory to a copy that is not shared.
 *
 * @throws QvmError `host.memory-read` when the length exceeds the limit; `memory.guest-access` where there is no
 * memory, with the existing ranges.
 */
export function readMemory(vm: ReadableVm, address: number, length: number): Uint8Array<ArrayBuffer> {
  requireLength(length);
  return Uint8Array.from(read(vm, address, length));
}

/** Largest number of ranges in a message. */
const NAMED_RANGES = 6;

function read(vm: ReadableVm, address: number, length: number): Uint8Array {
  try {
    return vm.memory.read(address, length);
  } catch (error) {
    if (!(error instanceof GuestMemoryError)) throw error;
    const named = vm.ram
      .slice(0, NAMED_RANGES)
      .map(({ kind, base, size }) => `${kind.toUpperCase()} at ${range(base, size)}`);
    const more = vm.ram.length > NAMED_RANGES ? ', …' : '';
    const message = `${error.message.replace(/\.$/, '')}; ${vm.name} has ${named.join(', ')}${more} ("qvm map" shows everything)`;
    throw new QvmError(error.code, message);
  }
}

function range(base: number, size: number): string {
  return `0x${base.toString(16)}-0x${(base + size - 1).toString(16)}`;
}

/**
 * Reads memory by virtual address, page by page.
 *
 * @throws QvmError `host.memory-read` as for {@link readMemory}, `host.no-vcpu`, `host.not-mapped` when the guest has
 * not mapped the address.
 */
export function readVirtualMemory(
  vm: ReadableVm,
  index: number,
  address: bigint,
  length: number,
): Uint8Array<ArrayBuffer> {
  requireLength(length);
  const vcpu = vm.vcpus[index];
  if (vcpu === undefined)
    throw new QvmError('host.no-vcpu', `${vm.name} has no vCPU ${index}; there are 0 to ${vm.vcpus.length - 1}`);
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const at = BigInt.asUintN(64, address + BigInt(done));
    const physical = vcpu.translate(at);
    if (physical === undefined)
      throw new QvmError('host.not-mapped', `vCPU ${index} of ${vm.name} has nothing mapped at 0x${at.toString(16)}`);
    const count = Math.min(length - done, PAGE - (physical % PAGE));
    bytes.set(read(vm, physical, count), done);
    done += count;
  }
  return bytes;
}

function requireLength(length: number): void {
  if (length <= MAX_MEMORY_READ) return;
  throw new QvmError('host.memory-read', `one read gives at most ${MAX_MEMORY_READ} bytes, not ${length}`);
}
