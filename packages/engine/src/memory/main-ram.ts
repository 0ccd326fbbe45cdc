import type { MemoryRegion, PhysicalMap, RamRegion, VmMemory } from '@qvm/core/architecture';
import { EngineState, PageDirectory, RamWindow } from '@qvm/jit';
import type { CpuState } from '../vcpu/cpu-state.js';
import { PAGE_BYTES } from './page.js';

/** Number of windows that generated code can tell apart. */
const WINDOWS = 2;
const WINDOW_BYTES = 1 << RamWindow.shift;
const ALIGNMENT = 64;
/** Split of a RAM with one window: above all guest-physical addresses. */
const NO_SPLIT = 2n ** 63n - 1n;

/** RAM regions at equal distances in VM memory, with all pages from the first to the last. */
interface Window {
  readonly base: number;
  end: number;
  /** VM memory offset of the first page. */
  readonly offset: number;
  readonly regions: RamRegion[];
  /** Address of the page directory. */
  directory: number;
}

/**
 * The RAM of a VM. Generated code enters its pages into the TLB without the engine, by a directory of their records. It
 * finds the RAM in two windows of guest-physical addresses; a window may have pages without RAM. A VM whose RAM would
 * need more windows has the largest ones here, and the engine enters the pages of the others.
 *
 * @experimental
 */
export class MainRam {
  /** In ascending order. */
  readonly #windows: readonly Window[];
  /** Address of the windows that generated code sees, and of as many empty ones. */
  readonly #published: number;
  readonly #memory: VmMemory;

  constructor(memory: VmMemory, map: PhysicalMap) {
    this.#memory = memory;
    this.#windows = windowsOf(map.regions);
    this.#published = memory.allocate(2 * WINDOWS * WINDOW_BYTES, ALIGNMENT);
    this.#windows.forEach((window, index) => this.#publish(window, this.#published + index * WINDOW_BYTES));
  }

  /** Bytes of windows and directories for this amount of RAM, holes included. */
  static bytesFor(ramBytes: number): number {
    const directories = Math.ceil(ramBytes / PAGE_BYTES) * PageDirectory.bytes + WINDOWS * ALIGNMENT;
    return directories + 2 * WINDOWS * WINDOW_BYTES + ALIGNMENT;
  }

