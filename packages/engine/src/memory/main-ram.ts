import type { PhysicalMap, RamRegion, VmMemory } from '@qvm/core/architecture';
import { EngineState, PageDirectory } from '@qvm/jit';
import type { CpuState } from '../vcpu/cpu-state.js';
import { PAGE_BYTES } from './page.js';

/**
 * The largest RAM of a VM, whose pages generated code enters into the TLB by itself, with a directory of the code in them.
 *
 * @experimental
 */
export class MainRam {
  readonly #region: RamRegion | undefined;
  readonly #directory: number;
  readonly #u32: Uint32Array;

  constructor(memory: VmMemory, map: PhysicalMap) {
    const rams = map.regions.filter((region): region is RamRegion => region.kind === 'ram');
    this.#region = rams.reduce<RamRegion | undefined>(
      (most, ram) => (most && most.size >= ram.size ? most : ram),
      undefined,
    );
    const pages = Math.ceil((this.#region?.size ?? 0) / PAGE_BYTES);
    this.#directory = memory.allocate(pages * PageDirectory.bytes, 64);
    this.#u32 = memory.u32;
  }

  /** Bytes that a directory takes for so much RAM. */
  static bytesFor(ramBytes: number): number {
    return Math.ceil(ramBytes / PAGE_BYTES) * PageDirectory.bytes + 64;
  }

  /** Lets generated code of a vCPU use it. */
  attach(state: CpuState): void {
    const region = this.#region;
    if (region === undefined || region.base % PAGE_BYTES !== 0 || region.offset % PAGE_BYTES !== 0) return;
    state.setU64(EngineState.ramBase, BigInt(region.base));
    state.setU64(EngineState.ramSize, BigInt(region.size - (region.size % PAGE_BYTES)));
    state.setU32(EngineState.ramOffset, region.offset);
    state.setU32(EngineState.pageDirectory, this.#directory);
  }

  /** The engine alone fills the TLB of a vCPU from now on. */
  detach(state: CpuState): void {
    state.setU64(EngineState.ramSize, 0n);
  }

  /** Whether `size` bytes from a guest-physical address lie in it. */
  holds(address: number, size: number): boolean {
    const region = this.#region;
    return region !== undefined && address >= region.base && address + size <= region.base + region.size;
  }

  /** VM memory offset of a guest-physical address in it. */
  offsetOf(address: number): number {
    const { base, offset } = this.#region as RamRegion;
    return offset + (address - base);
  }

  /** Address behind its last byte; 0 when there is no RAM. */
  get end(): number {
    return this.#region === undefined ? 0 : this.#region.base + this.#region.size;
  }

  /** Notes where the records of a page are (0: nowhere), and whether writes to the page must be noticed. */
  describe(page: number, records: number, noticeWrites: boolean): void {
    if (!this.holds(page, PAGE_BYTES)) return;
    this.#u32[this.#entryOf(page)] = records | (noticeWrites ? PageDirectory.noticeWrites : 0);
  }

  /** The TLB entry at this address will let writes to the page through. */
  noteWriter(page: number, entry: number): void {
    if (!this.holds(page, PAGE_BYTES)) return;
    const at = this.#entryOf(page) + PageDirectory.writer / 4;
    const before = this.#u32[at];
    this.#u32[at] = before === 0 || before === entry ? entry : PageDirectory.manyWriters;
  }

  /** The TLB entry that may let writes to the page through, 0 or `manyWriters`; who asks sees to it that none does any more. */
  takeWriter(page: number): number {
    if (!this.holds(page, PAGE_BYTES)) return PageDirectory.manyWriters;
    const at = this.#entryOf(page) + PageDirectory.writer / 4;
    const writer = this.#u32[at] as number;
    this.#u32[at] = 0;
    return writer;
  }

  #entryOf(page: number): number {
    const number = Math.floor((page - (this.#region as RamRegion).base) / PAGE_BYTES);
    return (this.#directory + number * PageDirectory.bytes) / 4;
  }
}
