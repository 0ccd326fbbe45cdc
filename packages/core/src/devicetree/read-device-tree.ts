import { QvmError } from '../errors/qvm-error.js';
import type { DeviceTreeNode, DeviceTreeValue } from './device-tree.js';
import {
  FDT_COMPATIBLE_VERSION,
  FDT_DEPTH_LIMIT,
  FDT_HEADER_BYTES,
  FDT_MAGIC,
  FDT_RESERVATION_BYTES,
  FDT_VERSION,
  FdtHeader,
  FdtToken,
} from './flattened-layout.js';
import type { MemoryReservation } from './write-device-tree.js';

/**
 * Thrown for a malformed flattened device tree. Code `devicetree.malformed`.
 *
 * @experimental
 */
export class DeviceTreeError extends QvmError {
  constructor(what: string) {
    super('devicetree.malformed', `The device tree is malformed: ${what}.`);
  }
}

const decoder = new TextDecoder();
/**
 * Largest length of a name in bytes. The specification allows 31; without a limit, many properties could share one
 * huge name.
 */
const NAME_LIMIT = 255;

/** A part of the file, with checked access. */
class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  offset = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  word(): number {
    this.#require(4);
    const word = this.#view.getUint32(this.offset);
    this.offset += 4;
    return word;
  }

  doubleWord(): bigint {
    return (BigInt(this.word()) << 32n) | BigInt(this.word());
  }

  bytes(length: number): Uint8Array {
    this.#require(length);
    const bytes = this.#bytes.slice(this.offset, this.offset + length);
    this.offset += length;
    return bytes;
  }

  /** Reads a NUL-terminated name. */
  name(): string {
    const window = this.#bytes.slice(this.offset, this.offset + NAME_LIMIT + 1);
    const length = window.indexOf(0);
    if (length < 0) throw new DeviceTreeError(`a name in the ${this.#what} has no end`);
    this.offset += length + 1;
    return decoder.decode(window.subarray(0, length));
  }

  align(): void {
    this.offset = Math.ceil(this.offset / 4) * 4;
  }

  #require(length: number): void {
    if (length > this.#bytes.length - this.offset) throw new DeviceTreeError(`the ${this.#what} ends early`);
  }
}

interface Blocks {
  readonly structure: Cursor;
  readonly strings: Uint8Array;
  readonly reservations: Cursor;
}

function openBlocks(bytes: Uint8Array): Blocks {
  if (bytes.length < FDT_HEADER_BYTES) throw new DeviceTreeError('it is shorter than its header');
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const field = (name: keyof typeof FdtHeader): number => header.getUint32(FdtHeader[name]);
  if (field('magic') !== FDT_MAGIC) throw new DeviceTreeError('it does not begin with 0xd00dfeed');
  const totalSize = field('totalSize');
  if (totalSize < FDT_HEADER_BYTES || totalSize > bytes.length) {
    throw new DeviceTreeError(`its header says ${totalSize} bytes, the file has ${bytes.length}`);
  }
  if (field('version') < FDT_COMPATIBLE_VERSION || field('compatibleVersion') > FDT_VERSION) {
    throw new DeviceTreeError(`version ${field('version')} is not supported`);
  }
  const block = (what: string, offset: number, size: number): Uint8Array => {
    if (offset > totalSize || size > totalSize - offset) throw new DeviceTreeError(`its ${what} lies outside`);
    return bytes.subarray(offset, offset + size);
  };
  const rest = (offset: number): number => Math.max(0, totalSize - offset);
  const structureOffset = field('structureOffset');
  // Version 16 has no size of the structure block; its end token marks the end.
  const structureSize = field('version') < FDT_VERSION ? rest(structureOffset) : field('structureSize');
  const reservationsOffset = field('reservationsOffset');
  const structure = block('structure block', structureOffset, structureSize);
  const reservations = block('reservation block', reservationsOffset, rest(reservationsOffset));
  return {
    structure: new Cursor(structure, 'structure block'),
    strings: block('strings block', field('stringsOffset'), field('stringsSize')),
    reservations: new Cursor(reservations, 'reservation block'),
  };
}

/** A node under construction. */
interface OpenNode {
  readonly name: string;
  readonly properties: Map<string, DeviceTreeValue>;
  readonly children: DeviceTreeNode[];
}

function closeNode({ name, properties, children }: OpenNode): DeviceTreeNode {
  return { name, properties: Object.fromEntries(properties), ...(children.length === 0 ? {} : { children }) };
}

function readProperty({ structure, strings }: Blocks, node: OpenNode): void {
  const length = structure.word();
  const names = new Cursor(strings, 'strings block');
  names.offset = structure.word();
  const bytes = structure.bytes(length);
  structure.align();
  node.properties.set(names.name(), length === 0 ? true : bytes);
}

function openNode({ structure }: Blocks, depth: number): OpenNode {
  if (depth > FDT_DEPTH_LIMIT) throw new DeviceTreeError('its nodes are nested too deeply');
  const name = structure.name();
  structure.align();
  return { name, properties: new Map(), children: [] };
}

/**
 * Reads a flattened device tree of version 16 or 17. Every value is returned as bytes, because the file does not
 * contain its type; an empty one is returned as `true`.
 *
 * @throws {@link DeviceTreeError}
 * @experimental
 */
export function readDeviceTree(bytes: Uint8Array): DeviceTreeNode {
  const blocks = openBlocks(bytes);
  const open: OpenNode[] = [];
  for (;;) {
    const token = blocks.structure.word();
    const node = open.at(-1);
    if (token === FdtToken.nop) continue;
    if (token === FdtToken.beginNode) {
      open.push(openNode(blocks, open.length));
    } else if (node === undefined) {
      throw new DeviceTreeError(`token ${token} comes before the root node`);
    } else if (token === FdtToken.property) {
      readProperty(blocks, node);
    } else if (token === FdtToken.endNode) {
      open.pop();
      const parent = open.at(-1);
      if (parent === undefined) return { ...closeNode(node), name: '' };
      parent.children.push(closeNode(node));
    } else {
      throw new DeviceTreeError(`token ${token} is unknown or comes too early`);
    }
  }
}

/**
 * Reads the memory reservations of a flattened device tree.
 *
 * @throws {@link DeviceTreeError}
 * @experimental
 */
export function readMemoryReservations(bytes: Uint8Array): readonly MemoryReservation[] {
  const { reservations } = openBlocks(bytes);
  const found: MemoryReservation[] = [];
  for (let left = Math.floor(bytes.length / FDT_RESERVATION_BYTES); left > 0; left--) {
    const address = reservations.doubleWord();
    const size = reservations.doubleWord();
    if (address === 0n && size === 0n) return found;
    found.push({ address: Number(address), size: Number(size) });
  }
  throw new DeviceTreeError('the reservation block has no end');
}
