/*
 * U-Boot for QEMU's arm64 board starts at reset and expects the device tree at the first byte of RAM. A machine that
 * boots kernels has it elsewhere and passes its address in X0. Therefore U-Boot gets the header of a kernel image
 * (Linux, Documentation/arch/arm64/booting.rst) and a few instructions that move the tree. U-Boot itself runs at any
 * page.
 */

/**
 * Offset from the beginning of RAM: after the tree, and below 2 MiB, where U-Boot's first stack begins and grows down.
 */
const TEXT_OFFSET = 0x8_0000;
const HEADER_BYTES = 64;
/** Offset of U-Boot in the image, on a page. */
const U_BOOT_AT = 0x1000;
/** Memory that U-Boot uses after its image before it moves to the end of RAM. */
const WORKING_ROOM = 0x10_0000;
/** Little-endian kernel for 4 KiB pages, anywhere in RAM. */
const FLAGS = 0xan;
/** "ARM\x64". */
const MAGIC = 0x644d_5241;
const BRANCH = 0x1400_0000;

/** Code after the header; X0 is the tree's address. */
const MOVE_TREE: readonly number[] = [
  0x10ff_fe01, // adr   x1, image
  0xd142_0021, // sub   x1, x1, #TEXT_OFFSET   ; RAM
  0xb940_0402, // ldr   w2, [x0, #4]           ; totalsize (Devicetree specification, section 5.2)
  0x5ac0_0842, // rev   w2, w2
  0xaa01_03e4, // mov   x4, x1
  0xf840_8403, // ldr   x3, [x0], #8
  0xf800_8423, // str   x3, [x1], #8
  0xf100_2042, // subs  x2, x2, #8
  0x54ff_ffa8, // b.hi  .-12
  0xaa04_03e0, // mov   x0, x4
];

/** Makes an image that boots like a kernel, from the `u-boot.bin` for QEMU's arm64 board. */
export function uBootImage(uBoot: Uint8Array): Uint8Array {
  const image = new Uint8Array(U_BOOT_AT + uBoot.length);
  const view = new DataView(image.buffer);
  view.setUint32(0, BRANCH | (HEADER_BYTES / 4), true);
  view.setBigUint64(8, BigInt(TEXT_OFFSET), true);
  view.setBigUint64(16, BigInt(image.length + WORKING_ROOM), true);
  view.setBigUint64(24, FLAGS, true);
  view.setUint32(56, MAGIC, true);
  MOVE_TREE.forEach((word, index) => view.setUint32(HEADER_BYTES + index * 4, word, true));
  const last = HEADER_BYTES + MOVE_TREE.length * 4;
  view.setUint32(last, BRANCH | ((U_BOOT_AT - last) / 4), true);
  image.set(uBoot, U_BOOT_AT);
  return image;
}
