import { SystemType } from '../../state/attributes.js';
import { descriptorOf, DESCRIPTOR_NAMES, gate, IMAGE_BYTES, LDT, Place, selectorOf } from './tables.test.helper.js';
import type { DescriptorName } from './tables.test.helper.js';

/** The registers with which a scenario begins; all others are 0. */
export interface Start {
  readonly mode: 'real' | 'protected' | 'virtual' | 'long';
  readonly cs: number;
  readonly ss: number;
  readonly esp: number;
  readonly eip: number;
  readonly eflags: number;
  /** ES, DS, FS and GS. */
  readonly data: readonly [es: number, ds: number, fs: number, gs: number];
  readonly ldtr: number;
  readonly tr: number;
  /** EAX, ECX, EDX and EBX. */
  readonly general: readonly [eax: number, ecx: number, edx: number, ebx: number];
}

/** Bytes at a physical address. */
export type Patch = readonly [address: number, bytes: readonly number[]];

/** One program of a few instructions: its end is a loop to itself, wherever it gets. */
export interface Scenario {
  readonly name: string;
  readonly start: Start;
  /** The code, at the start. */
  readonly code: readonly number[];
  readonly patches: readonly Patch[];
}

/** JMP to itself in all modes. It fills code areas, so that each target of even address is an end. */
const SPIN = [0xeb, 0xfe] as const;
const VECTORS = 256;
export const FLAGS = 0x2;

/** Little-endian bytes of words of `width` bytes. */
export const bytesOf = (width: 2 | 4 | 8, ...words: readonly (number | bigint)[]): number[] =>
  words.flatMap((word) => {
    const value = BigInt.asUintN(width * 8, BigInt(word));
    return Array.from({ length: width }, (_, n) => Number((value >> BigInt(n * 8)) & 0xffn));
  });

/** A patch that replaces a descriptor of the GDT. */
export const descriptorPatch = (name: DescriptorName, value: bigint): Patch => [
  Place.gdt + selectorOf(name),
  bytesOf(8, value),
];

/** A patch that replaces a gate of the IDT, outside of IA-32e mode. */
export const gatePatch = (vector: number, value: bigint): Patch => [Place.idt + vector * 8, bytesOf(8, value)];

/** A patch that replaces a gate of the IDT of IA-32e mode. */
export const longGatePatch = (vector: number, value: bigint, upper = 0n): Patch => [
  Place.idt + vector * 16,
  bytesOf(8, value, upper),
];

export const handlerOf = (vector: number): number => Place.handlers + vector * 16;

/** The start of 32-bit code of a privilege level. */
export function startAt(level: 0 | 1 | 2 | 3, more: Partial<Start> = {}): Start {
  const dataSelector = selectorOf(`data${level}`, level);
  return {
    mode: 'protected',
    cs: selectorOf(`code${level}`, level),
    ss: dataSelector,
    esp: (Place.stacks[level] as number) - 0x800,
    eip: Place.code,
    eflags: FLAGS,
    data: [dataSelector, dataSelector, dataSelector, dataSelector],
    ldtr: selectorOf('local'),
    tr: selectorOf('task'),
    general: [0, 0, 0, 0],
    ...more,
  };
}

/** The start in 64-bit mode, or with code of 32 bits in compatibility mode. */
export const longStart = (level: 0 | 3, more: Partial<Start> = {}): Start =>
  startAt(level, {
    mode: 'long',
    cs: selectorOf(level ? 'code64of3' : 'code64', level),
    ldtr: selectorOf('longLocal'),
    tr: selectorOf('longTask'),
    ...more,
  });

const SEGMENT_OF_CODE = Place.code >> 4;

/** The start in real-address mode. */
export const realStart = (more: Partial<Start> = {}): Start =>
  startAt(0, {
    mode: 'real',
    cs: SEGMENT_OF_CODE,
    eip: 0,
    ss: 0x400,
    esp: 0x800,
    data: [0xb00, 0xb10, 0xb20, 0xb30],
    ldtr: 0,
    tr: 0,
    ...more,
  });

/** The start in virtual-8086 mode. */
export const virtualStart = (iopl = 0, more: Partial<Start> = {}): Start =>
  realStart({
    mode: 'virtual',
    eflags: FLAGS | 0x2_0000 | (iopl << 12),
    ss: 0x700,
    ldtr: selectorOf('local'),
    tr: selectorOf('task'),
    ...more,
  });

/** The memory of a mode, as far as it is alike in all scenarios: kept, because there are thousands. */
const commonImages = new Map<Start['mode'], Uint8Array<ArrayBuffer>>();

