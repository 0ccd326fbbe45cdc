import { SystemType } from '../../state/attributes.js';
import {
  IF,
  NT,
  IOPL3,
  hex,
  scenario,
  LEVELS,
  farPointer,
  withFrame,
  VECTOR,
  INT,
} from './scenario-groups.test.helper.js';
import {
  bytesOf,
  descriptorPatch,
  FLAGS,
  gatePatch,
  longGatePatch,
  longStart,
  startAt,
  TASK,
  virtualStart,
} from './scenario.test.helper.js';
import type { Scenario } from './scenario.test.helper.js';
import { gate, Place, segment, selectorOf } from './tables.test.helper.js';
import type { DescriptorName } from './tables.test.helper.js';

/** A gate's code segment by name, or a selector. */
const GATE_CODES = [
  ...['code0', 'code1', 'code3', 'conforming0', 'conforming3', 'code16', 'absentCode', 'data0', 'shortCode', 'task'],
  ...['codeBoth', 'executeOnly'],
] as readonly DescriptorName[];
const GATE_TYPES = [
  ['interrupt16', SystemType.InterruptGate16],
  ['trap16', SystemType.TrapGate16],
  ['interrupt32', SystemType.InterruptGate],
  ['trap32', SystemType.TrapGate],
] as const;
const gates = [
  ...LEVELS.flatMap((level) =>
    GATE_CODES.map((name) =>
      scenario(`int to ${name} cpl${level}`, startAt(level, { eflags: FLAGS | IF }), INT, [
        gatePatch(VECTOR, gate(SystemType.TrapGate, selectorOf(name), Place.target, 3)),
      ]),
    ),
  ),
  ...GATE_TYPES.flatMap(([type, number]) => [
    ...([0, 1, 3] as const).map((level) =>
      scenario(`int ${type} cpl${level}`, startAt(level, { eflags: FLAGS | IF | NT }), INT, [
        gatePatch(VECTOR, gate(number, selectorOf('code0'), Place.target, 3)),
      ]),
    ),
    scenario(`int ${type} inner to 1`, startAt(3), INT, [
      gatePatch(VECTOR, gate(number, selectorOf('code1'), Place.target, 3)),
    ]),
    scenario(`int ${type} virtual-8086`, virtualStart(3), INT, [
      gatePatch(VECTOR, gate(number, selectorOf('code0'), Place.target, 3)),
    ]),
    scenario(`fault with error code ${type} cpl0`, startAt(0, { general: [0x800, 0, 0, 0] }), hex('8e d8'), [
      gatePatch(13, gate(number, selectorOf('code0'), Place.target, 0)),
    ]),
    scenario(`fault with error code ${type} cpl3`, startAt(3, { general: [0x800, 0, 0, 0] }), hex('8e d8'), [
      gatePatch(13, gate(number, selectorOf('code0'), Place.target, 0)),
    ]),
    scenario(`fault with error code ${type} virtual-8086`, virtualStart(0), hex('f4'), [
      gatePatch(13, gate(number, selectorOf('code0'), Place.target, 0)),
    ]),
  ]),
  ...LEVELS.flatMap((level) => [
    scenario(`int gate of level 0 cpl${level}`, startAt(level), INT, [
      gatePatch(VECTOR, gate(SystemType.InterruptGate, selectorOf('code0'), Place.target, 0)),
    ]),
    scenario(`int gate absent cpl${level}`, startAt(level), INT, [
      gatePatch(VECTOR, gate(SystemType.InterruptGate, selectorOf('code0'), Place.target, 3, 0, false)),
    ]),
    scenario(`int gate null cpl${level}`, startAt(level), INT, [gatePatch(VECTOR, gate(SystemType.TrapGate, 0, 0, 3))]),
    scenario(`int gate beyond cpl${level}`, startAt(level), INT, [
      gatePatch(VECTOR, gate(SystemType.TrapGate, 0x800, 0, 3)),
    ]),
    scenario(`int no gate cpl${level}`, startAt(level), INT, [gatePatch(VECTOR, segment(0x93 | 0x60))]),
    scenario(`int call gate cpl${level}`, startAt(level), INT, [
      gatePatch(VECTOR, gate(SystemType.CallGate, selectorOf('code0'), Place.target, 3)),
    ]),
    scenario(`ud2 gate absent cpl${level}`, startAt(level), hex('0f 0b'), [
      gatePatch(6, gate(SystemType.InterruptGate, selectorOf('code0'), Place.target, 0, 0, false)),
    ]),
    scenario(`ud2 gate null cpl${level}`, startAt(level), hex('0f 0b'), [
      gatePatch(6, gate(SystemType.InterruptGate, 0, 0)),
    ]),
    scenario(`ud2 double fault cpl${level}`, startAt(level, { general: [0x800, 0, 0, 0] }), hex('8e d8'), [
      gatePatch(13, gate(SystemType.InterruptGate, selectorOf('code0'), 0, 0, 0, false)),
    ]),
    scenario(`int3 cpl${level}`, startAt(level), hex('cc')),
    scenario(`int3 gate of level 0 cpl${level}`, startAt(level), hex('cc'), [
      gatePatch(3, gate(SystemType.InterruptGate, selectorOf('code0'), Place.target)),
    ]),
    scenario(`int1 gate of level 0 cpl${level}`, startAt(level), hex('f1'), [
      gatePatch(1, gate(SystemType.InterruptGate, selectorOf('code0'), Place.target)),
    ]),
    scenario(`cli cpl${level}`, startAt(level, { eflags: FLAGS | IF }), hex('fa')),
    scenario(`sti cpl${level}`, startAt(level), hex('fb')),
    scenario(`cli iopl3 cpl${level}`, startAt(level, { eflags: FLAGS | IF | IOPL3 }), hex('fa')),
    scenario(`hlt cpl${level}`, startAt(level), level === 0 ? hex('0f 20 c0') : hex('f4')),
  ]),
  // The stack of the inner level: selector and limit.
  ...(
    [
      ['null', 0],
      ['of level 3', selectorOf('data3')],
      ['with RPL 3', selectorOf('data0', 3)],
      ['code', selectorOf('code0')],
      ['read-only', selectorOf('readOnly')],
      ['absent', selectorOf('absentData')],
      ['beyond', 0x800],
      ['16 bits', selectorOf('data16')],
    ] as const
  ).flatMap(([name, selector]) => [
    scenario(`int inner stack ${name}`, startAt(3), INT, [[Place.task + TASK.stack0 + 4, bytesOf(4, selector)]]),
    scenario(
      `call gate inner stack ${name}`,
      startAt(3),
      [0x9a, ...farPointer(selectorOf('callGate3', 3))],
      [[Place.task + TASK.stack0 + 4, bytesOf(4, selector)]],
    ),
  ]),
  ...(
    [
      ['int', INT],
      ['call gate', [0x9a, ...farPointer(selectorOf('callGate3', 3))]],
    ] as const
  ).map(([name, code]) =>
    scenario(`${name} inner stack without room`, startAt(3), code, [
      descriptorPatch('data16', segment(0x93, 0, 0x4000)),
      [Place.task + TASK.stack0 + 4, bytesOf(4, selectorOf('data16'))],
      gatePatch(12, gate(SystemType.TaskGate, selectorOf('faultTask'), 0)),
    ]),
  ),
  scenario('int inner, task of 16 bits', startAt(3, { tr: selectorOf('task16') }), INT),
  scenario('call gate inner, task of 16 bits', startAt(3, { tr: selectorOf('task16') }), [
    0x9a,
    ...farPointer(selectorOf('callGate3', 3)),
  ]),
  scenario('int inner, short task', startAt(3, { tr: selectorOf('task') }), INT, [
    descriptorPatch('task', segment(SystemType.BusyTss | 0x80, Place.task, 7)),
  ]),
];

