/** Bits of RFLAGS (SDM vol. 1, 3.4.3). @experimental */
export enum Flag {
  CF = 1 << 0,
  /** Always 1. */
  Fixed = 1 << 1,
  PF = 1 << 2,
  AF = 1 << 4,
  ZF = 1 << 6,
  SF = 1 << 7,
  TF = 1 << 8,
  IF = 1 << 9,
  DF = 1 << 10,
  OF = 1 << 11,
  IOPL = 3 << 12,
  NT = 1 << 14,
  RF = 1 << 16,
  VM = 1 << 17,
  AC = 1 << 18,
  VIF = 1 << 19,
  VIP = 1 << 20,
  ID = 1 << 21,
}

/** Number of the lowest bit of RFLAGS.IOPL. @experimental */
export const IOPL_SHIFT = 12;

/** The flags that arithmetic sets, which the state holds in lazy form. @experimental */
export const ARITHMETIC_FLAGS = Flag.CF | Flag.PF | Flag.AF | Flag.ZF | Flag.SF | Flag.OF;

/** All flags that software can change. @experimental */
export const WRITABLE_FLAGS =
  ARITHMETIC_FLAGS |
  Flag.TF |
  Flag.IF |
  Flag.DF |
  Flag.IOPL |
  Flag.NT |
  Flag.RF |
  Flag.VM |
  Flag.AC |
  Flag.VIF |
  Flag.VIP |
  Flag.ID;