  /** Allows generated code of a vCPU to use it. */
  attach(state: CpuState): void {
    const second = this.#windows[1];
    state.setU64(EngineState.ramSplit, second === undefined ? NO_SPLIT : BigInt(second.base));
    state.setU32(EngineState.ramWindows, this.#published);
  }

  /** From now on only the engine fills the TLB of a vCPU. */
  detach(state: CpuState): void {
    state.setU32(EngineState.ramWindows, this.#published + WINDOWS * WINDOW_BYTES);
  }

  /** Whether generated code of a vCPU uses it. */
  isAttached(state: CpuState): boolean {
    return state.u32(EngineState.ramWindows) === this.#published;
  }

  /** Whether the range of `size` bytes from a guest-physical address is within this RAM. */
  holds(address: number, size: number): boolean {
    return this.#windowOf(address, size) !== undefined;
  }

  /** VM memory offset of a guest-physical address in this RAM. */
  offsetOf(address: number): number {
    const { base, offset } = this.#windowOf(address, 1) as Window;
    return offset + (address - base);
  }

  /** Guest-physical address after the last byte; 0 if there is no RAM. */
  get end(): number {
    return this.#windows.at(-1)?.end ?? 0;
  }

  /** Records the address of a page's records (0: none), and whether writes to the page must be noticed. */
  describe(page: number, records: number, noticeWrites: boolean): void {
    const at = this.#entryOf(page);
    if (at !== undefined) this.#memory.u32[at] = records | (noticeWrites ? PageDirectory.noticeWrites : 0);
  }

  /** Notes that the TLB entry at address `entry` may write the page. */
  noteWriter(page: number, entry: number): void {
    const at = this.#writerOf(page);
    if (at === undefined) return;
    const before = this.#memory.u32[at];
    this.#memory.u32[at] = before === 0 || before === entry ? entry : PageDirectory.manyWriters;
  }

  /**
   * Address of the TLB entry that may write this page, 0 if none, or `manyWriters`. The caller must revoke write
   * permission from it.
   */
  takeWriter(page: number): number {
    const at = this.#writerOf(page);
    if (at === undefined) return PageDirectory.manyWriters;
    const writer = this.#memory.u32[at] as number;
    this.#memory.u32[at] = 0;
    return writer;
  }

  /** Makes the directory of a window, with the pages between its regions absent, and tells generated code. */
  #publish(window: Window, at: number): void {
    const { u32, u64 } = this.#memory;
    const pages = (window.end - window.base) / PAGE_BYTES;
    window.directory = this.#memory.allocate(pages * PageDirectory.bytes, ALIGNMENT);
    let end = window.base;
    for (const { base, size } of window.regions) {
      for (let page = end; page < base; page += PAGE_BYTES) u32[directoryEntry(window, page)] = PageDirectory.absent;
      end = base + size;
    }
    u64[(at + RamWindow.base) / 8] = BigInt(window.base);
    u64[(at + RamWindow.size) / 8] = BigInt(window.end - window.base);
    u32[(at + RamWindow.offset) / 4] = window.offset;
    u32[(at + RamWindow.directory) / 4] = window.directory;
  }

  #windowOf(address: number, size: number): Window | undefined {
    for (const window of this.#windows) {
      if (address < window.base || address >= window.end) continue;
      const fits = window.regions.some(({ base, size: bytes }) => address >= base && address + size <= base + bytes);
      return fits ? window : undefined;
    }
    return undefined;
  }

  #entryOf(page: number): number | undefined {
    const window = this.#windowOf(page, PAGE_BYTES);
    return window && directoryEntry(window, page);
  }

  #writerOf(page: number): number | undefined {
    const entry = this.#entryOf(page);
    return entry === undefined ? undefined : entry + PageDirectory.writer / 4;
  }
}

/** Index of a page's directory entry in VM memory, in units of 32 bits. */
function directoryEntry({ base, directory }: Window, page: number): number {
  return (directory + ((page - base) / PAGE_BYTES) * PageDirectory.bytes) / 4;
}

/** The largest windows that hold the RAM of a map, in ascending order. */
function windowsOf(regions: readonly MemoryRegion[]): readonly Window[] {
  const memory = regions.filter((region): region is RamRegion => region.kind === 'ram' || region.kind === 'rom');
  const windows: Window[] = [];
  for (const region of memory.filter(isWholePages)) {
    const last = windows.at(-1);
    if (last !== undefined && continues(last, region, memory)) {
      last.regions.push(region);
      last.end = region.base + region.size;
    } else windows.push(windowOf(region));
  }
  const largest = windows.sort((a, b) => ramOf(b) - ramOf(a)).slice(0, WINDOWS);
  return largest.sort((a, b) => a.base - b.base);
}

const isWholePages = ({ kind, base, size, offset }: RamRegion): boolean =>
  kind === 'ram' && [base, size, offset].every((value) => value % PAGE_BYTES === 0);

const windowOf = (region: RamRegion): Window => ({
  base: region.base,
  end: region.base + region.size,
  offset: region.offset,
  regions: [region],
  directory: 0,
});

/**
 * Whether the next region has the distances of a window, and nothing lies between them in VM memory except ROM at these
 * distances: generated code would take that for tables of the guest.
 */
function continues(window: Window, next: RamRegion, memory: readonly RamRegion[]): boolean {
  const distance = window.base - window.offset;
  const [from, to] = [window.end - distance, next.offset];
  if (next.base - next.offset !== distance) return false;
  return memory.every(({ base, size, offset }) => base - offset === distance || offset >= to || offset + size <= from);
}

const ramOf = ({ regions }: Window): number => regions.reduce((sum, { size }) => sum + size, 0);
