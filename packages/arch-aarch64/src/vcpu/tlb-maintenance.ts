import type { SoftTlb } from '@qvm/engine';
import { flushAsid } from './translation-regime.js';

/**
 * TLB maintenance of one vCPU and, for the inner-shareable forms, of its siblings.
 *
 * @experimental
 */
export class TlbMaintenance {
  /** All vCPUs of the machine, this one included; set once they exist. */
  siblings: readonly SoftTlb[] = [];

  constructor(private readonly own: SoftTlb) {}

  flushLocal(): void {
    this.own.flushAll();
  }

  /**
   * TLBI of the EL1&0 regime by `op2` (Arm ARM C5.5): VMALLE1, VAE1, ASIDE1, VAAE1, VALE1, VAALE1.
   *
   * @returns false when `op2` is not allocated.
   */
  invalidate(op2: number, argument: bigint, shareable: boolean): boolean {
    const targets = shareable ? this.siblings : [this.own];
    switch (op2) {
      case 0:
        for (const tlb of targets) tlb.flushAll();
        return true;
      case 1:
      case 3:
      case 5:
      case 7: {
        // Bits 43–0 are VA[55:12]. Entries of other ASIDs may be dropped too.
        const va48 = Number((argument << 12n) & 0xffff_ffff_ffffn);
        for (const tlb of targets) tlb.flushPage(va48);
        return true;
      }
      case 2: {
        const asid = Number(argument >> 48n);
        for (const tlb of targets) flushAsid(tlb, asid);
        return true;
      }
      default:
        return false;
    }
  }
}
