import { join } from 'node:path';
import { QvmError } from '@qvm/core';
import type { VmHandle } from '@qvm/sdk';
import { MOST_MAPPINGS } from './elf-core.js';
import { pipeDump } from './pipe-dump.js';
import { writeDump, type DumpSource } from './write-dump.js';

/** Suffixes that are tried when the file exists: `-1` to `-9`. */
const SUFFIXES = ['', ...Array.from({ length: 9 }, (_, n) => `-${n + 1}`)];

/**
 * The contents of a VM's dump at this moment. Virtual addresses are those of the first vCPU with translation: the
 * kernel's are the same on all vCPUs, those of processes belong to the process that runs there.
 */
export function dumpSource(vm: VmHandle): DumpSource {
  const vcpus = vm.vcpus.map((vcpu) => vcpu.registers());
  const mappings = vm.vcpus.map((vcpu) => vcpu.mappings(MOST_MAPPINGS)).find(({ length }) => length !== 0) ?? [];
  return {
    arch: vm.spec.arch,
    ranges: vm.ram,
    vcpus,
    mappings,
    read: (address, length) => vm.memory.view(address, length),
  };
}

/**
 * Writes a dump of a VM when it fails (exit codes 4 to 7), before its memory is released.
 *
 * @param destination - a folder, or `|COMMAND` that gets the dump on its standard input.
 * @param tell - called with a sentence about the dump once it is complete.
 * @experimental
 */
export function dumpOnFailure(vm: VmHandle, destination: string, tell: (message: string) => void): void {
  vm.hooks.afterStop.tapPromise('qvm dump', async () => {
    if (vm.state === 'failed') tell(`the core dump is ${await dumpTo(destination, vm.name, dumpSource(vm))}`);
  });
}

/**
 * Writes a dump with a name as in QNX: `NAME-YYYYMMDD-hhmmss.gcore` in local time, with `-1` to `-9` if that exists.
 *
 * @returns the destination of the dump.
 * @throws QvmError `host.dump`; `host.dump-exists` when all names exist.
 */
export async function dumpTo(
  destination: string,
  name: string,
  source: DumpSource,
  now: Date = new Date(),
): Promise<string> {
  if (destination.startsWith('|')) {
    await pipeDump(destination.slice(1), source);
    return `given to "${destination.slice(1).trim()}"`;
  }
  for (const suffix of SUFFIXES) {
    const path = join(destination, `${name}-${timestamp(now)}${suffix}.gcore`);
    if (await written(path, source)) return path;
  }
  throw new QvmError('host.dump-exists', `"${destination}" has ten dumps of ${name} from this second already`);
}

async function written(path: string, source: DumpSource): Promise<boolean> {
  try {
    await writeDump(path, source);
    return true;
  } catch (error) {
    if (error instanceof QvmError && error.code === 'host.dump-exists') return false;
    throw error;
  }
}

/** `YYYYMMDD-hhmmss`. */
function timestamp(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  return `${day}-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}