const longGates = [
  ...LEVELS.flatMap((level) => [
    ...(['code64', 'code0', 'code64of3', 'conforming0', 'absentCode', 'data0', 'codeBoth'] as const).map((name) =>
      scenario(`int long to ${name} cpl${level}`, longStart(level), INT, [
        longGatePatch(VECTOR, gate(SystemType.InterruptGate, selectorOf(name), Place.target, 3)),
      ]),
    ),
    scenario(`int long 16-bit gate cpl${level}`, longStart(level), INT, [
      longGatePatch(VECTOR, gate(SystemType.InterruptGate16, selectorOf('code64'), Place.target, 3)),
    ]),
    scenario(`int long task gate cpl${level}`, longStart(level), INT, [
      longGatePatch(VECTOR, gate(SystemType.TaskGate, selectorOf('otherTask'), 0, 3)),
    ]),
    scenario(`int long not canonical cpl${level}`, longStart(level), INT, [
      longGatePatch(VECTOR, gate(SystemType.TrapGate, selectorOf('code64'), Place.target, 3), 0x8000n),
    ]),
    scenario(`int long ist cpl${level}`, longStart(level), INT, [
      longGatePatch(VECTOR, gate(SystemType.TrapGate, selectorOf('code64'), Place.target, 3, 1)),
    ]),
    scenario(
      `int long from compatibility mode cpl${level}`,
      longStart(level, { cs: selectorOf(`code${level}`, level) }),
      INT,
    ),
    scenario(
      `fault long from compatibility mode cpl${level}`,
      longStart(level, { cs: selectorOf(`code${level}`, level) }),
      hex('0f 0b'),
    ),
  ]),
  ...['code64', 'code64of3', 'code0', 'code3', 'code16', 'codeBoth', 'data3', 'conforming0', 'conforming3'].flatMap(
    (name) =>
      LEVELS.flatMap((level) =>
        LEVELS.map((rpl) => {
          const start = longStart(level);
          const frame = [
            Place.target,
            selectorOf(name as DescriptorName, rpl),
            FLAGS,
            0x7c00,
            selectorOf(`data${rpl}`, rpl),
          ];
          return scenario(`iretq ${name} rpl${rpl} cpl${level}`, start, hex('48 cf'), withFrame(start, frame, 8));
        }),
      ),
  ),
  ...LEVELS.map((rpl) => {
    const start = longStart(0);
    const frame = [Place.target, selectorOf(rpl ? 'code64of3' : 'code64', rpl), FLAGS, 0x7c00, rpl];
    return scenario(`iretq null stack rpl${rpl}`, start, hex('48 cf'), withFrame(start, frame, 8));
  }),
  scenario('iretq with NT', longStart(0, { eflags: FLAGS | NT }), hex('48 cf'), [
    [0x4800, bytesOf(8, Place.target, selectorOf('code64'), FLAGS, 0x7c00, 0)],
  ]),
  ...LEVELS.map((level) =>
    scenario(`retfq outer cpl${level}`, longStart(level), hex('48 cb'), [
      [
        (Place.stacks[level] as number) - 0x800,
        bytesOf(8, Place.target, selectorOf('code64of3', 3), 0x7c00, selectorOf('data3', 3)),
      ],
    ]),
  ),
  scenario('iretd to compatibility mode', longStart(0), hex('cf'), [
    [0x4800, bytesOf(4, Place.target, selectorOf('code3', 3), FLAGS, 0x7c00, selectorOf('data3', 3))],
  ]),
];

/** Interrupts and exceptions through gates. */
export const GATES: readonly Scenario[] = [...gates, ...longGates];
