// Compute kernels in translated code of x86_64 beside QEMU's translator: `node packages/isa-testing/bench/x86_64/measure.mjs [--rounds N]
// [KERNEL ...]`, after a build. Needs gcc and binutils for x86-64, and qemu-system-x86_64. Prints the CPU time of each side, and theirs ÷ ours.
// Ours has no processor around it: regions are chosen by the places at which control is found most often.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BareMachine } from '../../dist/x86_64/bare-machine.js';

const GCC_OPTIONS =
  '-O2 -fno-tree-vectorize -mno-red-zone -ffreestanding -fno-builtin -fno-pic -no-pie -fno-stack-protector -fcf-protection=none -mno-sse -nostdlib -static -Wl,--build-id=none';
const QEMU_OPTIONS = '-M q35 -nodefaults -m 256 -nographic -no-reboot -serial stdio -accel tcg,thread=single';
/** Instructions between two looks at where control is, while regions are still made and later. */
const [EARLY_SLICE, LATE_SLICE] = [20_011, 1_000_003];
const EARLY_INSTRUCTIONS = 3_000_000;
const HOT = 4;
/** Limits of regions, tried in turn until one can be structured. */
const LIMITS = [
  { instructions: 400, callee: 100, depth: 3, pages: 3 },
  { instructions: 150, callee: 40, depth: 1, pages: 3 },
  { instructions: 60, callee: 0, depth: 0, pages: 1 },
  { instructions: 25, callee: 0, depth: 0, pages: 1 },
];
const RETURN_ADDRESS = 0x7777n;
const [RAX, RSP, RDI] = [0, 4, 7];
const TICKS_PER_SECOND = 100;

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const here = fileURLToPath(new URL('.', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'qvm-bench-'));
const kernels = [...readFileSync(join(here, 'kernels.c'), 'utf8').matchAll(/\{"([\w-]+)", (\w+), (\d+)\}/g)]
  .map(([, name, entry, passes]) => ({ name, entry, passes: Number(passes) }))
  .filter(({ name }) => positionals.length === 0 || positionals.includes(name));

try {
  console.log(
    `${execFileSync('qemu-system-x86_64', ['--version'], { encoding: 'utf8' }).split('\n')[0]} ${QEMU_OPTIONS}`,
  );
  console.log(`node ${process.version}`);
  const ratios = new Map(kernels.map(({ name }) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const kernel of kernels) {
      const elf = compile(kernel);
      const [ours, theirs] = [measureOurs(elf, kernel), await measureTheirs(elf)];
      if (ours.result !== theirs.result) throw new Error(`${kernel.name}: ${ours.result} instead of ${theirs.result}`);
      const ratio = theirs.seconds / ours.seconds;
      ratios.get(kernel.name).push(ratio);
      const mips = (ours.instructions / ours.seconds / 1e6).toFixed(0);
      console.log(
        `${kernel.name.padEnd(14)} qvm ${ours.seconds.toFixed(2)} s (${mips} MIPS), QEMU ${theirs.seconds.toFixed(2)} s: ${ratio.toFixed(2)}`,
      );
    }
  }
  const all = [...ratios.values()].map((of) => of.sort((x, y) => x - y)[Math.floor(of.length / 2)]);
  const mean = Math.exp(all.reduce((sum, ratio) => sum + Math.log(ratio), 0) / all.length);
  console.log(`geometric mean ${mean.toFixed(2)}, least ${Math.min(...all).toFixed(2)}`);
} finally {
  rmSync(folder, { recursive: true });
}

/** Compiles the kernels with a table of one. */
function compile({ name, entry, passes }) {
  const source = readFileSync(join(here, 'kernels.c'), 'utf8');
  const table = source.indexOf('const struct kernel kernels[]');
  const only = `const struct kernel kernels[] = {{"${name}", ${entry}, ${passes}}, {0, 0, 0}};\n`;
  writeFileSync(join(folder, 'kernels.c'), source.slice(0, table) + only);
  const elf = join(folder, 'kernels.elf');
  const sources = [join(here, 'start.S'), join(here, 'runtime.c'), join(folder, 'kernels.c')];
  execFileSync('gcc', [...GCC_OPTIONS.split(' '), '-T', join(here, 'link.ld'), '-o', elf, ...sources]);
  return elf;
}

