/**
 * Exception classes (ESR_ELx.EC, Arm ARM D17.2.37).
 *
 * @experimental
 */
export enum ExceptionClass {
  Unknown = 0x00,
  WfxTrap = 0x01,
  FpAccess = 0x07,
  IllegalState = 0x0e,
  Svc64 = 0x15,
  Hvc64 = 0x16,
  Smc64 = 0x17,
  SystemRegister = 0x18,
  InstructionAbortLower = 0x20,
  InstructionAbortSame = 0x21,
  PcAlignment = 0x22,
  DataAbortLower = 0x24,
  DataAbortSame = 0x25,
  SpAlignment = 0x26,
  SoftwareStepLower = 0x32,
  SoftwareStepSame = 0x33,
  Brk64 = 0x3c,
}

/**
 * Fault status codes (ESR_ELx.ISS.DFSC and IFSC) without the level.
 *
 * @experimental
 */
export enum FaultStatus {
  AddressSize = 0x00,
  Translation = 0x04,
  AccessFlag = 0x08,
  Permission = 0x0c,
  ExternalAbort = 0x10,
  ExternalAbortOnWalk = 0x14,
  Alignment = 0x21,
}

/** Syndrome bit IL: the trapped instruction has 32 bits. @experimental */
export const IL = 1 << 25;

/** ESR_ELx of a class and its syndrome, as an unsigned number. @experimental */
export const syndrome = (ec: ExceptionClass, iss: number): number => ((ec << 26) | IL | iss) >>> 0;
