import { bytesOf, startAt } from './scenario.test.helper.js';
import type { Patch, Scenario, Start } from './scenario.test.helper.js';
import { DESCRIPTOR_NAMES, localSelector, Place, selectorOf } from './tables.test.helper.js';
import type { DescriptorName } from './tables.test.helper.js';

export const IF = 0x200;
export const NT = 0x4000;
export const VM = 0x2_0000;
export const IOPL3 = 0x3000;

export const hex = (text: string): number[] => text.split(' ').map((byte) => Number.parseInt(byte, 16));
export const scenario = (
  name: string,
  start: Start,
  code: readonly number[],
  patches: readonly Patch[] = [],
): Scenario => ({
  name,
  start,
  code,
  patches,
});
export const LEGACY_NAMES = DESCRIPTOR_NAMES.filter((name) => !name.startsWith('long'));
/** Descriptors that IA-32e mode treats in different ways. */
export const LONG_NAMES: readonly DescriptorName[] = [
  ...(['code0', 'data0', 'code3', 'data3', 'conforming0', 'executeOnly', 'readOnly', 'absentData'] as const),
  ...(['task', 'otherTask', 'task16', 'local', 'taskGate3', 'callGate3', 'callGate16', 'interruptGate'] as const),
  ...(['code64', 'code64of3', 'longTask', 'longTaskHigh', 'longGate', 'longLocal'] as const),
];
export const LEVELS = [0, 3] as const;

/** Selectors of all descriptors, of the LDT, null, and beyond the tables. */
function selectors(names: readonly DescriptorName[], rpl: number): readonly (readonly [string, number])[] {
  return [
    ...names.map((name) => [name, selectorOf(name, rpl)] as const),
    ...[0, 1, 2, 3, 4].map((n) => [`local${n}`, localSelector(n, rpl)] as const),
    ['null', rpl],
    ['beyond', 0x800 + rpl],
    ['beyondLocal', 0x104 + rpl],
  ];
}

/** Scenarios for selectors and levels. */
export const forSelectors = (
  what: string,
  code: (selector: number) => readonly number[],
  names: readonly DescriptorName[] = LEGACY_NAMES,
  start: (level: 0 | 3, selector: number) => Start = (level, selector) =>
    startAt(level, { general: [selector, selector, 0, 0] }),
): Scenario[] =>
  LEVELS.flatMap((level) =>
    LEVELS.flatMap((rpl) =>
      selectors(names, rpl).map(([name, selector]) =>
        scenario(`${what} ${name} rpl${rpl} cpl${level}`, start(level, selector), code(selector)),
      ),
    ),
  );

export const farPointer = (selector: number, offset: number = Place.target): number[] => [
  ...bytesOf(4, offset),
  ...bytesOf(2, selector),
];

export const VECTOR = 0x80;
export const INT: readonly number[] = [0xcd, VECTOR];

/** The frame of a return, on top of the stack at the start. */
export const withFrame = (start: Start, frame: readonly number[], width: 2 | 4 | 8 = 4): readonly Patch[] => [
  [start.esp, bytesOf(width, ...frame)],
];
