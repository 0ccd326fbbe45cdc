import { QvmError } from '@qvm/core';
import type { ConfigSpace } from '../config-space/config-space.js';
import {
  CACHE_LINE_SIZE,
  CLASS_CODE,
  COMMAND,
  COMMAND_BUS_MASTER,
  COMMAND_INTX_DISABLE,
  COMMAND_IO,
  COMMAND_MEMORY,
  COMMAND_PARITY,
  COMMAND_SERR,
  DEVICE_ID,
  INTERRUPT_LINE,
  INTERRUPT_PIN,
  REVISION_ID,
  STATUS,
  STATUS_ERRORS,
  SUBSYSTEM_ID,
  SUBSYSTEM_VENDOR_ID,
  VENDOR_ID,
} from '../config-space/registers.js';
import { registersOf } from './base-address.js';
import type { PciFunctionSpec } from './function-spec.js';

/**
 * Defines the header of type 0, without its BARs.
 *
 * @throws `QvmError` `pci.function` for an identity that does not fit its registers, or BARs that share a register.
 */
export function defineHeader(config: ConfigSpace, spec: PciFunctionSpec): void {
  checkSpec(spec);
  const { vendorId, deviceId, revision = 0, classCode, subsystemVendorId = vendorId, subsystemId = 0 } = spec;
  config.define({ offset: VENDOR_ID, width: 2, value: vendorId });
  config.define({ offset: DEVICE_ID, width: 2, value: deviceId });
  config.define({ offset: COMMAND, width: 2, writable: commandBits(spec) });
  config.define({ offset: STATUS, width: 2, clears: STATUS_ERRORS });
  config.define({ offset: REVISION_ID, width: 1, value: revision });
  config.define({ offset: CLASS_CODE, width: 1, value: classCode });
  config.define({ offset: CLASS_CODE + 1, width: 2, value: classCode >>> 8 });
  config.define({ offset: CACHE_LINE_SIZE, width: 1, writable: 0xff });
  config.define({ offset: SUBSYSTEM_VENDOR_ID, width: 2, value: subsystemVendorId });
  config.define({ offset: SUBSYSTEM_ID, width: 2, value: subsystemId });
  config.define({ offset: INTERRUPT_LINE, width: 1, writable: 0xff });
  config.define({ offset: INTERRUPT_PIN, width: 1, value: spec.interruptPin ?? 0 });
}

/** A function without ranges of a kind does not implement the bit that enables them (PCI Local Bus 3.0, section 6.2.2). */
function commandBits({ bars = [], interruptPin }: PciFunctionSpec): number {
  return (
    (bars.some(({ kind }) => kind === 'io') ? COMMAND_IO : 0) |
    (bars.some(({ kind }) => kind !== 'io') ? COMMAND_MEMORY : 0) |
    (interruptPin === undefined ? 0 : COMMAND_INTX_DISABLE) |
    COMMAND_BUS_MASTER |
    COMMAND_PARITY |
    COMMAND_SERR
  );
}

function checkSpec(spec: PciFunctionSpec): void {
  const { vendorId, deviceId, revision = 0, classCode, subsystemVendorId = 0, subsystemId = 0, bars = [] } = spec;
  const fits = (value: number, bits: number): boolean => Number.isInteger(value) && value >= 0 && value < 2 ** bits;
  const words = [vendorId, deviceId, subsystemVendorId, subsystemId];
  if (!words.every((word) => fits(word, 16)) || !fits(revision, 8) || !fits(classCode, 24)) {
    throw new QvmError('pci.function', 'The identity of a PCI function does not fit its registers.');
  }
  const taken = bars.flatMap(registersOf);
  if (new Set(taken).size !== taken.length) {
    throw new QvmError('pci.function', 'Two BARs of a PCI function share a register.');
  }
}
