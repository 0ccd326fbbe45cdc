import type { OptionSpec, VdevFactory, VdevResources } from '@qvm/core/vdev';
import { parseOptions } from '../parse-options.js';

/** Options that the VM obeys itself, whatever the vdev. */
export const COMMON_OPTIONS: readonly string[] = ['base', 'loc', 'irq', 'intr', 'name'];
/** A word, or the name of a package. */
const TYPE = /^(@[a-z0-9-]+\/)?[a-z][a-z0-9-]*$/;
const ADDRESS_LIMIT = 2 ** 48;
const PAGE = 0x1000;

/**
 * Problems of the type name, description and options of a factory; empty if there are none.
 *
 * @experimental
 */
export function factoryProblems(factory: VdevFactory): readonly string[] {
  return [
    ...problemIf(!TYPE.test(factory.type), `type ${factory.type} is not in lower-case words`),
    ...problemIf(factory.description.trim() === '', 'there is no description'),
    ...duplicates(factory.options.map((option) => option.name)).map((name) => `option ${name} is declared twice`),
    ...factory.options.flatMap(optionProblems),
  ];
}

function optionProblems(option: OptionSpec): readonly string[] {
  const values = option.values ?? [];
  return [
    ...problemIf(option.description.trim() === '', `option ${option.name} has no description`),
    ...problemIf(COMMON_OPTIONS.includes(option.name), `option ${option.name} is one that every vdev has`),
    ...problemIf((option.kind === 'enum') !== values.length > 0, `option ${option.name}: values and kind disagree`),
    ...problemIf(
      option.required === true && option.default !== undefined,
      `option ${option.name} is required, yet has a default`,
    ),
    ...defaultProblems(option),
  ];
}

function defaultProblems(option: OptionSpec): readonly string[] {
  if (option.default === undefined) {
    return [];
  }
  try {
    parseOptions([option]);
    return [];
  } catch (error) {
    return [`default of option ${option.name}: ${String(error)}`];
  }
}

/**
 * Problems of the resources that a vdev asks for; empty if there are none. Ranges are to be whole words of at most 2^48 bytes,
 * windows whole pages.
 *
 * @experimental
 */
export function resourceProblems(resources: VdevResources): readonly string[] {
  const ranges = resources.mmio ?? [];
  const interrupts = resources.interrupts ?? [];
  const windows = resources.windows ?? [];
  return [
    ...duplicates(windows.map(({ name }) => name)).map((name) => `window ${name} is requested twice`),
    ...windows.flatMap(({ name, size, base = 0 }) =>
      problemIf(size === 0 || !isPages(size) || !isPages(base), `window ${name} is not of whole pages`),
    ),
    ...duplicates(ranges.map(({ name }) => name)).map((name) => `range ${name} is requested twice`),
    ...duplicates(interrupts.map(({ name }) => name)).map((name) => `interrupt ${name} is requested twice`),
    ...ranges.flatMap(({ name, size }) =>
      problemIf(!isRangeSize(size), `range ${name} has a size of ${size}, not a multiple of 4`),
    ),
  ];
}

function isRangeSize(size: number): boolean {
  return isCount(size) && size > 0 && size % 4 === 0 && size <= ADDRESS_LIMIT;
}

function isPages(value: number): boolean {
  return isCount(value) && value % PAGE === 0;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function duplicates(names: readonly string[]): readonly string[] {
  return names.filter((name, index) => names.indexOf(name) !== index);
}

function problemIf(wrong: boolean, problem: string): readonly string[] {
  return wrong ? [problem] : [];
}
