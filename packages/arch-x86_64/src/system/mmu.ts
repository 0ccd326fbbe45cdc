import type { PhysicalMap, VmMemory } from '@qvm/core/architecture';
import type { VirtualMapping } from '@qvm/core/hooks';
import type { Access, AddressTranslation } from '@qvm/engine';
import { State } from '@qvm/isa-x86_64';
import { Cr0, Cr4, Efer, Flag } from '../state/control-bits.js';
import type { X86State } from '../state/x86-state.js';
import { Entry, largePageOf } from './paging-entry.js';
import { FaultStatus, PageFaultCode } from './fault-status.js';
import { MappedRanges } from './mapped-ranges.js';
import { PagingMode, pagingMode } from './paging-mode.js';
import { PhysicalWords } from './physical-words.js';
import type { WalkParameters } from './walk-parameters.js';

/** Width of a physical address: MAXPHYADDR, which CPUID.80000008 reports. @experimental */
export const PHYSICAL_ADDRESS_BITS = 40;

const TWO_32 = 2 ** 32;
const PAGE_BITS = 12;

/** XD, in the high word. */
const NO_EXECUTE = 0x8000_0000 | 0;
/** Address bits 51–40 in the high word: more than MAXPHYADDR. */
const RESERVED_HIGH = 0x000f_ffff & ~((1 << (PHYSICAL_ADDRESS_BITS - 32)) - 1);
const ADDRESS_HIGH = (1 << (PHYSICAL_ADDRESS_BITS - 32)) - 1;
/** Of a PDPTE register: bits 2–1, 8–5 (SDM vol. 3, table 4-8). */
const PDPTE_RESERVED = 0x1e6;
/** Bits of a 2 MiB and of a 1 GiB page's entry below the address, from PAT on: reserved. */
const RESERVED_2M = 0x001f_e000;
const RESERVED_1G = 0x3fff_e000;

/**
 * Address translation by paging (SDM vol. 3, 4). `translate` leaves its result in fields, so that a walk does not
 * allocate. `refresh` must be called after every change of CR0, CR3, CR4 or EFER.
 *
 * @experimental
 */
export class Mmu implements AddressTranslation {
  /** Guest-physical address of the last translation. */
  physical = 0;
  /** log2 of the size of the page that maps it. */
  blockBits = PAGE_BITS;
  /** Whether it belongs to one address space only: it is not global. */
  local = false;
  readable = false;
  writable = false;
  executable = false;
  /** Memory types have no effect on accesses. */
  readonly device = false;
  /** {@link FaultStatus}, valid when `translate` returned false. */
  fault = 0;
  /** Whether accesses are those of the processor to its tables, with the rights of a supervisor at any CPL. */
  implicit = false;
  mode = PagingMode.None;

  readonly #words: PhysicalWords;
  /** Whether A and D are left alone: for debuggers. */
  readonly #passive: boolean;
  #longMode = false;
  #root = 0;
  #noExecute = false;
  #writeProtect = false;
  #smep = false;
  #smap = false;
  #pageSizeExtension = false;
  #globals = false;

  constructor(
    memory: VmMemory,
    map: PhysicalMap,
    private readonly cpu: X86State,
    /** Where the tables are published to generated code. Absent: this MMU is for a debugger and sets no A and D. */
    private readonly parameters?: WalkParameters,
  ) {
    this.#words = new PhysicalWords(memory, map);
    this.#passive = parameters === undefined;
  }

  get privileged(): boolean {
    return this.implicit || this.cpu.cpl !== 3;
  }

  /** Whether a supervisor may access pages of users: without SMAP, or with RFLAGS.AC. */
  get userAccess(): boolean {
    return !this.#smap || (!this.implicit && (this.cpu.systemFlags & Flag.AC) !== 0);
  }

  /** Whether SMAP is in effect. */
  get smap(): boolean {
    return this.#smap;
  }

