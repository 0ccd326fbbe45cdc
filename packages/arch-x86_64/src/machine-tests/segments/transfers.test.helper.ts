import {
  IF,
  NT,
  VM,
  IOPL3,
  hex,
  scenario,
  withFrame,
  LEVELS,
  forSelectors,
  farPointer,
} from './scenario-groups.test.helper.js';
import { bytesOf, FLAGS, longStart, startAt } from './scenario.test.helper.js';
import type { Patch, Scenario } from './scenario.test.helper.js';
import { localSelector, Place, selectorOf } from './tables.test.helper.js';
import type { DescriptorName } from './tables.test.helper.js';

/** Parameters and more, on the stack of the caller. */
const CALLER_STACK: Patch = [0x4800, bytesOf(4, 0x1111, 0x2222, 0x3333, 0x4444)];
const CALLER_STACK3: Patch = [0x7800, bytesOf(4, 0x1111, 0x2222, 0x3333, 0x4444)];

const transfers = [
  ...forSelectors('jmp far', (selector) => [0xea, ...farPointer(selector)]),
  ...forSelectors('call far', (selector) => [0x9a, ...farPointer(selector)]),
  ...LEVELS.flatMap((level) =>
    (['callGateParameters', 'callGate16Parameters', 'callGate16', 'callGate3'] as const).map((name) =>
      scenario(
        `call far with parameters ${name} cpl${level}`,
        startAt(level),
        [0x9a, ...farPointer(selectorOf(name, level))],
        [CALLER_STACK, CALLER_STACK3],
      ),
    ),
  ),
  ...LEVELS.map((level) =>
    scenario(`call far 16 cpl${level}`, startAt(level), hex('66 9a 00 90 08 00'), [CALLER_STACK]),
  ),
  scenario('jmp far 16', startAt(0), hex('66 ea 00 90 58 00')),
  scenario('call far to code16', startAt(0), [0x9a, ...farPointer(selectorOf('code16'))]),
  ...(
    ['code64', 'code64of3', 'code0', 'codeBoth', 'longGate', 'longGateTo32', 'callGate3', 'longTask'] as const
  ).flatMap((name) =>
    LEVELS.flatMap((level) =>
      (['call', 'jmp'] as const).map((what) =>
        scenario(
          `${what} far long ${name} cpl${level}`,
          longStart(level),
          // [RIP + 2]: the pointer is after the loop.
          [0xff, what === 'call' ? 0x1d : 0x2d, ...bytesOf(4, 2), 0xeb, 0xfe, ...farPointer(selectorOf(name, level))],
        ),
      ),
    ),
  ),
];

/** The frames of returns: code, and stack where the level changes. */
const CODES = [
  ...['code0', 'code1', 'code2', 'code3', 'conforming0', 'conforming2', 'conforming3', 'code16', 'code16of3'],
  ...['executeOnly', 'absentCode', 'absentCode3', 'shortCode', 'shortCode3', 'data3', 'task', 'callGate3', 'codeBoth'],
] as readonly DescriptorName[];
const STACKS = ['data3', 'data0', 'data16of3', 'readOnly3', 'absentData3', 'code3', 'data1', 'task'] as const;

const returns = (what: string, opcode: readonly number[], frame: (selector: number) => readonly number[]): Scenario[] =>
  LEVELS.flatMap((level) =>
    LEVELS.flatMap((rpl) =>
      [
        ...CODES.map((name) => [name, selectorOf(name, rpl)] as const),
        ['null', rpl],
        ['local1', localSelector(1, rpl)],
      ].map(([name, selector]) => {
        const start = startAt(level);
        const stack = [0x7c00, selectorOf('data3', 3)];
        const words = [...frame(selector as number), ...stack];
        return scenario(`${what} ${name} rpl${rpl} cpl${level}`, start, opcode, withFrame(start, words));
      }),
    ),
  );

const farReturns = [
  ...returns('ret far', [0xcb], (selector) => [Place.target, selector]),
  ...STACKS.flatMap((name) =>
    LEVELS.map((rpl) => {
      const start = startAt(0);
      const frame = [Place.target, selectorOf('code3', 3), 0x1111, 0x2222, 0x7c00, selectorOf(name, rpl)];
      return scenario(`ret far 8 outer stack ${name} rpl${rpl}`, start, hex('ca 08 00'), withFrame(start, frame));
    }),
  ),
  scenario('ret far 16', startAt(0), hex('66 cb'), [[0x4800, bytesOf(2, Place.target, selectorOf('code0'))]]),
  scenario('ret far 16 outer', startAt(0), hex('66 ca 02 00'), [
    [0x4800, bytesOf(2, Place.target, selectorOf('code3', 3), 0x1111, 0x7c00, selectorOf('data3', 3))],
  ]),
];

const FLAG_WORDS = [0, 0x3000 | IF, NT, 0x24_0cd5 | IF] as const;
const interruptReturns = [
  ...returns('iret', [0xcf], (selector) => [Place.target, selector, FLAGS | 0xcd5]),
  ...STACKS.map((name) => {
    const start = startAt(0);
    const frame = [Place.target, selectorOf('code3', 3), FLAGS, 0x7c00, selectorOf(name, 3)];
    return scenario(`iret outer stack ${name}`, start, [0xcf], withFrame(start, frame));
  }),
  ...LEVELS.flatMap((level) =>
    FLAG_WORDS.flatMap((flags) =>
      [0, IOPL3].map((iopl) => {
        const start = startAt(level, { eflags: FLAGS | iopl });
        const frame = [Place.target, start.cs, flags];
        return scenario(
          `iret flags ${flags.toString(16)} iopl${iopl >> 12} cpl${level}`,
          start,
          [0xcf],
          withFrame(start, frame),
        );
      }),
    ),
  ),
  scenario('iret 16', startAt(0), hex('66 cf'), [[0x4800, bytesOf(2, Place.target, selectorOf('code0'), 0xcd7)]]),
  scenario('iret 16 outer', startAt(0), hex('66 cf'), [
    [0x4800, bytesOf(2, Place.target, selectorOf('code3', 3), 0xcd7, 0x7c00, selectorOf('data3', 3))],
  ]),
  scenario(
    'iret drops data segments',
    startAt(0, { data: [selectorOf('data0'), selectorOf('data3', 3), selectorOf('conforming0'), selectorOf('code0')] }),
    [0xcf],
    [[0x4800, bytesOf(4, Place.target, selectorOf('code3', 3), FLAGS, 0x7c00, selectorOf('data3', 3))]],
  ),
  scenario(
    'iret to virtual-8086 mode',
    startAt(0),
    [0xcf],
    [[0x4800, bytesOf(4, 0x1000, 0x800, FLAGS | VM | IOPL3 | IF, 0x1234_0800, 0x700, 0xb10, 0xb20, 0xb30, 0xb40)]],
  ),
  scenario(
    'iret with VM at level 3',
    startAt(3),
    [0xcf],
    [[0x7800, bytesOf(4, Place.target, selectorOf('code3', 3), FLAGS | VM)]],
  ),
];

/** Far JMP, CALL, RET and IRET. */
export const TRANSFERS: readonly Scenario[] = [...transfers, ...farReturns, ...interruptReturns];
