import { ImageError, sizeText } from '@qvm/core/architecture';

// Linux, Documentation/arch/x86/boot.rst: offsets in the file.
const Header = {
  setupSectors: 0x1f1,
  bootFlag: 0x1fe,
  jump: 0x201,
  magic: 0x202,
  version: 0x206,
  initrdLimit: 0x22c,
  commandLineSize: 0x238,
  payloadOffset: 0x248,
  payloadLength: 0x24c,
} as const;
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

/** The parts of a bzImage that its loader needs. */
export interface SetupHeader {
  /** The kernel, compressed. */
  readonly payload: Uint8Array;
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
  if (length === 0) throw new ImageError('bad-header', `${name} is a bzImage without a kernel in it.`);
  if (offset + length > bytes.length) {
    const [have, need] = [sizeText(bytes.length), sizeText(offset + length)];
    throw new ImageError('truncated', `${name} has ${have} but its header needs ${need}: copy it again.`);
  }
  const end = Math.min(HEADER_LIMIT, Header.magic + (bytes[Header.jump] as number));
  return {
    payload: bytes.subarray(offset, offset + length),
    bytes: bytes.subarray(Header.setupSectors, end),
    initrdLimit: view.getUint32(Header.initrdLimit, true),
    commandLineSize: view.getUint32(Header.commandLineSize, true),
  };
}
