import type { AcpiPart } from '@qvm/core/vdev';

/**
 * A processor of the machine.
 *
 * @experimental
 */
export interface AcpiProcessor {
  /** Its local APIC's ID; from 255 on it is described as an x2APIC. */
  readonly apicId: number;
}

/**
 * A machine that ACPI tables describe.
 *
 * @experimental
 */
export interface AcpiPlatform {
  /** In the order of their `_UID`, which counts from 0. */
  readonly processors: readonly AcpiProcessor[];
  /** Guest-physical address of the local APICs' registers. */
  readonly localApicAddress: number;
  /** The parts that vdevs contribute. */
  readonly parts: readonly AcpiPart[];
}

/** The parts of one kind. */
export function partsOf<K extends AcpiPart['kind']>(
  { parts }: AcpiPlatform,
  kind: K,
): readonly Extract<AcpiPart, { kind: K }>[] {
  return parts.filter((part): part is Extract<AcpiPart, { kind: K }> => part.kind === kind);
}

/** Whether a device of the platform, or one within it, has an EISA identifier as its `_HID`. */
export function hasDevice(platform: AcpiPlatform, id: string): boolean {
  const pending = partsOf(platform, 'device').map(({ device }) => device);
  for (let device = pending.pop(); device !== undefined; device = pending.pop()) {
    const hid = device.values?.['_HID'];
    if (typeof hid === 'object' && 'eisaId' in hid && hid.eisaId === id) return true;
    pending.push(...(device.devices ?? []));
  }
  return false;
}
