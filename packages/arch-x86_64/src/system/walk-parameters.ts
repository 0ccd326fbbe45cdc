import type { MainRam } from '@qvm/engine';
import { State } from '@qvm/isa-x86_64';
import { PAGE_BITS } from '@qvm/jit';
import type { X86State } from '../state/x86-state.js';
import { PagingMode } from './paging-mode.js';

/** How addresses are translated, for {@link WalkParameters.publish}. @experimental */
export interface PublishedPaging {
  readonly mode: PagingMode;
  /** CR4.PSE. */
  readonly pageSizeExtension: boolean;
  /** Guest-physical address of the first table. */
  readonly root: number;
  /** EFER.NXE. */
  readonly noExecute: boolean;
  /** CR0.WP. */
  readonly writeProtect: boolean;
  /** CR4.SMEP. */
  readonly smep: boolean;
  /** CR4.SMAP. */
  readonly smap: boolean;
  /** CR4.PGE. */
  readonly globals: boolean;
}

/**
 * Offsets in the state of the parameters of the generated walk.
 *
 * @experimental
 */
export const WalkState = {
  /** u32: VM memory offset of the first table; with PAE the first level is the PDPTE registers. */
  table: State.walk,
  /** u32: all ones if supervisors may write read-only pages (CR0.WP = 0), otherwise 0. */
  writeAny: State.walk + 4,
  /** u32: not 0 if supervisors cannot execute pages of users (CR4.SMEP). */
  smep: State.walk + 8,
  /** u32: not 0 if global pages exist (CR4.PGE). */
  globals: State.walk + 12,
  /** u64: bits that must be 0 in every entry. */
  reserved: State.walk + 16,
  /** u32: a {@link WalkFormat}. */
  format: State.walk + 24,
} as const;

/** How generated code translates. @experimental */
export enum WalkFormat {
  /** The engine does. */
  Engine,
  /** Without paging. */
  Flat,
  Legacy,
  Pae,
  FourLevel,
}

const TABLE_BYTES = 1 << PAGE_BITS;
/** Bits 51–40 of an entry: above MAXPHYADDR, in the high word. */
const ABOVE_ADDRESS = 0x000f_ff00;
/** Bit 63, in the high word. */
const NO_EXECUTE = 2 ** 31;
/** Bits 62–52, which are ignored in 4-level paging, in the high word. */
const IGNORED = 0x7ff0_0000;

/**
 * The parameters of generated code for walking the guest's tables, in the state of the vCPU. Translation that it cannot
 * walk is published as unusable: the walk is then left to the engine.
 *
 * @experimental
 */
export class WalkParameters {
  constructor(
    private readonly cpu: X86State,
    /** The memory in which generated code may walk tables. */
    private readonly ram: MainRam,
  ) {}

  publish(paging: PublishedPaging): void {
    const { cpu, ram } = this;
    const { mode, root, noExecute, writeProtect, smep, globals } = paging;
    const format = this.#formatOf(paging);
    const hasTable = format === WalkFormat.Legacy || format === WalkFormat.FourLevel;
    cpu.setU32(WalkState.format, format);
    cpu.setU32(WalkState.table, hasTable ? ram.offsetOf(root) : 0);
    cpu.setU32(WalkState.writeAny, writeProtect ? 0 : 0xffff_ffff);
    cpu.setU32(WalkState.smep, smep ? 1 : 0);
    cpu.setU32(WalkState.globals, globals ? 1 : 0);
    const above = ABOVE_ADDRESS + (mode === PagingMode.Pae ? IGNORED : 0) + (noExecute ? 0 : NO_EXECUTE);
    cpu.setHalves(WalkState.reserved, 0, mode === PagingMode.Legacy ? 0 : above);
  }

  #formatOf({ mode, root, pageSizeExtension, smap }: PublishedPaging): WalkFormat {
    // SMAP depends on RFLAGS.AC and on the kind of the access, so the engine walks.
    if (smap) return WalkFormat.Engine;
    const holdsTable = this.ram.holds(root, TABLE_BYTES);
    switch (mode) {
      case PagingMode.None:
        return WalkFormat.Flat;
      case PagingMode.Legacy:
        // Without PSE, bit 7 of an entry is ignored.
        return holdsTable && pageSizeExtension ? WalkFormat.Legacy : WalkFormat.Engine;
      case PagingMode.Pae:
        return WalkFormat.Pae;
      case PagingMode.FourLevel:
        return holdsTable ? WalkFormat.FourLevel : WalkFormat.Engine;
    }
  }
}
