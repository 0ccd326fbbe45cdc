import { IF, hex, scenario } from './scenario-groups.test.helper.js';
import { bytesOf, FLAGS, realStart, virtualStart } from './scenario.test.helper.js';
import type { Scenario } from './scenario.test.helper.js';

/** Programs in virtual-8086 mode: software interrupts, IRET, PUSHF, POPF, CLI, STI by IOPL. */
const virtual = [0, 3].flatMap((iopl) =>
  (
    [
      ['int 80', 'cd 80'],
      ['int3', 'cc'],
      ['int with a pushed frame', '66 6a 12 cd 80'],
      ['ud2', '0f 0b'],
      ['cli', 'fa'],
      ['sti', 'fb'],
      ['pushf', '9c'],
      ['popf', '9d'],
      ['iret', 'cf'],
      ['hlt', 'f4'],
      ['lar', '0f 02 c1'],
      ['mov ds', 'b8 34 12 8e d8'],
      ['jmp far', 'ea 00 00 00 09'],
      ['call far', '9a 00 00 00 09'],
      ['ret far', 'cb'],
      ['mov cr0', '0f 20 c0'],
    ] as const
  ).map(([name, code]) => {
    const start = virtualStart(iopl);
    return scenario(`virtual-8086 ${name} iopl${iopl}`, start, hex(code), [[0x7800, bytesOf(2, 0, 0x900, 0xed5)]]);
  }),
);

const real = (
  [
    ['int 80', 'cd 80'],
    ['int3', 'cc'],
    ['into', 'b8 ff 7f 05 01 00 ce'],
    ['ud2', '0f 0b'],
    ['iret', 'cf'],
    ['jmp far', 'ea 00 00 00 09'],
    ['jmp far 32', '66 ea 00 00 00 00 00 09'],
    ['call far', '9a 00 00 00 09'],
    ['ret far', 'cb'],
    ['ret far 4', 'ca 04 00'],
    ['mov ds', 'b8 34 12 8e d8'],
    ['mov ss', 'b8 34 12 8e d0'],
    ['pop es', '07'],
    ['lds', 'c5 06 00 00'],
    ['lar', '0f 02 c1'],
    ['arpl', '63 c1'],
    ['str', '0f 00 c8'],
    ['ltr', '0f 00 d9'],
    ['pushf', '9c'],
    ['popf', '9d'],
  ] as const
).flatMap(([name, code]) =>
  [FLAGS, FLAGS | IF].map((eflags) =>
    scenario(`real ${name} if${eflags >> 9}`, realStart({ eflags }), hex(code), [
      [0x4800, bytesOf(2, 0, 0x900, 0xed5, 0x123, 0x456)],
      [0xb100, bytesOf(2, 0x5678, 0x9abc)],
    ]),
  ),
);

const realWide = (
  [
    ['iretd', '66 cf'],
    ['iretd beyond', '66 cf', 0x1_0000],
    ['popfd', '66 9d', 0x24_7ed7],
  ] as const
).map(([name, code, first = 0]) =>
  scenario(`real ${name}`, realStart(), hex(code), [[0x4800, bytesOf(4, first, 0x900, 0x24_7ed7)]]),
);

/** Programs in real-address and virtual-8086 mode. */
export const PROGRAMS: readonly Scenario[] = [...virtual, ...real, ...realWide];
