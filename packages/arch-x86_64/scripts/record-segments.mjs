// Records what QEMU's processor does in the scenarios of src/machine-tests/segments, for segments-qemu.test.ts:
//
//     npm run build && node packages/arch-x86_64/scripts/record-segments.mjs > packages/arch-x86_64/testdata/segments-qemu.txt
//
// An argument selects scenarios by a regular expression. Needs qemu-system-x86_64 (7.2) and nasm. Firmware copies the
// memory of a scenario and brings the processor to its start (segment-stub.asm). Recorded is what then changes: registers,
// as `info registers` shows them, and memory.
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { imageOf } from '../dist/machine-tests/segments/scenario.test.helper.js';
import { SCENARIOS } from '../dist/machine-tests/segments/scenario-list.test.helper.js';
import { endOfQemu, lineOf } from '../dist/machine-tests/segments/record.test.helper.js';
import { ScenarioMachine } from '../dist/machine-tests/segments/run-scenario.test.helper.js';
import { GDT_BYTES, Place } from '../dist/machine-tests/segments/tables.test.helper.js';

const PARAMETERS = 0x500;
/** Where the firmware finds the memory of a scenario. */
const SOURCE = 0x10_0000;
const MODES = { protected: 0, virtual: 0, real: 1, long: 2 };
const DATA0 = 0x10;
const folder = mkdtempSync(join(tmpdir(), 'record-segments-'));
const [firmware, ram] = ['firmware', 'ram'].map((name) => join(folder, name));

/** The memory with the parameters of the firmware. */
function loadedImage(scenario, image) {
  const { start } = scenario;
  const loaded = image.slice();
  const view = new DataView(loaded.buffer);
  const [u16, u32] = [
    (at, value) => view.setUint16(PARAMETERS + at, value, true),
    (at, value) => view.setUint32(PARAMETERS + at, value, true),
  ];
  u16(0, GDT_BYTES - 1);
  u32(2, Place.gdt);
  u16(0xa0, start.mode === 'real' ? 0x3ff : start.mode === 'long' ? 0xfff : 0x7ff);
  u32(0xa2, Place.idt);
  u16(0x10, MODES[start.mode]);
  u16(0x14, start.ldtr);
  u16(0x16, start.tr);
  start.data.forEach((selector, n) => u16(0x18 + n * 2, selector));
  start.general.forEach((value, n) => u32(0x20 + n * 4, value));
  const frame = [start.eip, start.cs, start.eflags, start.esp, start.ss];
  const [es, ds, fs, gs] = start.data;
  if (start.mode === 'long') frame.forEach((value, n) => u32(0x40 + n * 8, value));
  else [...frame, es, ds, fs, gs].forEach((value, n) => u32(0x40 + n * 4, value));
  // IRET of level 0 pops from the stack of the scenario, which has the frame.
  if (start.mode === 'real') {
    u16(0x30, start.esp - 6);
    u16(0x32, start.ss);
  } else {
    const outer = start.mode === 'virtual' || (start.cs & 3) !== 0;
    u32(0x30, outer ? PARAMETERS + 0x40 : start.esp - 12);
    u16(0x34, outer ? DATA0 : start.ss);
  }
  // In virtual-8086 mode, IRET loads the data segments.
  if (start.mode === 'virtual') for (let n = 0; n < 4; n++) u16(0x18 + n * 2, 0);
  if (start.tr !== 0) loaded[Place.gdt + (start.tr & ~7) + 5] &= ~2;
  return loaded;
}

/** Whether the processor is at a jump to itself in the memory of the scenario. */
function isEnd(text, after) {
  const base = Number.parseInt(/^CS *=[0-9a-f]+ ([0-9a-f]+)/m.exec(text)[1], 16);
  const at = base + Number.parseInt(/\b[ER]IP=([0-9a-f]+)/.exec(text)[1], 16);
  return at < after.length - 1 && after[at] === 0xeb && after[at + 1] === 0xfe;
}

/** One machine for all scenarios; its RAM is a file. */
class Qemu {
  #ram = openSync(ram, 'r+');
  #process = spawn(
    'qemu-system-x86_64',
    [
      ...['-accel', 'tcg', '-cpu', 'qemu64', '-m', '4', '-nodefaults', '-display', 'none', '-no-shutdown', '-S'],
      ...[
        '-machine',
        'pc,memory-backend=ram',
        '-object',
        `memory-backend-file,id=ram,size=4M,mem-path=${ram},share=on`,
      ],
      ...['-bios', firmware, '-chardev', 'stdio,id=c', '-mon', 'chardev=c,mode=control'],
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  #lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  /** Resets by triple faults since this was last cleared. */
  #resets = 0;
  #hostResets = 0;

  async call(execute, args) {
    this.#process.stdin.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error('QEMU has ended');
      const { return: result, error, event, data } = JSON.parse(value);
      if (error) throw new Error(`${execute}: ${JSON.stringify(error)}`);
      // A triple fault resets the machine.
      if (event === 'RESET') data.guest ? this.#resets++ : this.#hostResets++;
      if (result !== undefined) return result;
    }
  }

  async #reset() {
    const before = this.#hostResets;
    await this.call('system_reset');
    while (this.#hostResets === before) await this.call('query-status');
  }

  #registers() {
    return this.call('human-monitor-command', { 'command-line': 'info registers' });
  }

  /** Runs a scenario until the processor does not get further. */
  async run(scenario) {
    const image = imageOf(scenario);
    writeSync(this.#ram, loadedImage(scenario, image), 0, image.length, SOURCE);
    this.#resets = 0;
    await this.#reset();
    const after = Buffer.alloc(image.length);
    for (let n = 0; n < 500; n++) {
      await this.call('cont');
      await setTimeout(1);
      await this.call('stop');
      if (this.#resets > 0) return 'shutdown';
      const text = await this.#registers();
      readSync(this.#ram, after, 0, image.length, 0);
      if (isEnd(text, after)) return lineOf(endOfQemu(text, image, after), machine.start(scenario));
    }
    throw new Error(`${scenario.name} does not end`);
  }

  end() {
    this.#process.kill();
    closeSync(this.#ram);
  }
}

const machine = new ScenarioMachine();
let qemu;
try {
  execFileSync('nasm', ['-f', 'bin', '-o', firmware, join(import.meta.dirname, 'segment-stub.asm')]);
  writeFileSync(ram, Buffer.alloc(4 << 20));
  qemu = new Qemu();
  await qemu.call('qmp_capabilities');
  const wanted = process.argv[2] === undefined ? undefined : new RegExp(process.argv[2]);
  for (const scenario of SCENARIOS) {
    if (wanted === undefined || wanted.test(scenario.name))
      console.log(`${scenario.name}: ${await qemu.run(scenario)}`);
  }
} finally {
  qemu?.end();
  rmSync(folder, { recursive: true });
}
