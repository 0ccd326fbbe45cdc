import {
  ELF_HEADER_BYTES,
  ELF_PROGRAM_HEADER_BYTES,
  ElfMachine,
  ElfSegmentType,
  ElfType,
  writeElfHeader,
  writeElfProgramHeader,
} from '@qvm/core/architecture';

const MACHINES = { aarch64: ElfMachine.AArch64, x86_64: ElfMachine.X86_64 } as const;
const READ_WRITE_EXECUTE = 7;

/**
 * A bare program as an ELF64 file, which guests of its architecture can boot: one segment, whose first byte is the
 * first instruction.
 *
 * @param arch - `aarch64` or `x86_64`, where it begins in 64-bit mode.
 * @param address - guest-physical address of the segment.
 * @experimental
 */
export function elfProgram(arch: keyof typeof MACHINES, address: number, code: Uint8Array): Uint8Array {
  const offset = ELF_HEADER_BYTES + ELF_PROGRAM_HEADER_BYTES;
  const file = new Uint8Array(offset + code.length);
  const view = new DataView(file.buffer);
  const entry = BigInt(address);
  writeElfHeader(view, { type: ElfType.Executable, machine: MACHINES[arch], entry, programHeaders: 1 });
  writeElfProgramHeader(view, 0, {
    type: ElfSegmentType.Load,
    flags: READ_WRITE_EXECUTE,
    offset,
    virtual: entry,
    physical: address,
    fileSize: code.length,
    memorySize: code.length,
  });
  file.set(code, offset);
  return file;
}
