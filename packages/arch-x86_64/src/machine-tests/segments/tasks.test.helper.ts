import { SystemType } from '../../state/attributes.js';
import { IF, NT, VM, IOPL3, hex, scenario, LEVELS, farPointer, VECTOR, INT } from './scenario-groups.test.helper.js';
import { bytesOf, descriptorPatch, FLAGS, gatePatch, startAt, TASK } from './scenario.test.helper.js';
import type { Patch, Scenario } from './scenario.test.helper.js';
import { gate, localSelector, Place, segment, selectorOf } from './tables.test.helper.js';
import type { DescriptorName } from './tables.test.helper.js';

const field = (offset: number, ...values: number[]): Patch => [Place.otherTask + offset, bytesOf(4, ...values)];
const jump = (name: DescriptorName): number[] => [0xea, ...farPointer(selectorOf(name))];
const call = (name: DescriptorName): number[] => [0x9a, ...farPointer(selectorOf(name))];

/** Gates to a task of its own for each exception of an invalid task. */
const FAULT_TASKS: readonly Patch[] = [10, 11, 12, 13].map((vector) =>
  gatePatch(vector, gate(SystemType.TaskGate, selectorOf('faultTask'), 0)),
);

const tasks = [
  ...(['otherTask', 'taskGate', 'shortTask', 'absentTask', 'task'] as const).flatMap((name) => [
    scenario(`task jmp ${name}`, startAt(0, { general: [1, 2, 3, 4], eflags: FLAGS | 0x8d5 }), jump(name)),
    scenario(`task call ${name}`, startAt(0, { general: [1, 2, 3, 4], eflags: FLAGS | 0x8d5 }), call(name)),
  ]),
  ...(
    [
      ['null code', TASK.cs, 0],
      ['data as code', TASK.cs, selectorOf('data0')],
      ['absent code', TASK.cs, selectorOf('absentCode')],
      ['code of level 3', TASK.cs, selectorOf('code3')],
      ['code16', TASK.cs, selectorOf('code16')],
      ['conforming code', TASK.cs, selectorOf('conforming0')],
      ['short code', TASK.cs, selectorOf('shortCode')],
      ['null stack', TASK.ss, 0],
      ['stack of level 3', TASK.ss, selectorOf('data3')],
      ['read-only stack', TASK.ss, selectorOf('readOnly')],
      ['absent stack', TASK.ss, selectorOf('absentData')],
      ['null data', TASK.ds, 0],
      ['absent data', TASK.ds, selectorOf('absentData')],
      ['execute-only data', TASK.fs, selectorOf('executeOnly')],
      ['task as data', TASK.gs, selectorOf('task')],
      ['beyond as data', TASK.gs, 0x800],
      ['null local table', TASK.ldt, 0],
      ['absent local table', TASK.ldt, selectorOf('absentLocal')],
      ['data as local table', TASK.ldt, selectorOf('data0')],
      ['local table in itself', TASK.ldt, localSelector(1)],
      ['flags', TASK.eflags, FLAGS | 0xcd5 | IF | IOPL3],
    ] as const
  ).map(([name, offset, value]) =>
    scenario(`task ${name}`, startAt(0), jump('otherTask'), [field(offset, value), ...FAULT_TASKS]),
  ),
  scenario('task of level 3', startAt(0), jump('otherTask'), [
    field(TASK.cs, selectorOf('code3', 3)),
    field(TASK.ss, selectorOf('data3', 3)),
  ]),
  scenario('task in virtual-8086 mode', startAt(0), jump('otherTask'), [
    field(TASK.eip, 0x1000, FLAGS | VM),
    field(TASK.es, 0xb10, 0x800, 0x700, 0xb20, 0xb30, 0xb40),
  ]),
  scenario('task from level 3 by gate', startAt(3), [0x9a, ...farPointer(selectorOf('taskGate3', 3))]),
  scenario('task from level 3, jmp', startAt(3), [0xea, ...farPointer(selectorOf('otherTask3', 3))]),
  scenario(
    'task iret',
    startAt(0, { eflags: FLAGS | NT }),
    [0xcf],
    [
      [Place.task, bytesOf(4, selectorOf('otherTask'))],
      descriptorPatch('otherTask', segment(SystemType.BusyTss | 0x80, Place.otherTask, 0x67)),
    ],
  ),
  ...(['otherTask', 'shortTask', 'data0'] as const).map((name) =>
    scenario(
      `task iret to ${name}, which is not busy`,
      startAt(0, { eflags: FLAGS | NT }),
      [0xcf],
      [[Place.task, bytesOf(4, selectorOf(name))]],
    ),
  ),
  scenario('task iret to null', startAt(0, { eflags: FLAGS | NT }), [0xcf]),
  ...LEVELS.flatMap((level) => [
    scenario(`task int cpl${level}`, startAt(level), INT, [
      gatePatch(VECTOR, gate(SystemType.TaskGate, selectorOf('otherTask'), 0, 3)),
    ]),
    scenario(`task fault with error code cpl${level}`, startAt(level, { general: [0x800, 0, 0, 0] }), hex('8e d8'), [
      gatePatch(13, gate(SystemType.TaskGate, selectorOf('otherTask'), 0)),
    ]),
    scenario(`task int to data cpl${level}`, startAt(level), INT, [
      gatePatch(VECTOR, gate(SystemType.TaskGate, selectorOf('data0'), 0, 3)),
    ]),
    scenario(`task int to a busy one cpl${level}`, startAt(level), INT, [
      gatePatch(VECTOR, gate(SystemType.TaskGate, selectorOf('task'), 0, 3)),
    ]),
  ]),
  scenario('task by double fault', startAt(0, { general: [0x800, 0, 0, 0] }), hex('8e d8'), [
    gatePatch(13, gate(SystemType.InterruptGate, selectorOf('code0'), 0, 0, 0, false)),
    gatePatch(8, gate(SystemType.TaskGate, selectorOf('otherTask'), 0)),
  ]),
  scenario('task there and back', startAt(0, { general: [1, 2, 3, 4] }), call('otherTask'), [[Place.target, [0xcf]]]),
  scenario('task16 jmp', startAt(0), jump('task16')),
  scenario('task16 call', startAt(0), call('task16')),
  scenario('task16 jmp to 32 bits', startAt(0, { tr: selectorOf('task16') }), jump('otherTask')),
  scenario('task16 busy', startAt(0), jump('busyTask16')),
  scenario('task16 fault with error code', startAt(0, { general: [0x800, 0, 0, 0] }), hex('8e d8'), [
    gatePatch(13, gate(SystemType.TaskGate, selectorOf('task16'), 0)),
  ]),
  scenario('task with the debug trap', startAt(0), jump('otherTask'), [field(TASK.trap, 0x68_0001)]),
];

/** Task switches. */
export const TASKS: readonly Scenario[] = tasks;
