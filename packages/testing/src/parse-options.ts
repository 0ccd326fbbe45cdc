import { parseMac } from '@qvm/core/services';
import { QvmError } from '@qvm/core';
import type { OptionSpec, OptionValue, OptionValues } from '@qvm/core/vdev';

type Scalar = string | number | boolean;

const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };
const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  on: true,
  yes: true,
  false: false,
  off: false,
  no: false,
};

/**
 * Validates options against their descriptions and fills in defaults. Values may be typed already or text as in a
 * configuration (`base=0x1000`, `size=64K`, `enabled=on`).
 *
 * @throws QvmError `vdev.option` for an unknown, missing or unfit option.
 * @experimental
 */
export function parseOptions(specs: readonly OptionSpec[], given: OptionValues = {}): OptionValues {
  const unknown = Object.keys(given).find((name) => !specs.some((spec) => spec.name === name));
  if (unknown !== undefined) {
    throw optionError(unknown, `is unknown; known are ${specs.map((spec) => spec.name).join(', ') || 'none'}`);
  }
  const values = specs.map((spec) => [spec.name, parseOption(spec, given[spec.name] ?? spec.default)] as const);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

function parseOption(spec: OptionSpec, given: OptionValue | undefined): OptionValue | undefined {
  if (given === undefined) {
    if (spec.required === true) {
      throw optionError(spec.name, 'is required');
    }
    return undefined;
  }
  if (spec.repeatable === true) {
    return (isList(given) ? given : [given]).map((value) => parseScalar(spec, value));
  }
  if (isList(given)) {
    throw optionError(spec.name, 'may be given only once');
  }
  return parseScalar(spec, given);
}

function isList(value: OptionValue): value is readonly Scalar[] {
  return typeof value === 'object';
}

function parseScalar(spec: OptionSpec, given: Scalar): Scalar {
  switch (spec.kind) {
    case 'number':
    case 'address':
    case 'size':
      return parseNumber(spec, given);
    case 'boolean':
      return parseBoolean(spec, given);
    case 'enum':
      return parseText(spec, given, (text) => spec.values?.includes(text) ?? false);
    case 'mac':
      return parseText(spec, given, (text) => parseMac(text) !== undefined);
    case 'string':
      return parseText(spec, given, (text) => text.length <= (spec.max ?? Infinity));
    case 'path':
      return parseText(spec, given, () => true);
  }
}

function parseText(spec: OptionSpec, given: Scalar, fits: (text: string) => boolean): string {
  if (typeof given !== 'string' || !fits(given)) {
    throw optionError(spec.name, `has the unfit value ${String(given)}`);
  }
  return given;
}

function parseBoolean(spec: OptionSpec, given: Scalar): boolean {
  const value = typeof given === 'string' ? BOOLEANS[given] : given;
  if (typeof value !== 'boolean') {
    throw optionError(spec.name, `has the unfit value ${String(given)}`);
  }
  return value;
}

function parseNumber(spec: OptionSpec, given: Scalar): number {
  const value = typeof given === 'string' ? numberFromText(given) : given;
  const min = spec.min ?? (spec.kind === 'number' ? -Infinity : 0);
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > (spec.max ?? Infinity)) {
    throw optionError(spec.name, `has the unfit value ${String(given)}`);
  }
  return value;
}

function numberFromText(text: string): number | undefined {
  const match = /^(-?\d+|0x[0-9a-f]+)([KMG]?)$/i.exec(text);
  const unit = SIZE_UNITS[match?.[2]?.toUpperCase() ?? ''];
  return match?.[1] === undefined || unit === undefined ? undefined : Number(match[1]) * unit;
}

function optionError(name: string, problem: string): QvmError {
  return new QvmError('vdev.option', `option ${name} ${problem}`);
}
