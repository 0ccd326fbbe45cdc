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

/**
 * A range of memory that the guest must not use (Devicetree Specification v0.4 §5.3).
 *
 * @experimental
 */
export interface MemoryReservation {
  /** Guest-physical address. */
  readonly address: number;
  /** Length in bytes. */
  readonly size: number;
}

/**
 * Contents of a flattened tree besides the nodes.
 *
 * @experimental
 */
export interface DeviceTreeOptions {
  /** Entries of the memory reservation block. */
  readonly reservations?: readonly MemoryReservation[];
  /** `reg` of the boot CPU; 0 when absent. */
  readonly bootCpu?: number;
}

const encoder = new TextEncoder();

/** A growing block of big-endian words and bytes. */
class Block {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  length = 0;

  word(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.length, value);
    this.length += 4;
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  text(text: string): void {
    this.bytes(encoder.encode(text));
    this.bytes(new Uint8Array(1));
  }

  align(): void {
    const rest = this.length % 4;
    if (rest !== 0) this.bytes(new Uint8Array(4 - rest));
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  #reserve(bytes: number): void {
    if (this.length + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + bytes));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Property names, each once. */
class Strings {
  readonly block = new Block();
  readonly #offsets = new Map<string, number>();

  offset(name: string): number {
    const known = this.#offsets.get(name);
    if (known !== undefined) return known;
    const offset = this.block.length;
    this.#offsets.set(name, offset);
    this.block.text(name);
    return offset;
  }
}

function checkName(name: string, path: string): void {
  if (name === '' || name.includes('/') || name.includes('\0')) {
    throw new QvmError('devicetree.name', `${JSON.stringify(name)} in ${path} is no valid name of a node or property.`);
  }
}

function writeCells(block: Block, cells: readonly number[], where: string): void {
  for (const cell of cells) {
    if (!Number.isInteger(cell) || cell < 0 || cell > 0xffff_ffff) {
      throw new QvmError('devicetree.value', `${where} has the cell ${cell}, which is no 32-bit number.`);
    }
    block.word(cell);
  }
}

function writeTexts(block: Block, texts: readonly string[], where: string): void {
  for (const text of texts) {
    if (text.includes('\0')) throw new QvmError('devicetree.value', `${where} has a text with a NUL in it.`);
    block.text(text);
  }
}

function encodeValue(value: DeviceTreeValue, where: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  const block = new Block();
  if (typeof value === 'string') writeTexts(block, [value], where);
  else if (value !== true && 'cells' in value) writeCells(block, value.cells, where);
  else if (value !== true) writeTexts(block, value, where);
  return block.finish();
}

function writeNode(node: DeviceTreeNode, path: string, depth: number, block: Block, strings: Strings): void {
  if (depth > FDT_DEPTH_LIMIT) throw new QvmError('devicetree.depth', `The device tree is too deep at ${path}.`);
  block.word(FdtToken.beginNode);
  block.text(node.name);
  block.align();
  for (const [name, value] of Object.entries(node.properties)) {
    checkName(name, path);
    const bytes = encodeValue(value, `${path}: ${name}`);
    block.word(FdtToken.property);
    block.word(bytes.length);
    block.word(strings.offset(name));
    block.bytes(bytes);
    block.align();
  }
  const names = new Set<string>();
  for (const child of node.children ?? []) {
    checkName(child.name, path);
    if (names.has(child.name)) throw new QvmError('devicetree.duplicate', `${path} has two nodes ${child.name}.`);
    names.add(child.name);
    writeNode(child, `${path === '/' ? '' : path}/${child.name}`, depth + 1, block, strings);
  }
  block.word(FdtToken.endNode);
}

function reservationBlock(reservations: readonly MemoryReservation[]): Uint8Array {
  const view = new DataView(new ArrayBuffer((reservations.length + 1) * FDT_RESERVATION_BYTES));
  reservations.forEach(({ address, size }, index) => {
    if (!Number.isSafeInteger(address) || !Number.isSafeInteger(size) || address < 0 || size <= 0) {
      throw new QvmError('devicetree.reservation', `The memory reservation ${address}, ${size} is not valid.`);
    }
    view.setBigUint64(index * FDT_RESERVATION_BYTES, BigInt(address));
    view.setBigUint64(index * FDT_RESERVATION_BYTES + 8, BigInt(size));
  });
  return new Uint8Array(view.buffer);
}

/**
 * Flattens a device tree (version 17, Devicetree Specification v0.4 §5).
 *
 * @throws `QvmError` `devicetree.name`, `devicetree.value`, `devicetree.duplicate`, `devicetree.depth`,
 * `devicetree.reservation`.
 * @experimental
 */
export function writeDeviceTree(root: DeviceTreeNode, options: DeviceTreeOptions = {}): Uint8Array {
  if (root.name !== '') throw new QvmError('devicetree.name', `The root node has the name ${root.name}.`);
  const structure = new Block();
  const strings = new Strings();
  writeNode(root, '/', 0, structure, strings);
  structure.word(FdtToken.end);
  const reservations = reservationBlock(options.reservations ?? []);
  // The reservation block comes first because it alone needs an alignment of 8, which the end of the header has.
  const structureOffset = FDT_HEADER_BYTES + reservations.length;
  const stringsOffset = structureOffset + structure.length;
  const bytes = new Uint8Array(stringsOffset + strings.block.length);
  const header = new DataView(bytes.buffer);
  header.setUint32(FdtHeader.magic, FDT_MAGIC);
  header.setUint32(FdtHeader.totalSize, bytes.length);
  header.setUint32(FdtHeader.structureOffset, structureOffset);
  header.setUint32(FdtHeader.stringsOffset, stringsOffset);
  header.setUint32(FdtHeader.reservationsOffset, FDT_HEADER_BYTES);
  header.setUint32(FdtHeader.version, FDT_VERSION);
  header.setUint32(FdtHeader.compatibleVersion, FDT_COMPATIBLE_VERSION);
  header.setUint32(FdtHeader.bootCpu, options.bootCpu ?? 0);
  header.setUint32(FdtHeader.stringsSize, strings.block.length);
  header.setUint32(FdtHeader.structureSize, structure.length);
  bytes.set(reservations, FDT_HEADER_BYTES);
  bytes.set(structure.finish(), structureOffset);
  bytes.set(strings.block.finish(), stringsOffset);
  return bytes;
}
