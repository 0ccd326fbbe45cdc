import { EMBEDDED_IMAGE_BASE64 } from './generated/embedded-image.js';
import { EMBEDDED_X86_64_IMAGE_BASE64 } from './generated/embedded-x86_64-image.js';
import { SAFETY_IMAGE_BASE64 } from './generated/safety-image.js';

/**
 * An architecture that has an embedded guest.
 *
 * @experimental
 */
export type EmbeddedArchitecture = 'aarch64' | 'x86_64';

/**
 * A guest that is part of the package.
 *
 * @experimental
 */
export interface EmbeddedGuest {
  /** For AArch64 a raw kernel image (with the header of Linux' boot protocol), for x86_64 an ELF file. A new array each time. */
  readonly image: Uint8Array;
  /** One line for people. */
  readonly description: string;
  /** The last line of its output if everything was successful; it then powers off. */
  readonly doneMarker: string;
}

const IMAGES: Readonly<Record<EmbeddedArchitecture, string>> = {
  aarch64: EMBEDDED_IMAGE_BASE64,
  x86_64: EMBEDDED_X86_64_IMAGE_BASE64,
};

/**
 * A small bare-metal program. It prints a line for each of its steps and powers off, after `EMBEDDED-GUEST-FAILED` if
 * something failed. It also runs in a browser.
 *
 * - For one AArch64 CPU at EL1 of a "virt" board: PL011 at 0x09000000, GICv3 at 0x08000000 and 0x080a0000, PSCI by HVC.
 *   It exercises exception entry and return at EL1 and EL0, an undefined instruction, an external abort, the FP trap, the
 *   MMU with a translation and a permission fault, FP and SIMD, exclusives, self-modifying code, timer interrupts and
 *   the UART (it echoes the input so far).
 * - For one x86_64 processor of a PC: 16550 at port 0x3f8, local APIC, I/O APIC, ACPI; entered by PVH. It exercises the way
 *   to 64-bit mode, exceptions, privilege level 3 with SYSCALL and INT, compatibility mode, paging with its faults, x87 and
 *   SSE, locked instructions, self-modifying code, timer interrupts, an interrupt of the UART and its input, and ACPI.
 *
 * @param architecture - default `aarch64`.
 * @experimental
 */
export function embeddedGuest(architecture: EmbeddedArchitecture = 'aarch64'): EmbeddedGuest {
  return {
    image: decode(IMAGES[architecture]),
    description: 'a bare-metal self-test: traps, faults, MMU, timer interrupts, FP, UART',
    doneMarker: 'EMBEDDED-GUEST-DONE',
  };
}

/**
 * The safety part of a small car, as a bare-metal program for one AArch64 CPU at EL1: it uses a 16550-compatible UART
 * at 0x09000000, GICv3, and if they exist, a fixed `shmem` region at 0x70000000, a `virtio-net` and the power button.
 * It sends samples of a speed through shared memory, checks and limits the accelerations that it gets back, answers
 * ARP and ICMP echo as 192.168.10.1, and ends on a command or by the power button. It runs at any address in RAM.
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