  /** The present process-context identifier; 0 without CR4.PCIDE. */
  get pcid(): number {
    return this.cpu.u32(State.cr4) & Cr4.PCIDE ? this.cpu.u32(State.cr3) & 0xfff : 0;
  }

  /** Reads the control registers. */
  refresh(): void {
    const { cpu } = this;
    const cr0 = cpu.u32(State.cr0);
    const cr4 = cpu.u32(State.cr4);
    const efer = cpu.u32(State.efer);
    this.#longMode = (efer & Efer.LMA) !== 0;
    this.mode = pagingMode(cr0, cr4, efer);
    const paging = this.mode !== PagingMode.None;
    this.#writeProtect = (cr0 & Cr0.WP) !== 0;
    this.#noExecute = (efer & Efer.NXE) !== 0 && this.mode >= PagingMode.Pae;
    this.#smep = paging && (cr4 & Cr4.SMEP) !== 0;
    this.#smap = paging && (cr4 & Cr4.SMAP) !== 0;
    this.#pageSizeExtension = (cr4 & Cr4.PSE) !== 0;
    this.#globals = (cr4 & Cr4.PGE) !== 0;
    const low = (cpu.u32(State.cr3) & ~0xfff) >>> 0;
    this.#root = this.mode === PagingMode.FourLevel ? (cpu.u32(State.cr3 + 4) & ADDRESS_HIGH) * TWO_32 + low : low;
    this.parameters?.publish({
      mode: this.mode,
      pageSizeExtension: this.#pageSizeExtension,
      root: this.#root,
      noExecute: this.#noExecute,
      writeProtect: this.#writeProtect,
      smep: this.#smep,
      smap: this.#smap,
      globals: this.#globals,
    });
  }

  /** Addresses have no tags: a jump keeps all bits, outside of 64-bit mode the lower 32. */
  branchTarget(target: bigint): bigint {
    return this.cpu.mode64 ? target : BigInt.asUintN(32, target);
  }

  /**
   * Translates a linear address (low and high word).
   *
   * @returns whether the access is allowed; otherwise `fault` has the reason.
   */
  translate(lo: number, hi: number, access: Access, privileged: boolean): boolean {
    // The last bytes of an access that wraps at 4 GiB. The processor's own tables may be above.
    if (hi !== 0 && !this.implicit && !this.cpu.mode64) hi = 0;
    if (this.#longMode && !isCanonical(hi)) {
      this.fault = FaultStatus.NonCanonical;
      return false;
    }
    // A walk begins again when another agent has changed an entry at the same time.
    for (;;) {
      const result = this.#walk(lo, hi, access, privileged);
      if (result !== undefined) return result;
    }
  }

