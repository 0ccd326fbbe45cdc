/**
 * The ways by which images are entered, as the key `entry` of a configuration names them:
 *
 * - `pvh`: 32-bit protected mode, at the address of an ELF note (Xen, docs/misc/pvh.pandoc);
 * - `linux64`, `linux32`: the 64-bit and 32-bit entries of Linux (Documentation/arch/x86/boot.rst), also for other ELF files;
 * - `multiboot1`, `multiboot2`: as GNU's Multiboot Specification, version 0.6.96 and 2.0;
 * - `real-mode`: the 16-bit setup code of a bzImage, in real-address mode, which enters the rest; the kernel unpacks itself;
 * - `firmware`: the reset vector.
 *
 * @experimental
 */
export const ENTRIES = ['pvh', 'linux64', 'linux32', 'real-mode', 'multiboot1', 'multiboot2', 'firmware'] as const;

/** One of {@link ENTRIES}. @experimental */
export type EntryProtocol = (typeof ENTRIES)[number];
