import type { AcpiPowerManagementPart } from '@qvm/core/vdev';
import { invalid } from './invalid.js';
import { hasDevice, partsOf } from './platform.js';
import type { AcpiPlatform } from './platform.js';
import { AddressSpace, genericAddress, HEADER_BYTES, makeTable } from './table.js';
import type { AcpiTable } from './table.js';

// ACPI 6.5, section 5.2.9.
const REVISION = 6;
const MINOR_REVISION = 5;
const BYTES = 276;
/** Offsets of fields in the table. */
const Field = {
  facs: 36,
  dsdt: 40,
  profile: 45,
  sci: 46,
  pm1Event: 56,
  pm1Control: 64,
  timer: 76,
  gpe0: 80,
  pm1EventLength: 88,
  pm1ControlLength: 89,
  timerLength: 91,
  gpe0Length: 92,
  c2Latency: 96,
  c3Latency: 98,
  century: 108,
  bootArchitecture: 109,
  flags: 112,
  resetRegister: 116,
  resetValue: 128,
  minorRevision: 131,
  extendedDsdt: 140,
  extendedPm1Event: 148,
  extendedPm1Control: 172,
  extendedTimer: 208,
  extendedGpe0: 220,
} as const;
const Flag = {
  wbinvd: 1 << 0,
  c1OnAllProcessors: 1 << 2,
  noFixedPowerButton: 1 << 4,
  noFixedSleepButton: 1 << 5,
  noFixedRtcWake: 1 << 6,
  timerHas32Bits: 1 << 8,
  resetRegister: 1 << 10,
  hardwareReduced: 1 << 20,
} as const;
const BootArchitecture = { legacyDevices: 1 << 0, keyboardController: 1 << 1, noRtc: 1 << 5 } as const;
/** Latencies above these mean that the processors have no such state. */
const NO_C2 = 101;
const NO_C3 = 1001;
const DESKTOP = 1;

/**
 * The fixed ACPI description table. A machine without power management is described as hardware-reduced.
 *
 * @throws `QvmError` `acpi.invalid` when several vdevs have the fixed hardware.
 */
export function fadt(platform: AcpiPlatform): AcpiTable {
  const [power, other] = partsOf(platform, 'power-management');
  if (other) throw invalid('Two vdevs have the fixed hardware of power management.');
  const body = new DataView(new ArrayBuffer(BYTES - HEADER_BYTES));
  const put = (size: 1 | 2 | 4, offset: number, value: number): void => {
    const at = offset - HEADER_BYTES;
    if (size === 1) body.setUint8(at, value);
    else if (size === 2) body.setUint16(at, value, true);
    else body.setUint32(at, value, true);
  };
  const putAddress = (offset: number, bits: number, port: number | undefined): void =>
    genericAddress(AddressSpace.io, bits, port).forEach((byte, index) => put(1, offset + index, byte));
  put(1, Field.profile, DESKTOP);
  put(2, Field.c2Latency, NO_C2);
  put(2, Field.c3Latency, NO_C3);
  put(2, Field.bootArchitecture, bootArchitecture(platform));
  put(4, Field.flags, flags(power));
  put(1, Field.minorRevision, MINOR_REVISION);
  if (power) {
    put(2, Field.sci, power.sci);
    put(4, Field.pm1Event, power.pm1Event);
    put(1, Field.pm1EventLength, 4);
    putAddress(Field.extendedPm1Event, 32, power.pm1Event);
    put(4, Field.pm1Control, power.pm1Control);
    put(1, Field.pm1ControlLength, 2);
    putAddress(Field.extendedPm1Control, 16, power.pm1Control);
    put(4, Field.timer, power.timer);
    put(1, Field.timerLength, 4);
    putAddress(Field.extendedTimer, 32, power.timer);
    put(4, Field.gpe0, power.gpe0?.base ?? 0);
    put(1, Field.gpe0Length, power.gpe0?.size ?? 0);
    putAddress(Field.extendedGpe0, (power.gpe0?.size ?? 0) * 8, power.gpe0?.base);
    put(1, Field.century, power.century ?? 0);
    putAddress(Field.resetRegister, 8, power.reset?.port);
    put(1, Field.resetValue, power.reset?.value ?? 0);
  }
  return makeTable('FACP', REVISION, Array.from(new Uint8Array(body.buffer)), [
    { offset: Field.facs, size: 4, target: 'FACS' },
    { offset: Field.dsdt, size: 4, target: 'DSDT' },
    { offset: Field.extendedDsdt, size: 8, target: 'DSDT' },
  ]);
}

function flags(power: AcpiPowerManagementPart | undefined): number {
  const always = Flag.wbinvd | Flag.c1OnAllProcessors | Flag.noFixedSleepButton | Flag.noFixedRtcWake;
  if (!power) return always | Flag.noFixedPowerButton | Flag.hardwareReduced;
  const { powerButton, reset } = power;
  return always | Flag.timerHas32Bits | (powerButton ? 0 : Flag.noFixedPowerButton) | (reset ? Flag.resetRegister : 0);
}

/** Which devices of a PC a guest may expect where they have always been. */
function bootArchitecture(platform: AcpiPlatform): number {
  const serialOrParallel = ['PNP0501', 'PNP0400'].some((id) => hasDevice(platform, id));
  const keyboard = ['PNP0303', 'PNP0F13'].some((id) => hasDevice(platform, id));
  return (
    (serialOrParallel ? BootArchitecture.legacyDevices : 0) |
    (keyboard ? BootArchitecture.keyboardController : 0) |
    (hasDevice(platform, 'PNP0B00') ? 0 : BootArchitecture.noRtc)
  );
}
