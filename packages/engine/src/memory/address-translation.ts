/** How an access uses memory. @experimental */
export type Access = 'read' | 'write' | 'execute';

/**
 * The MMU of one vCPU as the engine asks it. What {@link AddressTranslation.translate} finds stays in the fields until the next call, so
 * that a walk allocates nothing.
 *
 * @experimental
 */
export interface AddressTranslation {
  /** Whether the vCPU accesses memory with the rights of its operating system. */
  readonly privileged: boolean;
  /** Guest-physical address. */
  readonly physical: number;
  /** log2 of the bytes that the descriptor maps. */
  readonly blockBits: number;
  /** Whether the translation belongs to one address space, not to all. */
  readonly local: boolean;
  /** What the rights of the access allow beside the access itself. */
  readonly readable: boolean;
  /** Memory whose accesses must be aligned, and of no more than one register's bytes at a time. */
  readonly device: boolean;
  /** Why {@link AddressTranslation.translate} returned false: a value of the architecture. */
  readonly fault: number;
  /**
   * Translates a virtual address.
   *
   * @param lo - its low 32 bits, unsigned.
   * @param hi - its high 32 bits, unsigned.
   * @returns whether the access is allowed; otherwise `fault` says why.
   */
  translate(lo: number, hi: number, access: Access, privileged: boolean): boolean;
  /** Where a jump to an address goes whose bits 63–55 are not alike: what the program counter becomes. */
  branchTarget(target: bigint): bigint;
}

/**
 * The faults that the engine itself finds, as values of the architecture, which it gets back unseen.
 *
 * @experimental
 */
export interface EngineFaults {
  /** A misaligned access that must be aligned. */
  readonly alignment: number;
  /** Nothing is at the guest-physical address. */
  readonly external: number;
  /** A watchpoint stopped the access. */
  readonly watchpoint: number;
}
