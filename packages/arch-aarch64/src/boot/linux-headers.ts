import { elfMachine, ElfMachine } from '@qvm/core/architecture';

/** Header of the arm64 kernel image (Linux, Documentation/arch/arm64/booting.rst). */
export const Header = { textOffset: 0x08, imageSize: 0x10, flags: 0x18, magic: 0x38, pe: 0x3c, bytes: 0x40 } as const;
/** "ARM\x64". */
export const MAGIC = 0x644d_5241;
/**
 * EFI zboot (Linux, drivers/firmware/efi/libstub/zboot-header.S): "MZ", "zimg", then the payload's offset, size and
 * compression.
 */
export const Zboot = { mark: 0x04, offset: 0x08, size: 0x0c, compression: 0x18, bytes: 0x38 } as const;
/** "zimg". */
export const ZBOOT_MAGIC = 0x676d_697a;

/**
 * Whether a file is an arm64 Linux `Image`, plain or as EFI zboot, or an ELF file for AArch64, by its beginning. Raw code and
 * compressed files cannot be told by that.
 *
 * @param head - the first 1024 bytes.
 */
export function isAarch64Image(head: Uint8Array): boolean {
  if (elfMachine(head) === ElfMachine.AArch64) return true;
  if (head.length < Header.bytes) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  return view.getUint32(Header.magic, true) === MAGIC || view.getUint32(Zboot.mark, true) === ZBOOT_MAGIC;
}
