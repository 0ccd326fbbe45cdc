import type { AcpiDevice, AcpiRegion, AcpiScope } from '@qvm/core/vdev';
import { encodeMethod } from './aml-methods.js';
import { fieldLength, nameSegment, nameString, packaged } from './aml-names.js';
import { encodeInteger, encodeValue } from './aml-values.js';
import { join } from './bytes.js';
import type { Bytes } from './bytes.js';
import { invalid } from './invalid.js';

// ACPI 6.5, section 20.2.5.
const Op = { name: 0x08, scope: 0x10, extended: 0x5b, region: 0x80, field: 0x81, device: 0x82, gap: 0x00 } as const;
const SPACES: Readonly<Record<AcpiRegion['space'], number>> = { memory: 0, io: 1, 'pci-configuration': 2 };
const ACCESS: Readonly<Record<AcpiRegion['access'], number>> = { 8: 1, 16: 2, 32: 3 };
const DEPTH_LIMIT = 32;

/**
 * The AML of objects for a scope that exists.
 *
 * @param path - absolute path of the scope.
 * @throws `QvmError` `acpi.invalid`.
 */
export function encodeScope(path: string, scope: AcpiScope): Bytes {
  return [Op.scope, ...packaged([...nameString(path), ...encodeObjects(scope, path, 0)])];
}

/** The AML of a named value. */
export function encodeName(name: string, value: Parameters<typeof encodeValue>[0]): Bytes {
  if (typeof value === 'object' && 'path' in value)
    throw invalid(`The object ${name} is the name of another: only elements of packages can be.`);
  return [Op.name, ...nameSegment(name), ...encodeValue(value)];
}

/** The AML of a device and all that is in it. */
export function encodeDevice(device: AcpiDevice, depth = 0): Bytes {
  if (depth > DEPTH_LIMIT) throw invalid(`The device ${device.name} is more than ${DEPTH_LIMIT} devices deep.`);
  const body = encodeObjects(device, device.name, depth);
  return [Op.extended, Op.device, ...packaged([...nameSegment(device.name), ...body])];
}

function encodeObjects(scope: AcpiScope, where: string, depth: number): Bytes {
  const { values = {}, regions = [], methods = [], devices = [] } = scope;
  requireDistinct(where, [
    ...Object.keys(values),
    ...regions.flatMap(({ name, fields }) => [name, ...fields.flatMap((field) => field.name ?? [])]),
    ...methods.map(({ name }) => name),
    ...devices.map(({ name }) => name),
  ]);
  return join([
    ...Object.entries(values).map(([name, value]) => encodeName(name, value)),
    ...regions.map(encodeRegion),
    ...methods.map(encodeMethod),
    ...devices.map((device) => encodeDevice(device, depth + 1)),
  ]);
}

function requireDistinct(where: string, names: readonly string[]): void {
  const padded = names.map((name) => name.padEnd(4, '_'));
  const twice = padded.find((name, index) => padded.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(`${where} has two objects with the name ${twice}.`);
}

function encodeRegion({ name, space, base, size, access, fields }: AcpiRegion): Bytes {
  const bits = fields.reduce((sum, field) => sum + field.bits, 0);
  if (bits > size * 8) throw invalid(`The fields of the region ${name} have ${bits} bits, the region ${size * 8}.`);
  const region = [...nameSegment(name), SPACES[space], ...encodeInteger(base), ...encodeInteger(size)];
  const list = join(
    fields.map((field) => [
      ...(field.name === undefined ? [Op.gap] : nameSegment(field.name)),
      ...fieldLength(field.bits),
    ]),
  );
  const field = packaged([...nameSegment(name), ACCESS[access], ...list]);
  return [Op.extended, Op.region, ...region, Op.extended, Op.field, ...field];
}