/** Runs the filling of the data, then the kernel as a function; measures the latter. */
function measureOurs(elf, { entry, passes }) {
  const { text, data, symbols } = readElf(elf);
  const pages = (bytes) => Math.ceil(bytes / 4096);
  const machine = new BareMachine(pages(data.address - text.address), pages(data.size), text.address, data.address);
  machine.write(0, text.bytes);
  machine.data.set(data.bytes);
  const call = (name, argument) => {
    const stack = symbols.get('stack_top') - 64;
    new DataView(machine.data.buffer, machine.data.byteOffset).setBigUint64(stack - data.address, RETURN_ADDRESS, true);
    machine.setRegister(RSP, BigInt(stack));
    machine.setRegister(RDI, BigInt(argument));
    return run(machine, symbols.get(name), text);
  };
  call('fill', 0);
  const before = process.cpuUsage();
  const instructions = call(entry, passes);
  const { user, system } = process.cpuUsage(before);
  const result = machine.register(RAX).toString(16).padStart(16, '0');
  return { seconds: (user + system) / 1e6, instructions, result };
}

/** Runs to the return address; returns the number of instructions. */
function run(machine, start, text) {
  const heat = new Map();
  let [pc, instructions, translated] = [start, 0, 0];
  for (;;) {
    const slice = translated > 0 && instructions > EARLY_INSTRUCTIONS ? LATE_SLICE : EARLY_SLICE;
    const end = machine.run(slice, pc);
    instructions += end.retired;
    pc = end.pc;
    if (end.reason === 'outside' && BigInt(pc) === RETURN_ADDRESS) return instructions;
    if (end.reason !== 0) throw new Error(`the run ended with ${end.reason} at 0x${pc.toString(16)}`);
    const offset = machine.lastEntry - text.address;
    if (offset < 0 || offset >= text.bytes.length) continue;
    heat.set(offset, (heat.get(offset) ?? 0) + 1);
    if (heat.get(offset) === HOT) {
      LIMITS.some((limits) => machine.translate([offset], limits) > 0);
      translated++;
    }
  }
}

/** Both segments and the symbols of a file that the linker script has laid out. */
function readElf(path) {
  const bytes = readFileSync(path);
  const number = (at) => Number(bytes.readBigUInt64LE(at));
  const [table, count] = [number(32), bytes.readUInt16LE(56)];
  const segments = Array.from({ length: count }, (_, i) => table + i * 56)
    .filter((at) => bytes.readUInt32LE(at) === 1)
    .map((at) => ({
      address: number(at + 16),
      bytes: bytes.subarray(number(at + 8), number(at + 8) + number(at + 32)),
      size: number(at + 40),
    }));
  const listing = execFileSync('nm', [path], { encoding: 'utf8' }).trim().split('\n');
  const symbols = new Map(listing.map((line) => [line.split(' ')[2], parseInt(line, 16)]));
  return { text: segments[0], data: segments[1], symbols };
}

/** Measures the process between the lines that the program prints before and after a kernel. */
async function measureTheirs(elf) {
  const qemu = spawn('qemu-system-x86_64', [...QEMU_OPTIONS.split(' '), '-kernel', elf]);
  const used = () => {
    const fields = readFileSync(`/proc/${qemu.pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  };
  let [text, before] = ['', undefined];
  for await (const chunk of qemu.stdout) {
    text += chunk;
    if (before === undefined && text.includes('KERNEL')) before = used();
    const found = /RESULT ([0-9a-f]{16})/.exec(text);
    if (!found) continue;
    const seconds = used() - before;
    qemu.kill();
    return { seconds, result: found[1] };
  }
  throw new Error(`QEMU ended: ${text}`);
}
