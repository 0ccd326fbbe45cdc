/** How an access uses memory. @experimental */
export type Access = 'read' | 'write' | 'execute';

/**
 * The MMU of one vCPU, as the engine uses it. The results of {@link AddressTranslation.translate} stay in the fields
 * until the next call, so that a walk allocates no object.
 *
 * @experimental
 */
export interface AddressTranslation {
  /** Whether the vCPU accesses memory with the rights of its operating system. */
  readonly privileged: boolean;
  /** Guest-physical address. */
  readonly physical: number;
  /** log2 of the number of bytes that the descriptor maps. */
  readonly blockBits: number;
  /** Whether the translation belongs to one address space only. */
  readonly local: boolean;
  /** Permissions of the mapping, for accesses with the same privilege. */
  readonly readable: boolean;
  /** Whether accesses must be aligned and no larger than one register. */
  readonly device: boolean;
  /** Reason why {@link AddressTranslation.translate} returned false: a value of the architecture. */
  readonly fault: number;
  /**
   * Translates a virtual address.
   *
   * @param lo - its low 32 bits, unsigned.
   * @param hi - its high 32 bits, unsigned.
   * @returns whether the access is allowed; otherwise `fault` says why.
   */
  translate(lo: number, hi: number, access: Access, privileged: boolean): boolean;
  /** The program counter after a jump to an address whose bits 63–55 are not equal. */
  branchTarget(target: bigint): bigint;
}

/**
 * The faults that the engine itself detects, as values of the architecture. The engine does not interpret them.
 *
 * @experimental
 */
export interface EngineFaults {
  /** A misaligned access that requires alignment. */
  readonly alignment: number;
  /** Nothing answers at the guest-physical address. */
  readonly external: number;
  /** A watchpoint stopped the access. */
  readonly watchpoint: number;
}
