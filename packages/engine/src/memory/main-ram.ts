import type { PhysicalMap, RamRegion, VmMemory } from '@qvm/core/architecture';
import { EngineState, PageDirectory } from '@qvm/jit';
import type { CpuState } from '../vcpu/cpu-state.js';
import { PAGE_BYTES } from './page.js';

/**
 * The largest RAM region of a VM. Generated code enters its pages into the TLB without the engine, by a directory of
 * their records.
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

  /** Bytes of the directory for this amount of RAM. */
  static bytesFor(ramBytes: number): number {
    return Math.ceil(ramBytes / PAGE_BYTES) * PageDirectory.bytes + 64;
  }

  /** Allows generated code of a vCPU to use it. */
  attach(state: CpuState): void {
    const region = this.#region;
    if (region === undefined || region.base % PAGE_BYTES !== 0 || region.offset % PAGE_BYTES !== 0) return;
    state.setU64(EngineState.ramBase, BigInt(region.base));
    state.setU64(EngineState.ramSize, BigInt(region.size - (region.size % PAGE_BYTES)));
    state.setU32(EngineState.ramOffset, region.offset);
    state.setU32(EngineState.pageDirectory, this.#directory);
  }

  /** From now on only the engine fills the TLB of a vCPU. */
  detach(state: CpuState): void {
    state.setU64(EngineState.ramSize, 0n);
  }

  /** Whether the range of `size` bytes from a guest-physical address is within this RAM. */
  holds(address: number, size: number): boolean {
    const region = this.#region;
    return region !== undefined && address >= region.base && address + size <= region.base + region.size;
  }

  /** VM memory offset of a guest-physical address in this RAM. */
  offsetOf(address: number): number {
    const { base, offset } = this.#region as RamRegion;
    return offset + (address - base);
  }

  /** Guest-physical address after the last byte; 0 if there is no RAM. */
  get end(): number {
    return this.#region === undefined ? 0 : this.#region.base + this.#region.size;
  }

  /** Records the address of a page's records (0: none), and whether writes to the page must be noticed. */
  describe(page: number, records: number, noticeWrites: boolean): void {
    if (!this.holds(page, PAGE_BYTES)) return;
    this.#u32[this.#entryOf(page)] = records | (noticeWrites ? PageDirectory.noticeWrites : 0);
  }

  /** Notes that the TLB entry at address `entry` may write the page. */
  noteWriter(page: number, entry: number): void {
    if (!this.holds(page, PAGE_BYTES)) return;
    const at = this.#entryOf(page) + PageDirectory.writer / 4;
    const before = this.#u32[at];
    this.#u32[at] = before === 0 || before === entry ? entry : PageDirectory.manyWriters;
  }

  /**
   * Address of the TLB entry that may write this page, 0 if none, or `manyWriters`. The caller must revoke write
   * permission from it.
   */
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
