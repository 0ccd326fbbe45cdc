/** Executes instructions on the processor of this machine, which must be x86-64, by x86-recorder.c. Needs gcc. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const IN = 64;
const OUT = 64;

/** A slot of code for each group, and their table. */
function assembly(groups) {
  const slots = groups.map(({ code }, i) => `slot${i}:\n${[...code, 'ret'].join('\n')}`).join('\n');
  const table = groups.map((_, i) => `.quad slot${i}`).join('\n');
  return [
    '.section .note.GNU-stack,"",@progbits',
    `.text\n${slots}`,
    `.data\n.balign 8\n.globl slots\nslots:\n${table}\n`,
  ].join('\n');
}

function writeBytes(data, at, value, bytes) {
  for (let i = 0; i < bytes; i++) data[at + i] = Number((value >> BigInt(8 * i)) & 0xffn);
}

function readBytes(data, at, bytes) {
  let value = 0n;
  for (let i = bytes - 1; i >= 0; i--) value = (value << 8n) | BigInt(data[at + i]);
  return value;
}

/** Encodes cases { group: index, control, values }; `places` of a group are the places of its operands. */
function encode(groups, cases) {
  const data = Buffer.alloc(cases.length * IN);
  cases.forEach(({ group, control, values }, i) => {
    const { x87 = false, places = [0, 1, 2] } = groups[group];
    data.writeUInt32LE(group, i * IN);
    data.writeUInt32LE(Number(x87), i * IN + 4);
    data.writeUInt32LE(control, i * IN + 8);
    values.forEach((value, k) => writeBytes(data, i * IN + 16 + 16 * places[k], value, 16));
  });
  return data;
}

/** Answers { results: [xmm0] or [ST0, ST1, memory], status, trapped, tags } to cases, in order. */
export function askX86(groups, cases) {
  const dir = mkdtempSync(join(tmpdir(), 'softfloat-'));
  try {
    const path = (name) => join(dir, name);
    writeFileSync(path('slots.s'), assembly(groups));
    const recorder = fileURLToPath(new URL('x86-recorder.c', import.meta.url));
    execFileSync('gcc', ['-O1', '-no-pie', '-o', path('recorder'), recorder, path('slots.s')]);
    const options = { input: encode(groups, cases), maxBuffer: 1 << 30, timeout: 300_000 };
    const { stdout, status, signal, stderr } = spawnSync(path('recorder'), options);
    if (status !== 0) throw new Error(`the recorder ended with ${status ?? signal}: ${stderr}`);
    if (stdout.length !== cases.length * OUT) throw new Error(`${stdout.length} bytes for ${cases.length} cases`);
    return cases.map((_, i) => {
      const at = i * OUT;
      return {
        results: [0, 16, 32].map((offset) => readBytes(stdout, at + offset, 16)),
        status: stdout.readUInt32LE(at + 48),
        trapped: stdout.readUInt32LE(at + 52),
        tags: stdout.readUInt32LE(at + 56),
      };
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
