// Assembles the runner and runs programs on it under qemu-aarch64.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CODE_START } from '../dist/random-state.js';
import { DATA_BYTES } from '../dist/instruction-harness.js';
import { MACHINE_STATE_BYTES, MachineState } from '../dist/machine-state.js';
import { inputOf } from '../dist/oracle-case.js';

const WORDS = 8;
const SIGNAL_AT = 780;
const BATCH = 500;
const TIMEOUT_MS = 60_000;
const IN_BYTES = MACHINE_STATE_BYTES + WORDS * 4 + DATA_BYTES;
const OUT_BYTES = MACHINE_STATE_BYTES + DATA_BYTES;

/** Calls `use` with the path of the runner's executable. */
export function withRunner(use) {
  const directory = mkdtempSync(join(tmpdir(), 'qvm-oracle-'));
  try {
    const [object, runner] = [join(directory, 'runner.o'), join(directory, 'runner')];
    execFileSync('aarch64-linux-gnu-as', ['-o', object, fileURLToPath(new URL('runner.S', import.meta.url))]);
    const start = `sequence_start=0x${CODE_START.toString(16)}`;
    execFileSync('aarch64-linux-gnu-ld', ['-Ttext=0x41000000', '--defsym', start, '-o', runner, object]);
    return use(runner, directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The results of programs, in order. */
export function* runOnQemu(runner, programs) {
  for (let first = 0; first < programs.length; first += BATCH) {
    yield* runBatch(runner, programs.slice(first, first + BATCH));
  }
}

function* runBatch(runner, programs) {
  const input = Buffer.alloc(IN_BYTES * programs.length);
  programs.forEach((program, i) => {
    const { state, data } = inputOf(program);
    const at = i * IN_BYTES;
    input.set(state.bytes, at);
    program.words.forEach((word, n) => input.writeUInt32LE(word, at + MACHINE_STATE_BYTES + n * 4));
    input.set(data, at + MACHINE_STATE_BYTES + WORDS * 4);
  });
  const { stdout, status, signal, stderr } = spawnSync('qemu-aarch64', ['-cpu', 'max', runner], {
    input,
    maxBuffer: 1 << 28,
    timeout: TIMEOUT_MS,
  });
  const done = Math.floor(stdout.length / OUT_BYTES);
  if (done !== programs.length) {
    const words = programs[done].words.map((word) => word.toString(16));
    throw new Error(`QEMU ended (status ${status}, signal ${signal}) at ${programs[done].name}: ${words}\n${stderr}`);
  }
  for (let i = 0; i < done; i++) {
    const bytes = new Uint8Array(stdout.subarray(i * OUT_BYTES, (i + 1) * OUT_BYTES));
    const view = new DataView(bytes.buffer);
    const endedBy = view.getUint32(SIGNAL_AT, true);
    view.setUint32(SIGNAL_AT, 0, true);
    yield {
      state: new MachineState(bytes.slice(0, MACHINE_STATE_BYTES)),
      data: bytes.slice(MACHINE_STATE_BYTES),
      signal: endedBy,
    };
  }
}
