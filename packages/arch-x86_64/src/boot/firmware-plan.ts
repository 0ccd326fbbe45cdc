import { acpiLoaderFiles } from '@qvm/acpi';
import type { AcpiProcessor } from '@qvm/acpi';
import { ImageError } from '@qvm/core/architecture';
import type { BootRequest, MachineServices } from '@qvm/core/architecture';
import type { FirmwareFile } from '@qvm/core/services';
import { acpiTablesOf, configurationWindows } from './acpi.js';
import type { BootPlan, LoadedSegment } from './boot-contents.js';
import type { X86Image } from './x86-image.js';
import { RESET_STATE } from './initial-state.js';
import { memoryMap, MemoryType } from './memory-map.js';
import type { MemoryMapEntry } from './memory-map.js';
import { Record } from './record.js';

/** The memory map in the firmware configuration device: QEMU, hw/i386/e820_memory_layout.h. */
const MEMORY_MAP_FILE = 'etc/e820';
const MAP_BYTES = 20;

/**
 * Plans the start of firmware. It is in ROM; its copy below 1 MiB is only made where the board has memory. It is told
 * of the memory map and given the ACPI tables by files of the firmware configuration device, if there is one.
 *
 * @throws `ImageError` `image.does-not-fit` without ROM at its place, `image.unknown-format` with an initial file
 * system or a command line.
 */
export function planFirmware(
  image: X86Image,
  map: MachineServices['map'],
  request: BootRequest,
  processors: readonly AcpiProcessor[],
): BootPlan {
  if (request.initrd)
    throw new ImageError('unknown-format', `${request.image.name} is firmware, which takes no initial file system.`);
  if (request.commandLine)
    throw new ImageError('unknown-format', `${request.image.name} is firmware, which takes no command line.`);
  const isMemory = ({ address, size }: LoadedSegment): boolean => {
    const region = map.find(address);
    const memory = region?.kind === 'ram' || region?.kind === 'rom';
    return memory && address + size <= region.base + region.size;
  };
  const [low, whole] = image.segments as [LoadedSegment, LoadedSegment];
  if (!isMemory(whole)) {
    const where = `0x${whole.address.toString(16)}`;
    throw new ImageError('does-not-fit', `${request.image.name} is firmware for ${where}, where the VM has no ROM.`);
  }
  const { tables, parts } = acpiTablesOf(request, processors);
  const shared = (request.reservations ?? []).map(({ base, size }) => ({ base, size, type: MemoryType.Reserved }));
  const ram = map.regions.filter((region) => region.kind === 'ram' && region.window !== true);
  const memory = memoryMap(ram, [...shared, ...configurationWindows(parts)]);
  return {
    segments: isMemory(low) ? [low, whole] : [whole],
    state: RESET_STATE,
    memory,
    firmwareFiles: [{ name: MEMORY_MAP_FILE, bytes: memoryMapFile(memory) }, ...acpiLoaderFiles(tables)],
  };
}

function memoryMapFile(memory: readonly MemoryMapEntry[]): FirmwareFile['bytes'] {
  const record = new Record(memory.length * MAP_BYTES);
  memory.forEach(({ base, size, type }, index) => {
    const at = index * MAP_BYTES;
    record
      .u64(at, base)
      .u64(at + 8, size)
      .u32(at + 16, type);
  });
  return record.bytes;
}