  /** One walk; undefined if an entry changed before its A or D was set. */
  #walk(lo: number, hi: number, access: Access, privileged: boolean): boolean | undefined {
    switch (this.mode) {
      case PagingMode.None:
        return this.#flat(lo);
      case PagingMode.Legacy:
        return this.#walkLegacy(lo, access, privileged);
      case PagingMode.Pae:
        return this.#walkPae(lo, access, privileged);
      case PagingMode.FourLevel:
        return this.#walkWide(lo, hi, access, privileged, this.#root, 39);
    }
  }

  #flat(lo: number): true {
    this.physical = lo;
    this.blockBits = PAGE_BITS;
    this.local = true;
    this.readable = this.writable = this.executable = true;
    return true;
  }

  /** 32-bit paging (SDM vol. 3, 4.3). */
  #walkLegacy(lo: number, access: Access, privileged: boolean): boolean | undefined {
    const words = this.#words;
    const directoryAt = this.#root + (lo >>> 22) * 4;
    const directoryIndex = words.indexOf(directoryAt);
    const directory = words.at(directoryIndex);
    if ((directory & Entry.Present) === 0) return this.#fail(0, access, privileged);
    if (directory & Entry.Large && this.#pageSizeExtension) {
      const page = largePageOf(directory);
      if (page === undefined) return this.#reserved(access, privileged);
      const physical = page + (lo & 0x3f_ffff);
      if (!this.#allow(directory, directory, false, access, privileged)) return false;
      if (!this.#mark(directoryAt, directoryIndex, directory, access === 'write')) return undefined;
      return this.#finish(physical, 22);
    }
    if (!this.#mark(directoryAt, directoryIndex, directory, false)) return undefined;
    const tableAt = ((directory & ~0xfff) >>> 0) + ((lo >>> 12) & 0x3ff) * 4;
    const tableIndex = words.indexOf(tableAt);
    const entry = words.at(tableIndex);
    if ((entry & Entry.Present) === 0) return this.#fail(0, access, privileged);
    if (!this.#allow(directory & entry, entry, false, access, privileged)) return false;
    if (!this.#mark(tableAt, tableIndex, entry, access === 'write')) return undefined;
    return this.#finish(((entry & ~0xfff) >>> 0) + (lo & 0xfff), PAGE_BITS);
  }

  /** PAE paging (SDM vol. 3, 4.4): the first level is in registers. */
  #walkPae(lo: number, access: Access, privileged: boolean): boolean | undefined {
    const at = State.pdpte + (lo >>> 30) * 8;
    const low = this.cpu.u32(at);
    if ((low & Entry.Present) === 0) return this.#fail(0, access, privileged);
    const table = (this.cpu.u32(at + 4) & ADDRESS_HIGH) * TWO_32 + ((low & ~0xfff) >>> 0);
    return this.#walkWide(lo, 0, access, privileged, table, 21);
  }

  /** Levels of entries of 64 bits, from the one that translates address bits from `shift` on (SDM vol. 3, 4.5). */
  #walkWide(
    lo: number,
    hi: number,
    access: Access,
    privileged: boolean,
    root: number,
    firstShift: number,
  ): boolean | undefined {
    const words = this.#words;
    let table = root;
    let allowed = Entry.Writable | Entry.User;
    let noExecute = 0;
    for (let shift = firstShift; ; shift -= 9) {
      const index = (shift >= 32 ? hi >>> (shift - 32) : (lo >>> shift) | (hi << (32 - shift))) & 0x1ff;
      const at = table + index * 8;
      const word = words.indexOf(at);
      const low = words.at(word);
      const high = word < 0 ? -1 : words.at(word + 1) | 0;
      if ((low & Entry.Present) === 0) return this.#fail(0, access, privileged);
      if (!this.#isValid(low, high, shift)) return this.#reserved(access, privileged);
      allowed &= low;
      noExecute |= high;
      const base = (high & ADDRESS_HIGH) * TWO_32;
      if (shift === PAGE_BITS || low & Entry.Large) {
        const isNoExecute = this.#noExecute && (noExecute & NO_EXECUTE) !== 0;
        if (!this.#allow(allowed, low, isNoExecute, access, privileged)) return false;
        if (!this.#mark(at, word, low, access === 'write')) return undefined;
        const below = 2 ** shift - 1;
        return this.#finish(base + ((low & ~(below | 0xfff)) >>> 0) + ((lo & below) >>> 0), shift);
      }
      // Accessed flags of upper levels may be set before the rest of the walk fails (4.8): the entry was used.
      if (!this.#mark(at, word, low, false)) return undefined;
      table = base + ((low & ~0xfff) >>> 0);
    }
  }

  /** Whether no reserved bit of an entry of 64 bits is set. */
  #isValid(low: number, high: number, shift: number): boolean {
    if (high & RESERVED_HIGH || (high & NO_EXECUTE && !this.#noExecute)) return false;
    // PAE has no bits that are ignored above the address (table 4-9 to 4-11).
    if (this.mode === PagingMode.Pae && high & 0x7ff0_0000) return false;
    if (shift === PAGE_BITS || (low & Entry.Large) === 0) return true;
    if (shift === 39) return false;
    return (low & (shift === 30 ? RESERVED_1G : RESERVED_2M)) === 0;
  }

  /**
   * Computes the permissions (SDM vol. 3, 4.6).
   *
   * @param combined - AND of the entries: R/W and U/S.
   * @param leaf - the entry that maps the page: its G counts.
   */
  #allow(combined: number, leaf: number, noExecute: boolean, access: Access, privileged: boolean): boolean {
    const user = (combined & Entry.User) !== 0;
    const writable = (combined & Entry.Writable) !== 0;
    if (privileged) {
      const data = !user || this.userAccess;
      this.readable = data;
      this.writable = data && (writable || !this.#writeProtect);
      this.executable = !noExecute && !(user && this.#smep);
    } else {
      this.readable = user;
      this.writable = user && writable;
      this.executable = user && !noExecute;
    }
    const allowed = access === 'read' ? this.readable : access === 'write' ? this.writable : this.executable;
    this.local = (leaf & Entry.Global) === 0 || !this.#globals;
    return allowed || this.#fail(PageFaultCode.Protection, access, privileged);
  }

  #finish(physical: number, bits: number): true {
    this.physical = physical;
    this.blockBits = bits;
    return true;
  }

  /** Sets A, and D for a write (SDM vol. 3, 4.8). Returns false if the entry has changed meanwhile. */
  #mark(at: number, index: number, entry: number, write: boolean): boolean {
    const marked = entry | Entry.Accessed | (write ? Entry.Dirty : 0);
    if (marked === (entry | 0) || this.#passive || !this.#words.isWritable(at)) return true;
    return this.#words.replace(index, entry, marked);
  }

  #reserved(access: Access, privileged: boolean): false {
    return this.#fail(PageFaultCode.Protection | PageFaultCode.Reserved, access, privileged);
  }

  /** Sets the error code of a page fault. */
  #fail(code: number, access: Access, privileged: boolean): false {
    let error = code | (privileged ? 0 : PageFaultCode.User);
    if (access === 'write') error |= PageFaultCode.Write;
    if (access === 'execute' && (this.#noExecute || this.#smep)) error |= PageFaultCode.Fetch;
    this.fault = FaultStatus.Page | error;
    return false;
  }

  /** All mappings of the tables, whatever their permissions; empty without paging. */
  mappings(limit: number): readonly VirtualMapping[] {
    const tables = new MappedRanges(this.#words, limit, (low, high, shift) => this.#isValid(low, high, shift));
    if (this.mode === PagingMode.Legacy) tables.addDirectory(this.#root, this.#pageSizeExtension);
    else if (this.mode === PagingMode.FourLevel) tables.addTable(this.#root, 39);
    else if (this.mode === PagingMode.Pae)
      tables.addPointers(Array.from({ length: 4 }, (_, n) => this.cpu.u64(State.pdpte + n * 8)));
    return tables.ranges;
  }

  /**
   * Loads the PDPTE registers from the table of CR3 (SDM vol. 3, 4.4.1).
   *
   * @returns false if one of them is present with a reserved bit: #GP(0), and none has changed.
   */
  loadPdptes(cr3: number): boolean {
    const words = this.#words;
    const table = (cr3 & ~0x1f) >>> 0;
    const entries: [number, number][] = [];
    for (let n = 0; n < 4; n++) {
      const index = words.indexOf(table + n * 8);
      const low = words.at(index);
      const high = index < 0 ? 0xffff_ffff : words.at(index + 1);
      if (low & Entry.Present && (low & PDPTE_RESERVED || high & ~ADDRESS_HIGH)) return false;
      entries.push([low, high]);
    }
    entries.forEach(([low, high], n) => this.cpu.setHalves(State.pdpte + n * 8, low, high));
    return true;
  }
}

/** Whether bits 63–47 of an address with this high half are equal. @experimental */
export function isCanonical(hi: number): boolean {
  const top = hi >> 15;
  return top === 0 || top === -1;
}
