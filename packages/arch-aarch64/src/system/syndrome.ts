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
  BreakpointLower = 0x30,
  BreakpointSame = 0x31,
  SoftwareStepLower = 0x32,
  SoftwareStepSame = 0x33,
  WatchpointLower = 0x34,
  WatchpointSame = 0x35,
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
  /** Not a fault: a watchpoint. */
  Debug = 0x22,
}

/** Syndrome bit IL: the trapped instruction has 32 bits. @experimental */
export const IL = 1 << 25;

/** ESR_ELx of a class and its syndrome, as an unsigned number. @experimental */
export const syndrome = (ec: ExceptionClass, iss: number): number => ((ec << 26) | IL | iss) >>> 0;

/**
 * ISS of a trapped MRS, MSR or SYS, which repeats its encoding (Arm ARM D17.2.37, "ISS encoding for an exception from MSR, MRS,
 * or System instruction execution in AArch64 state").
 *
 * @param info - the instruction's bits 20:5 and Rt in their places, and its bit L at 21.
 * @experimental
 */
export function systemRegisterIss(info: number): number {
  const op0 = info >>> 19;
  const op1 = (info >>> 16) & 7;
  const CRn = (info >>> 12) & 15;
  const CRm = (info >>> 8) & 15;
  const op2 = (info >>> 5) & 7;
  const read = (info >>> 21) & 1;
  return ((op0 & 3) << 20) | (op2 << 17) | (op1 << 14) | (CRn << 10) | ((info & 31) << 5) | (CRm << 1) | read;
}

/**
 * ESR_EL2 of an access to a device register: a data abort on stage 2 with a valid syndrome (Arm ARM D17.2.37, "ISS
 * encoding for an exception from a Data Abort"). The fields for the register's number and its extension are 0.
 *
 * @param width - bytes: 1, 2, 4 or 8.
 * @experimental
 */
export function deviceAccessSyndrome(width: number, write: boolean): number {
  const ISV = 1 << 24;
  const WnR = write ? 1 << 6 : 0;
  return syndrome(
    ExceptionClass.DataAbortLower,
    ISV | ((31 - Math.clz32(width)) << 22) | WnR | FaultStatus.Translation | 3,
  );
}
