import type { AcpiContext, AcpiDevicePart, AcpiResource } from '@qvm/core/vdev';

/** A device of PCs in the namespace of ACPI. */
interface PcDevice {
  /** Prefix of its name, 1 to 3 characters. */
  readonly prefix: string;
  /** Its EISA identifier. */
  readonly id: string;
  readonly resources: readonly AcpiResource[];
}

/**
 * Describes a device of PCs with a fixed place: identifier and resources.
 *
 * @internal
 */
export function acpiDevice({ prefix, id, resources }: PcDevice, context: AcpiContext): AcpiDevicePart {
  const values = { _HID: { eisaId: id }, _UID: context.uid(id), _CRS: { resources } };
  return { kind: 'device', device: { name: context.deviceName(prefix), values } };
}

/** Ports of a vdev, by the bases that its context has. */
export function ioResource(bases: Readonly<Record<string, number>>, range: string, size: number): AcpiResource {
  return { kind: 'io', base: bases[range] ?? 0, size };
}
