import { QvmError } from '@qvm/core';
import type { FirmwareConfiguration, FirmwareFile } from '@qvm/core/services';

/** Keys from QEMU, docs/specs/fw_cfg.rst. */
const KEY_SIGNATURE = 0x0000;
const KEY_ID = 0x0001;
/** Numbers of processors, 16 bits: present, and at most. */
const KEY_PROCESSORS = 0x0005;
const KEY_MOST_PROCESSORS = 0x000f;
const KEY_FILE_DIRECTORY = 0x0019;
const KEY_FIRST_FILE = 0x0020;
/** Mask of a key without the bit of the obsolete write channel. */
const KEY_MASK = 0xbfff;
const MAX_FILES = 256;
const NAME_BYTES = 56;
const ENTRY_BYTES = 4 + 2 + 2 + NAME_BYTES;
const NAME = /^[!-~]{1,55}$/;
/** The items can be read through the data register (bit 0) and by DMA (bit 1). */
const FEATURES = 0x3;
const NOTHING = new Uint8Array(0);

/** An item that can be selected. */
export interface FirmwareItem {
  readonly bytes: Uint8Array;
  /** Absent: read-only. */
  readonly written?: () => void;
}

/**
 * The items by key, and the directory of the files among them.
 *
 * @internal
 */
export class FirmwareItems implements FirmwareConfiguration {
  readonly #files: FirmwareFile[] = [];
  readonly #processors: number;
  #directory: Uint8Array | undefined;

  /** @param processors - number of vCPUs. */
  constructor(processors: number) {
    this.#processors = processors;
  }

  addFile(file: FirmwareFile): void {
    if (this.#files.some(({ name }) => name === file.name)) {
      throw new QvmError('fw-cfg.file', `there is a firmware file ${file.name} already`);
    }
    this.putFile(file);
  }

  /** A file that is replaced keeps its key. */
  putFile(file: FirmwareFile): void {
    const { name } = file;
    if (!NAME.test(name)) throw new QvmError('fw-cfg.file', `${JSON.stringify(name)} is no name of a firmware file`);
    this.#directory = undefined;
    const index = this.#files.findIndex((other) => other.name === name);
    if (index >= 0) {
      this.#files[index] = file;
      return;
    }
    if (this.#files.length === MAX_FILES)
      throw new QvmError('fw-cfg.file', `there are ${MAX_FILES} firmware files already`);
    this.#files.push(file);
  }

  get names(): readonly string[] {
    return this.#files.map(({ name }) => name);
  }

  /** The item of a key; an empty item if there is none. */
  select(key: number): FirmwareItem {
    switch (key & KEY_MASK) {
      case KEY_SIGNATURE:
        return { bytes: new TextEncoder().encode('QEMU') };
      case KEY_ID:
        return { bytes: Uint8Array.of(FEATURES, 0, 0, 0) };
      case KEY_PROCESSORS:
      case KEY_MOST_PROCESSORS:
        return { bytes: Uint8Array.of(this.#processors & 0xff, this.#processors >>> 8) };
      case KEY_FILE_DIRECTORY:
        return { bytes: (this.#directory ??= this.#encodeDirectory()) };
      default:
        return this.#file((key & KEY_MASK) - KEY_FIRST_FILE);
    }
  }

  #file(index: number): FirmwareItem {
    const file = this.#files[index];
    if (file === undefined) return { bytes: NOTHING };
    const { bytes, written } = file;
    return written === undefined ? { bytes } : { bytes, written: () => file.written?.() };
  }

  /**
   * The number of files, then size, key, two reserved bytes and name of each file, sorted by name; numbers are
   * big-endian.
   */
  #encodeDirectory(): Uint8Array {
    const bytes = new Uint8Array(4 + this.#files.length * ENTRY_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, this.#files.length);
    const entries = this.#files
      .map((file, index) => ({ ...file, key: KEY_FIRST_FILE + index, size: file.bytes.length }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    entries.forEach(({ name, size, key }, index) => {
      const at = 4 + index * ENTRY_BYTES;
      view.setUint32(at, size);
      view.setUint16(at + 4, key);
      bytes.set(new TextEncoder().encode(name), at + 8);
    });
    return bytes;
  }
}
