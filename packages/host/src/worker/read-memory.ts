import { QvmError } from '@qvm/core';
import { GuestMemoryError } from '@qvm/core/vdev';
import type { RamRange, VcpuHandle, VmHandle } from '@qvm/sdk';
import { MAX_MEMORY_READ } from './messages.js';

/** The smallest granule of translation: what one lookup says holds for the rest of it. */
const PAGE = 0x1000;

/** What reading needs of a VM. */
export interface ReadableVm {
  readonly name: string;
  readonly vcpus: readonly Pick<VcpuHandle, 'translate'>[];
  readonly memory: Pick<VmHandle['memory'], 'read'>;
  /** Where memory is. */
  readonly ram: readonly Pick<RamRange, 'kind' | 'base' | 'size'>[];
}

/**
 * Guest-physical memory, as a copy in memory that is not shared.
 *
 * @throws QvmError `host.memory-read` when it is more than one read gives; `memory.guest-access` where there is none, with where it is.
 */
export function readMemory(vm: ReadableVm, address: number, length: number): Uint8Array<ArrayBuffer> {
  requireLength(length);
  return Uint8Array.from(read(vm, address, length));
}

/** Ranges of memory that a message names. */
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
 * Memory by virtual address, page by page.
 *
 * @throws QvmError `host.memory-read` as above, `host.no-vcpu`, `host.not-mapped` when the guest has nothing there.
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
