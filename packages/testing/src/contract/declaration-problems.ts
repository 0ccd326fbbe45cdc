import { optionNames, type Option } from '@qvm/core/options';
import { COMMON_VDEV_OPTIONS } from '@qvm/core/vdev';
import type { VdevFactory, VdevResources } from '@qvm/core/vdev';

/** A word, or the name of a package. */
const TYPE = /^(@[a-z0-9-]+\/)?[a-z][a-z0-9-]*$/;
/** Names of options that the line form can express. */
const OPTION = /^[a-z][a-z0-9-]*$/;
const ADDRESS_LIMIT = 2 ** 48;
const PAGE = 0x1000;
const BLOCK = 0x1_0000;
const PORTS = 0x1_0000;

/**
 * Problems of the type name, description and options of a factory; empty if there are none.
 *
 * @experimental
 */
export function factoryProblems(factory: VdevFactory): readonly string[] {
  return [
    ...problemIf(!TYPE.test(factory.type), `type ${factory.type} is not in lower-case words`),
    ...problemIf(factory.description.trim() === '', 'there is no description'),
    ...duplicates(optionNames(factory.options)).map((name) => `option ${name} is declared twice`),
    ...Object.entries(factory.options).flatMap(([name, declared]) => optionProblems(name, declared)),
  ];
}

const COMMON_NAMES = optionNames(COMMON_VDEV_OPTIONS);

function optionProblems(name: string, { description, aliases }: Option): readonly string[] {
  const common = [name, ...aliases].filter((known) => COMMON_NAMES.includes(known));
  return [
    ...problemIf(description.trim() === '', `option ${name} has no description`),
    ...problemIf(!OPTION.test(name), `option ${name} is not in lower-case words`),
    ...common.map((known) => `option ${known} is one that every vdev has`),
  ];
}

/**
 * Problems of the resources that a vdev needs; empty if there are none. Ranges must be whole words of at most 2^48
 * bytes, ranges of I/O ports must have 1 to 65536 ports, windows whole pages, memory of the vdev's own whole blocks of 64 KiB.
 *
 * @experimental
 */
export function resourceProblems(resources: VdevResources): readonly string[] {
  const ranges = resources.mmio ?? [];
  const ports = resources.ports ?? [];
  const interrupts = resources.interrupts ?? [];
  const windows = resources.windows ?? [];
  const memory = resources.memory ?? [];
  return [
    ...duplicates(memory.map(({ name }) => name)).map((name) => `memory ${name} is requested twice`),
    ...memory.flatMap(({ name, size }) =>
      problemIf(!isCount(size) || size === 0 || size % BLOCK !== 0, `memory ${name} is not of whole blocks of 64 KiB`),
    ),
    ...duplicates(windows.map(({ name }) => name)).map((name) => `window ${name} is requested twice`),
    ...windows.flatMap(({ name, size, base = 0 }) =>
      problemIf(size === 0 || !isPages(size) || !isPages(base), `window ${name} is not of whole pages`),
    ),
    ...duplicates([...ranges, ...ports].map(({ name }) => name)).map((name) => `range ${name} is requested twice`),
    ...ports.flatMap(({ name, size }) =>
      problemIf(!isCount(size) || size === 0 || size > PORTS, `range ${name} has ${size} I/O ports, not 1 to ${PORTS}`),
    ),
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
