import type { SoftTlb } from '@qvm/engine';

/** The kinds of translation that have banks of their own. */
enum Regime {
  /** Paging is off. */
  Flat,
  Supervisor,
  /** A supervisor that may access pages of users while SMAP is on: RFLAGS.AC. */
  SupervisorUserAccess,
  User,
}

/** Modes of code: a bank holds the executable entries of one. @experimental */
export const CODE_MODES = 8;
const [MODE_SHIFT, PCID_SHIFT] = [2, 5];
const SUPERVISORS = [Regime.Supervisor, Regime.SupervisorUserAccess] as const;

/** How the present accesses are translated, for {@link TlbBanks.select}. @experimental */
export interface Translation {
  /** Whether paging is on. */
  readonly paging: boolean;
  /** Number of the mode of the code, below {@link CODE_MODES}. */
  readonly mode: number;
  /** Process-context identifier, 12 bits. */
  readonly pcid: number;
  /** Whether CPL is below 3. */
  readonly privileged: boolean;
  /** Whether supervisors access pages of users by RFLAGS.AC while SMAP is on. */
  readonly userAccess: boolean;
}

/**
 * The banks of the software TLB by privilege, process context and mode of the code (SDM vol. 3, 4.10). Supervisors
 * have one bank for all process contexts, because most of their mappings are global; it holds the local entries of one.
 *
 * @experimental
 */
export class TlbBanks {
  readonly #modes = new Set<number>();

  constructor(private readonly tlb: SoftTlb) {}

  /** The address of the bank for a kind of translation. @param keep, also - addresses of banks that must not be reused. */
  select({ paging, mode, pcid, privileged, userAccess }: Translation, keep = -1, also = -1): number {
    this.#modes.add(mode);
    if (!paging) return this.tlb.bank(key(Regime.Flat, mode, 0), 0, keep, also);
    if (!privileged) return this.tlb.bank(key(Regime.User, mode, pcid), pcid, keep, also);
    return this.tlb.bank(key(userAccess ? Regime.SupervisorUserAccess : Regime.Supervisor, mode, 0), pcid, keep, also);
  }

  /** Drops the entries of a process context that are not global. */
  flushContext(pcid: number): void {
    for (const mode of this.#modes) {
      this.tlb.flushRegime(key(Regime.User, mode, pcid));
      for (const regime of SUPERVISORS) this.tlb.flushLocal(key(regime, mode, 0), pcid);
    }
  }

  /** Drops the entries of one address (low and high word) in all process contexts, also global ones. */
  flushPage(lo: number, hi: number): void {
    this.tlb.flushPage((hi & 0xffff) * 2 ** 32 + lo);
  }

  /** Drops everything. */
  flushAll(): void {
    this.tlb.flushAll();
  }
}

const key = (regime: Regime, mode: number, pcid: number): number =>
  (pcid << PCID_SHIFT) | (mode << MODE_SHIFT) | regime;