function commonImage(mode: Start['mode']): Uint8Array<ArrayBuffer> {
  const known = commonImages.get(mode);
  if (known) return known;
  const image = new Uint8Array(IMAGE_BYTES);
  const put: Put = (address, bytes) => image.set(bytes, address);
  for (let at: number = Place.code; at < Place.data; at += 2) put(at, SPIN);
  DESCRIPTOR_NAMES.forEach((name) => put(Place.gdt + selectorOf(name), bytesOf(8, descriptorOf(name))));
  LDT.forEach((descriptor, n) => put(Place.ldt + n * 8, bytesOf(8, descriptor)));
  putHandlers(put, mode);
  putTasks(put);
  if (mode === 'long') putPages(put);
  commonImages.set(mode, image);
  return image;
}

/** Address of the code of a scenario. */
export const entryOf = ({ mode, cs, eip }: Start): number =>
  mode === 'real' || mode === 'virtual' ? cs * 16 + eip : eip;

/** The memory of a scenario before its first instruction. */
export function imageOf({ start, code, patches }: Scenario): Uint8Array<ArrayBuffer> {
  const image = commonImage(start.mode).slice();
  const put: Put = (address, bytes) => image.set(bytes, address);
  put(entryOf(start), code);
  // The frame by which the firmware of the oracle enters the start.
  if (start.mode === 'protected' && (start.cs & 3) === 0)
    put(start.esp - 12, bytesOf(4, start.eip, start.cs, start.eflags));
  if (start.mode === 'real') put(start.ss * 16 + start.esp - 6, bytesOf(2, start.eip, start.cs, start.eflags));
  for (const [address, bytes] of patches) put(address, bytes);
  if (start.tr !== 0) image[Place.gdt + (start.tr & ~7) + 5]! |= 2;
  return image;
}

type Put = (address: number, bytes: readonly number[]) => void;

/** Interrupt gates of level 3 to a handler for each vector; in real-address mode, its far pointer. */
function putHandlers(put: Put, mode: Start['mode']): void {
  for (let vector = 0; vector < VECTORS; vector++) {
    const at = handlerOf(vector);
    if (mode === 'real') put(Place.idt + vector * 4, bytesOf(2, at, 0));
    else if (mode === 'long')
      put(...longGatePatch(vector, gate(SystemType.InterruptGate, selectorOf('code64'), at, 3)));
    else put(...gatePatch(vector, gate(SystemType.InterruptGate, selectorOf('code0'), at, 3)));
  }
}

/** The fields of a 32-bit task-state segment that a task of level 0 has (SDM vol. 3, 8.2.1). */
export const TASK = {
  link: 0,
  stack0: 4,
  stack1: 0xc,
  stack2: 0x14,
  cr3: 0x1c,
  eip: 0x20,
  eflags: 0x24,
  eax: 0x28,
  esp: 0x38,
  es: 0x48,
  cs: 0x4c,
  ss: 0x50,
  ds: 0x54,
  fs: 0x58,
  gs: 0x5c,
  ldt: 0x60,
  trap: 0x64,
  map: 0x66,
} as const;

function putTasks(put: Put): void {
  const stacks = [0, 1, 2].flatMap((level) => [
    Place.stacks[level] as number,
    selectorOf(`data${level as 0 | 1 | 2}`, level),
  ]);
  put(Place.task + TASK.stack0, bytesOf(4, ...stacks));
  put(Place.task + TASK.map, bytesOf(2, 0x68));
  put(Place.task16 + 2, bytesOf(2, ...stacks));
  for (const [task, entry, stack] of [
    [Place.otherTask, Place.target, 0x4400],
    [Place.faultTask, Place.target + 0x800, 0x4c00],
  ] as const) {
    put(task + TASK.stack0, bytesOf(4, ...stacks));
    put(task + TASK.eip, bytesOf(4, entry, FLAGS));
    put(task + TASK.eax, bytesOf(4, 0x101, 0x202, 0x303, 0x404, stack, 0x505, 0x606, 0x707));
    const data = selectorOf('data0');
    put(task + TASK.es, bytesOf(4, data, selectorOf('code0'), data, data, data, data, selectorOf('local')));
    put(task + TASK.map, bytesOf(2, 0x68));
  }
  const [data, code] = [selectorOf('data0'), selectorOf('code0')];
  const general = [0x101, 0x202, 0x303, 0x404, 0x4400, 0x505, 0x606, 0x707];
  put(Place.task16 + 0xe, bytesOf(2, Place.target, FLAGS, ...general, data, code, data, data, selectorOf('local')));
  // RSP0 to RSP2 and IST1 (SDM vol. 3, 8.7).
  put(Place.longTask + 4, bytesOf(8, ...Place.stacks.slice(0, 3)));
  put(Place.longTask + 0x24, bytesOf(8, 0x4400));
  put(Place.longTask + TASK.map, bytesOf(2, 0x68));
}

/** Page tables that map 2 MiB to themselves, for programs too; accessed and dirty. */
function putPages(put: Put): void {
  put(Place.pages, bytesOf(8, Place.pages + 0x1027));
  put(Place.pages + 0x1000, bytesOf(8, Place.pages + 0x2027));
  put(Place.pages + 0x2000, bytesOf(8, 0xe7));
}
