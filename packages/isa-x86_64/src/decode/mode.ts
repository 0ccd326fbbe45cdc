/** The part of the processor's mode that decoding depends on. @experimental */
export interface DecoderMode {
  /** Code size in bits: 64 in 64-bit mode, else the D bit of CS (SDM vol. 1, 3.6.1). */
  readonly bits: 16 | 32 | 64;
  /** Whether ES, CS, SS and DS have base 0 and no limit below 4 GiB. Always in 64-bit mode. */
  readonly flat: boolean;
}

/** 64-bit mode. @experimental */
export const LONG_MODE: DecoderMode = { bits: 64, flat: true };
