import { Cr0, Cr4, Efer } from '../state/control-bits.js';

/** The modes of paging (SDM vol. 3, 4.1.1). @experimental */
export enum PagingMode {
  None,
  /** 32-bit paging. */
  Legacy,
  Pae,
  FourLevel,
}

/** The mode of paging that the control registers select. @experimental */
export function pagingMode(cr0: number, cr4: number, efer: number): PagingMode {
  if ((cr0 & Cr0.PG) === 0) return PagingMode.None;
  if ((cr4 & Cr4.PAE) === 0) return PagingMode.Legacy;
  return efer & Efer.LMA ? PagingMode.FourLevel : PagingMode.Pae;
}
