/** Bits of RFLAGS (SDM vol. 1, 3.4.3). @experimental */
export enum Flag {
  /** Carry. */
  CF = 1 << 0,
  /** Always 1. */
  Fixed = 1 << 1,
  /** Parity of the low byte. */
  PF = 1 << 2,
  /** Carry out of bit 3. */
  AF = 1 << 4,
  /** Zero. */
  ZF = 1 << 6,
  /** Sign. */
  SF = 1 << 7,
  /** Single step. */
  TF = 1 << 8,
  /** Maskable interrupts are taken. */
  IF = 1 << 9,
  /** String instructions go down. */
  DF = 1 << 10,
  /** Overflow. */
  OF = 1 << 11,
  /** Privilege level for I/O, two bits. */
  IOPL = 3 << 12,
  /** The task is nested in another one. */
  NT = 1 << 14,
  /** The next instruction meets no instruction breakpoint. */
  RF = 1 << 16,
  /** Virtual-8086 mode. */
  VM = 1 << 17,
  /** Alignment is checked at CPL 3; a supervisor accesses pages of users in spite of SMAP. */
  AC = 1 << 18,
  /** Virtual copy of IF. */
  VIF = 1 << 19,
  /** A virtual interrupt is pending. */
  VIP = 1 << 20,
  /** Can be changed where CPUID exists. */
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
