// System V ABI, "Object Files" (gABI), ELF64 with little-endian data.
/** Size in bytes of the header of an ELF64 file, which program headers follow. @experimental */
export const ELF_HEADER_BYTES = 64;
/** Size in bytes of a program header of an ELF64 file. @experimental */
export const ELF_PROGRAM_HEADER_BYTES = 56;

/**
 * The values of `e_machine` for supported architectures.
 *
 * @experimental
 */
export enum ElfMachine {
  /** `EM_386` */
  I386 = 3,
  /** `EM_X86_64` */
  X86_64 = 62,
  /** `EM_AARCH64` */
  AArch64 = 183,
}

/**
 * Kinds of ELF files (`e_type`).
 *
 * @experimental
 */
export enum ElfType {
  /** `ET_EXEC` */
  Executable = 2,
  /** `ET_DYN` */
  Shared = 3,
  /** `ET_CORE` */
  Core = 4,
}

/**
 * Kinds of segments (`p_type`).
 *
 * @experimental
 */
export enum ElfSegmentType {
  /** `PT_LOAD` */
  Load = 1,
  /** `PT_NOTE` */
  Note = 4,
}
