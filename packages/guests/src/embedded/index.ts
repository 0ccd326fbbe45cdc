import { EMBEDDED_IMAGE_BASE64 } from './generated/embedded-image.js';

/**
 * The guest that comes with the package.
 *
 * @experimental
 */
export interface EmbeddedGuest {
  /** A raw arm64 kernel image (with the header of Linux' boot protocol), a new array each time. */
  readonly image: Uint8Array;
  /** One line for people. */
  readonly description: string;
  /** The last line that it prints when every step went well; it powers off then, or after `EMBEDDED-GUEST-FAILED`. */
  readonly doneMarker: string;
}

/**
 * A small bare-metal program for one AArch64 CPU at EL1 of a "virt" board: PL011 at 0x09000000, GICv3 at 0x08000000 and 0x080a0000,
 * PSCI by HVC. It exercises exception entry and return at EL1 and EL0, an undefined instruction, an external abort, the FP trap,
 * the MMU with a translation and a permission fault, FP and SIMD, exclusives, self-modifying code, timer interrupts and the UART
 * (what was typed by then is echoed). It prints a line for each and powers off. Runs in a browser, too.
 *
 * @experimental
 */
export function embeddedGuest(): EmbeddedGuest {
  return {
    image: Uint8Array.from(atob(EMBEDDED_IMAGE_BASE64), (c) => c.charCodeAt(0)),
    description: 'a bare-metal self-test: traps, faults, MMU, timer interrupts, FP, UART',
    doneMarker: 'EMBEDDED-GUEST-DONE',
  };
}
