import type { AcpiDevice, AcpiDevicePart } from '@qvm/core/vdev';
import { encodeName, encodeScope } from './aml-scopes.js';
import { join } from './bytes.js';
import type { Bytes } from './bytes.js';
import { invalid } from './invalid.js';
import { partsOf } from './platform.js';
import type { AcpiPlatform } from './platform.js';
import { makeTable } from './table.js';
import type { AcpiTable } from './table.js';

/** From revision 2 on, integers have 64 bits. */
const REVISION = 2;
const SYSTEM_BUS = '\\_SB';

/**
 * The description table with the namespace: processors, the devices and scopes of vdevs, and the states of sleep.
 *
 * @throws `QvmError` `acpi.invalid`.
 */
export function dsdt(platform: AcpiPlatform): AcpiTable {
  const parts = partsOf(platform, 'device');
  const processors = platform.processors.map((_, uid) => processorDevice(uid));
  const top = parts.filter(({ parent = SYSTEM_BUS }) => parent === SYSTEM_BUS).map(({ device }) => device);
  return makeTable('DSDT', REVISION, [
    ...encodeScope(SYSTEM_BUS, { devices: [...processors, ...top] }),
    ...join(withinDevices(parts)),
    ...join(partsOf(platform, 'scope').map(({ path, scope }) => encodeScope(path, scope))),
    ...join(partsOf(platform, 'power-management').map(({ powerOff }) => encodeName('_S5', [powerOff, 0, 0, 0]))),
  ]);
}

function processorDevice(uid: number): AcpiDevice {
  return {
    name: `C${uid.toString(16).toUpperCase().padStart(3, '0')}`,
    values: { _HID: 'ACPI0007', _UID: uid },
  };
}

/** Devices that are within the device of another part, which must come before them. */
function withinDevices(parts: readonly AcpiDevicePart[]): readonly Bytes[] {
  const known = new Set(parts.flatMap(({ device, parent = SYSTEM_BUS }) => pathsOf(device, parent)));
  const byParent = new Map<string, AcpiDevice[]>();
  for (const { device, parent = SYSTEM_BUS } of parts) {
    if (parent === SYSTEM_BUS) continue;
    if (!known.has(parent)) throw invalid(`The device ${device.name} is in ${parent}, which no vdev of the VM is.`);
    byParent.set(parent, [...(byParent.get(parent) ?? []), device]);
  }
  return [...byParent]
    .sort(([first], [second]) => first.split('.').length - second.split('.').length)
    .map(([parent, devices]) => encodeScope(parent, { devices }));
}

function pathsOf(device: AcpiDevice, parent: string): readonly string[] {
  const path = `${parent}.${device.name}`;
  return [path, ...(device.devices ?? []).flatMap((child) => pathsOf(child, path))];
}
