import { EMBEDDED_IMAGE_BASE64 } from './generated/embedded-image.js';
import { SAFETY_IMAGE_BASE64 } from './generated/safety-image.js';

/**
 * A guest that comes with the package.
 *
 * @experimental
 */
export interface EmbeddedGuest {
  /** A raw arm64 kernel image (with the header of Linux' boot protocol), a new array each time. */
  readonly image: Uint8Array;
  /** One line for people. */
  readonly description: string;
  /** The last line that it prints when all went well; it powers off then. */
  readonly doneMarker: string;
}

/**
 * A small bare-metal program for one AArch64 CPU at EL1 of a "virt" board: PL011 at 0x09000000, GICv3 at 0x08000000 and 0x080a0000,
 * PSCI by HVC. It exercises exception entry and return at EL1 and EL0, an undefined instruction, an external abort, the FP trap,
 * the MMU with a translation and a permission fault, FP and SIMD, exclusives, self-modifying code, timer interrupts and the UART
 * (what was typed by then is echoed). It prints a line for each and powers off, after `EMBEDDED-GUEST-FAILED` when something went
 * wrong. Runs in a browser, too.
 *
 * @experimental
 */
export function embeddedGuest(): EmbeddedGuest {
  return {
    image: decode(EMBEDDED_IMAGE_BASE64),
    description: 'a bare-metal self-test: traps, faults, MMU, timer interrupts, FP, UART',
    doneMarker: 'EMBEDDED-GUEST-DONE',
  };
}

/**
 * The safety half of a small car, as a bare-metal program for one AArch64 CPU at EL1: a 16550-compatible UART at 0x09000000,
 * GICv3, and as far as they are there, a fixed `shmem` region at 0x70000000, a `virtio-net` and the power button. It sends samples of
 * a speed by shared memory, checks and limits the accelerations that come back, answers ARP and ICMP echo as 192.168.10.1, and
 * ends when it is told to, or by the power button. It runs at any address of RAM.
 *
 * @experimental
 */
export function safetyGuest(): EmbeddedGuest {
  return {
    image: decode(SAFETY_IMAGE_BASE64),
    description: 'the safety half of a car: shared memory with doorbells, network, power button',
    doneMarker: 'SAFETY-DONE',
  };
}

function decode(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}
