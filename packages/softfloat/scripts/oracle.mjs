/** Executes Arm instructions in qemu-aarch64: a small program reads records of operands and writes results and FPSR. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fpcrOf, fpsrOf } from './oracle-operands.mjs';

const IN = 40;
const OUT = 16;
const SLOT = 32;

/** Each group is a slot of code; a record is { group, fpcr, fpsr, pad, a, b, c }, an answer { result, fpsr, pad }. */
function assembly(groups) {
  const slots = groups.map(({ code }) => `.balign ${SLOT}\n${[...code, 'ret'].join('\n')}`).join('\n');
  return `
.equ RECORDS, 4096
.text
.global _start
_start:
  adr x20, slots
fill:
  ldr x21, =input
  mov x22, #0
more:
  mov x0, #0
  add x1, x21, x22
  ldr x2, =RECORDS * ${IN}
  sub x2, x2, x22
  mov x8, #63
  svc #0
  cmp x0, #0
  b.le got
  add x22, x22, x0
  ldr x2, =RECORDS * ${IN}
  cmp x22, x2
  b.lo more
got:
  cbz x22, done
  add x22, x22, x21
  ldr x23, =output
next:
  ldp w24, w25, [x21]
  ldr w26, [x21, #8]
  ldp x10, x11, [x21, #16]
  ldr x12, [x21, #32]
  fmov d0, x10
  fmov d1, x11
  fmov d2, x12
  mov x5, #0
  msr fpcr, x25
  msr fpsr, x26
  add x24, x20, x24, lsl #5
  blr x24
  mrs x27, fpsr
  str x5, [x23]
  str x27, [x23, #8]
  add x21, x21, #${IN}
  add x23, x23, #${OUT}
  cmp x21, x22
  b.lo next
  ldr x1, =output
  sub x2, x23, x1
  mov x0, #1
  mov x8, #64
  svc #0
  b fill
done:
  mov x0, #0
  mov x8, #93
  svc #0
.ltorg
.balign ${SLOT}
slots:
${slots}
.bss
.balign 16
input: .skip RECORDS * ${IN}
output: .skip RECORDS * ${OUT}
`;
}

/** Encodes cases { group: index, control, values }. */
function encode(cases) {
  const data = Buffer.alloc(cases.length * IN);
  cases.forEach(({ group, control, values }, i) => {
    data.writeUInt32LE(group, i * IN);
    data.writeUInt32LE(fpcrOf(control), i * IN + 4);
    data.writeUInt32LE(fpsrOf(control), i * IN + 8);
    values.forEach((value, k) => data.writeBigUInt64LE(value, i * IN + 16 + 8 * k));
  });
  return data;
}

/** The answers { result, fpsr } to cases, in order. Needs the aarch64 binutils and qemu-aarch64. */
export function ask(groups, cases) {
  const dir = mkdtempSync(join(tmpdir(), 'softfloat-'));
  try {
    const path = (name) => join(dir, name);
    writeFileSync(path('a.s'), assembly(groups));
    execFileSync('aarch64-linux-gnu-as', ['-march=armv8.6-a+fp16', '-o', path('a.o'), path('a.s')]);
    execFileSync('aarch64-linux-gnu-ld', ['-o', path('a'), path('a.o')]);
    const options = { input: encode(cases), maxBuffer: 1 << 30, timeout: 300_000 };
    const { stdout, status, stderr } = spawnSync('qemu-aarch64', ['-cpu', 'max', path('a')], options);
    if (status !== 0) throw new Error(`qemu-aarch64 ended with ${status}: ${stderr}`);
    if (stdout.length !== cases.length * OUT) throw new Error(`${stdout.length} bytes for ${cases.length} cases`);
    return cases.map((_, i) => ({ result: stdout.readBigUInt64LE(i * OUT), fpsr: stdout.readUInt32LE(i * OUT + 8) }));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
