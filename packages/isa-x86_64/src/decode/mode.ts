/** The part of the processor's mode that decoding and generated code depend on. @experimental */
export interface DecoderMode {
  /** Code size in bits: 64 in 64-bit mode, else the D bit of CS (SDM vol. 1, 3.6.1). */
  readonly bits: 16 | 32 | 64;
  /** Whether ES, CS, SS and DS have no effect on addresses. Always in 64-bit mode. */
  readonly flat: boolean;
}

/** Numbers of the modes of code: each has an instruction set of its own. @experimental */
export enum CodeMode {
  /** 64-bit mode: EFER.LMA and CS.L. */
  Code64,
  /**
   * Code of 32 bits (CS.D), also in compatibility mode, whose segments are flat, as operating systems of 32 bits have them: ES,
   * CS, SS and DS have base 0 and a limit of 4 GiB; ES, SS and DS are writable data that does not expand down; SS.B is
   * set. FS and GS may be anything.
   */
  Flat32,
  /** Code of 32 bits (CS.D) with any other segments. */
  Code32,
  /** Code of 16 bits, in any segments: also real-address mode and virtual-8086 mode. */
  Code16,
}

/** 64-bit mode. @experimental */
export const LONG_MODE: DecoderMode = { bits: 64, flat: true };
/** Code of 32 bits with flat segments. @experimental */
export const FLAT_32: DecoderMode = { bits: 32, flat: true };

/** Code of 32 bits in any segments. @experimental */
export const SEGMENTED_32: DecoderMode = { bits: 32, flat: false };
/** Code of 16 bits in any segments. @experimental */
export const SEGMENTED_16: DecoderMode = { bits: 16, flat: false };

/** The modes by {@link CodeMode}. @experimental */
export const CODE_MODES: readonly DecoderMode[] = [LONG_MODE, FLAT_32, SEGMENTED_32, SEGMENTED_16];
