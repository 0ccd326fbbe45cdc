/** Bits of the error status register (SDM 3A, 10.5.3) that this APIC detects. */
export enum ApicError {
  SendIllegalVector = 1 << 5,
  ReceiveIllegalVector = 1 << 6,
  IllegalRegister = 1 << 7,
}

/** All bits that the register may have. */
export const ERROR_MASK = ApicError.SendIllegalVector | ApicError.ReceiveIllegalVector | ApicError.IllegalRegister;

/** The error status register: errors are collected, and become visible when software writes the register. */
export class ErrorStatus {
  /** Errors since the last write. */
  collected = 0;
  /** The value that reads return. */
  visible = 0;

  /** Collects an error. Returns whether it is the first one since the last write: then the error interrupt is due. */
  record(error: ApicError): boolean {
    const first = this.collected === 0;
    this.collected |= error;
    return first;
  }

  /** A write of the register, with any value. */
  update(): void {
    this.visible = this.collected;
    this.collected = 0;
  }

  reset(): void {
    this.collected = 0;
    this.visible = 0;
  }
}
