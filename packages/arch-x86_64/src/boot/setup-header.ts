import { ImageError, sizeText } from '@qvm/core/architecture';
import type { AddressRange } from '@qvm/core/architecture';

/** Guest-physical address of the part of a bzImage after its setup code. */
export const UNPACKER_BASE = 0x10_0000;

// Linux, Documentation/arch/x86/boot.rst: offsets in the file.
const Header = {
  setupSectors: 0x1f1,
  bootFlag: 0x1fe,
  jump: 0x201,
  magic: 0x202,
  version: 0x206,
  loadFlags: 0x211,
  initrdLimit: 0x22c,
  extendedFlags: 0x236,
  commandLineSize: 0x238,
  payloadOffset: 0x248,
  payloadLength: 0x24c,
  preferredAddress: 0x258,
  initSize: 0x260,
} as const;
const LOADED_HIGH = 1;
/** XLF_KERNEL_64, since version 2.12. */
const HAS_64_BIT_ENTRY = 1;
const EXTENDED_FLAGS_VERSION = 0x20c;
/** Since this version the header says how much memory the kernel needs while it unpacks itself, and where. */
const INIT_SIZE_VERSION = 0x20a;
const BOOT_FLAG = 0xaa55;
/** "HdrS". */
const MAGIC = 0x5372_6448;
/** The first version with the place of the payload (Linux 2.6.26). */
const PAYLOAD_VERSION = 0x208;
/** Setup sectors when the field is zero. */
const DEFAULT_SECTORS = 4;
const SECTOR = 512;
/** The header ends this many bytes after `magic`, at most where the list of the BIOS's disks begins in the zero page. */
const HEADER_LIMIT = 0x290;

/** The parts of a bzImage that its loader needs. @experimental */
export interface SetupHeader {
  /** The kernel, compressed. Absent: the file contains none, as programs that only have the form of a kernel. */
  readonly payload: Uint8Array | undefined;
  /** The boot sector and the 16-bit setup code. */
  readonly code: Uint8Array;
  /** The rest, which is loaded at 1 MiB and unpacks the payload. */
  readonly unpacker: Uint8Array;
  /** Memory that the unpacker and the kernel use before they know the memory map. */
  readonly work: AddressRange;
  /** Whether the unpacker has an entry in 64-bit mode. */
  readonly entry64: boolean;
  /** The header from byte 0x1f1 on, for the zero page. */
  readonly bytes: Uint8Array;
  /** The last address that the initial file system may have. */
  readonly initrdLimit: number;
  /** Longest command line in bytes, without the NUL at its end. */
  readonly commandLineSize: number;
}

/** Whether a file is an x86 Linux kernel with a boot sector (`bzImage`). */
export function isBzImage(bytes: Uint8Array): boolean {
  if (bytes.length < Header.version + 2) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint16(Header.bootFlag, true) === BOOT_FLAG && view.getUint32(Header.magic, true) === MAGIC;
}

/**
 * Reads the setup header of a bzImage.
 *
 * @throws `ImageError` `image.truncated`, `image.bad-header`, `image.unknown-format` for kernels before 2.6.26.
 */
export function readSetupHeader(bytes: Uint8Array, name: string): SetupHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint16(Header.version, true);
  if (version < PAYLOAD_VERSION) {
    const text = `${version >> 8}.${String(version & 0xff).padStart(2, '0')}`;
    throw new ImageError(
      'unknown-format',
      `${name} is a bzImage of boot protocol ${text}; from 2.08 on (Linux 2.6.26) the kernel in it can be found.`,
    );
  }
  if (bytes.length < HEADER_LIMIT) throw new ImageError('truncated', `${name} ends inside its setup header.`);
  const begin = ((bytes[Header.setupSectors] || DEFAULT_SECTORS) + 1) * SECTOR;
  const offset = begin + view.getUint32(Header.payloadOffset, true);
  const length = view.getUint32(Header.payloadLength, true);
  if (begin >= bytes.length || offset + length > bytes.length) {
    const [have, need] = [sizeText(bytes.length), sizeText(Math.max(begin + 1, offset + length))];
    throw new ImageError('truncated', `${name} has ${have} but its header needs ${need}: copy it again.`);
  }
  const end = Math.min(HEADER_LIMIT, Header.magic + (bytes[Header.jump] as number));
  if ((view.getUint8(Header.loadFlags) & LOADED_HIGH) === 0)
    throw new ImageError('unknown-format', `${name} is a kernel for the memory below 1 MiB (zImage).`);
  const unpacker = bytes.subarray(begin);
  const sized = version >= INIT_SIZE_VERSION;
  const work = { base: sized ? view.getUint32(Header.preferredAddress, true) : UNPACKER_BASE, size: unpacker.length };
  if (sized) work.size = Math.max(work.size, view.getUint32(Header.initSize, true));
  return {
    payload: length === 0 ? undefined : bytes.subarray(offset, offset + length),
    code: bytes.subarray(0, begin),
    unpacker,
    work,
    entry64: version >= EXTENDED_FLAGS_VERSION && (view.getUint16(Header.extendedFlags, true) & HAS_64_BIT_ENTRY) !== 0,
    bytes: bytes.subarray(Header.setupSectors, end),
    initrdLimit: view.getUint32(Header.initrdLimit, true),
    commandLineSize: view.getUint32(Header.commandLineSize, true),
  };
}
