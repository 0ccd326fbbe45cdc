import {
  ELF_HEADER_BYTES,
  ELF_PROGRAM_HEADER_BYTES,
  ElfMachine,
  ElfSegmentType,
  ElfType,
  writeElfHeader,
  writeElfProgramHeader,
} from '@qvm/core/architecture';
/** Parts of an arm64 Linux image's header. */
export interface LinuxHeader {
  readonly textOffset?: bigint;
  readonly imageSize?: bigint;
  readonly flags?: bigint;
  /** Offset of a PE header, and its sections as [raw offset, raw size]. */
  readonly pe?: { readonly at: number; readonly sections: readonly (readonly [number, number])[] };
}

const MAGIC = 0x644d_5241;
const NOP = [0x1f, 0x20, 0x03, 0xd5];
let known = new Uint8Array(0);

/** A file with the header of an arm64 `Image`, filled with a pattern. */
export function linuxImage(
  bytes: number,
  { textOffset = 0n, imageSize = BigInt(bytes), flags = 0n, pe }: LinuxHeader = {},
): Uint8Array {
  const image = pattern(bytes);
  const view = new DataView(image.buffer);
  image.fill(0, 0, 0x40);
  view.setBigUint64(0x08, textOffset, true);
  view.setBigUint64(0x10, imageSize, true);
  view.setBigUint64(0x18, flags, true);
  view.setUint32(0x38, MAGIC, true);
  if (pe) {
    view.setUint32(0x3c, pe.at, true);
    view.setUint32(pe.at, 0x4550, true);
    view.setUint16(pe.at + 6, pe.sections.length, true);
    view.setUint16(pe.at + 20, 0, true);
    pe.sections.forEach(([offset, size], i) => {
      view.setUint32(pe.at + 24 + i * 40 + 16, size, true);
      view.setUint32(pe.at + 24 + i * 40 + 20, offset, true);
    });
  }
  return image;
}

/** Bytes other than zero, which tell copied memory from cleared memory. */
export function pattern(bytes: number): Uint8Array {
  if (bytes > known.length) known = new Uint8Array(bytes).map((_, i) => (i % 251) + 1);
  return known.slice(0, bytes);
}

/** A segment of {@link elfImage}. */
export interface ElfPart {
  readonly physical: number;
  readonly virtual?: bigint;
  readonly fileSize?: number;
  readonly memorySize?: number;
}

/** An ELF64 file for a machine and with a class (2 is 64 bits). */
export function elfImage(
  entry: bigint,
  parts: readonly ElfPart[],
  machine = ElfMachine.AArch64,
  elfClass = 2,
): Uint8Array {
  const headers = ELF_HEADER_BYTES + parts.length * ELF_PROGRAM_HEADER_BYTES;
  const total = parts.reduce((sum, { fileSize = 16 }) => sum + fileSize, headers);
  const bytes = pattern(total);
  bytes.fill(0, 0, headers);
  const view = new DataView(bytes.buffer);
  writeElfHeader(view, { type: ElfType.Executable, machine, entry, programHeaders: parts.length });
  view.setUint8(4, elfClass);
  let offset = headers;
  parts.forEach(({ physical, virtual = BigInt(physical), fileSize = 16, memorySize = fileSize }, index) => {
    const place = { offset, virtual, physical, fileSize, memorySize };
    writeElfProgramHeader(view, index, { type: ElfSegmentType.Load, ...place });
    offset += fileSize;
  });
  return bytes;
}

/** An EFI zboot image around a payload. */
export function zbootImage(payload: Uint8Array, compression: string): Uint8Array {
  const bytes = new Uint8Array(0x40 + payload.length);
  bytes.set(new TextEncoder().encode('MZ\0\0zimg'));
  const view = new DataView(bytes.buffer);
  view.setUint32(8, 0x40, true);
  view.setUint32(12, payload.length, true);
  bytes.set(new TextEncoder().encode(compression), 0x18);
  bytes.set(payload, 0x40);
  return bytes;
}

/** An ELF file that loads code at an address and begins there. */
export function elfProgram(address: number, code: Uint8Array): Uint8Array {
  const image = elfImage(BigInt(address), [{ physical: address, fileSize: code.length }]);
  image.set(code, image.length - code.length);
  return image;
}

/** Raw code: instructions, then a pattern. */
export function rawCode(bytes: number): Uint8Array {
  const code = pattern(bytes);
  for (let at = 0; at < Math.min(bytes, 0x40); at++) code[at] = NOP[at % 4] as number;
  return code;
}
