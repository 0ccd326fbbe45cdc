/**
 * Records objdump's output for random instructions of every encoding. `node dist/record.test.helper.js [table…]`, with
 * the GNU binutils installed, writes testdata/assembly/TABLE-BITS.txt.gz with lines of `bytes<TAB>text`,
 * and a third column with the bytes that GNU as makes of the text, if it takes it. The address of the
 * instruction in line n is RECORDED_AT[BITS] + SLOT * n.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { gzipSync } from 'node:zlib';
import { x86Tables } from '@qvm/isa-x86_64';
import type { X86Row } from '@qvm/isa-x86_64';
import { Random, encodingsIn, randomString } from '@qvm/isa-testing';
import { disassemble } from './disassemble.js';
import type { CodeBits } from './disassemble.js';
import { RECORDED_AT, SLOT, TESTDATA, recordingOf } from './recording.test.helper.js';

const PER_ENCODING = 8;
const MODES: readonly CodeBits[] = [64, 32, 16];
const MACHINES = { 64: 'i386:x86-64', 32: 'i386', 16: 'i8086' } as const;

function objdump(strings: readonly Uint8Array[], bits: CodeBits): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'qvm-objdump-'));
  try {
    const file = join(directory, 'strings.bin');
    const image = Buffer.alloc(strings.length * SLOT, 0x90);
    strings.forEach((bytes, i) => image.set(bytes, i * SLOT));
    writeFileSync(file, image);
    const output = execFileSync(
      'objdump',
      [
        ...['-D', '-z', '-w', '--no-show-raw-insn', '-b', 'binary', '-m', MACHINES[bits]],
        ...['-M', bits === 64 ? 'intel,intel64' : 'intel', `--adjust-vma=${RECORDED_AT[bits]}`, file],
      ],
      { encoding: 'utf8', maxBuffer: 1 << 28 },
    );
    const texts: string[] = [];
    for (const line of output.split('\n')) {
      const [address, text] = line.split(':\t');
      const at = Number.parseInt(address ?? '', 16) - RECORDED_AT[bits];
      if (text !== undefined && at % SLOT === 0) texts[at / SLOT] = text;
    }
    return texts;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Texts without places, whose encoding depends on them, and without comments. */
const isPlaced = (text: string): boolean => /\[[re]ip|^\w* ?(j\w+|call|loop\w*|xbegin)w? +0x/.test(text);

/** What GNU as makes of texts; undefined for those that it does not take. */
function gnuAs(texts: readonly string[], bits: CodeBits): (Uint8Array | undefined)[] {
  const directory = mkdtempSync(join(tmpdir(), 'qvm-as-'));
  const [source, object, image] = ['a.s', 'a.o', 'a.bin'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  const refused = new Set(texts.flatMap((text, i) => (isPlaced(text) ? [i] : [])));
  try {
    for (;;) {
      // One line for each text, after two.
      const lines = texts.map((text, i) => `.balign ${SLOT}, 0x90; ${refused.has(i) ? 'nop' : text}`);
      writeFileSync(source, [`.code${bits}`, '.intel_syntax noprefix', ...lines, `.balign ${SLOT}`, ''].join('\n'));
      const { stderr } = spawnSync('as', [bits === 64 ? '--64' : '--32', '-o', object, source], { encoding: 'utf8' });
      const errors = [...stderr.matchAll(/:(\d+): Error/g)].map(([, line]) => Number(line) - 3);
      if (errors.length === 0) break;
      for (const i of errors) refused.add(i);
    }
    execFileSync('objcopy', ['-O', 'binary', '-j', '.text', object, image]);
    const bytes = readFileSync(image);
    return texts.map((_, i) => {
      const slot = bytes.subarray(i * SLOT, (i + 1) * SLOT);
      const length = refused.has(i) ? undefined : disassemble(slot, 0, bits)?.length;
      return length === undefined ? undefined : slot.subarray(0, length);
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Instructions of every encoding, each once. */
function instructions(random: Random, rows: readonly X86Row[], bits: CodeBits): Uint8Array[] {
  const found = new Map<string, Uint8Array>();
  for (const encoding of encodingsIn(rows, { bits, flat: true })) {
    for (let i = 0; i < PER_ENCODING; i++) {
      const string = randomString(random, encoding, bits === 64);
      const isWide = bits === 64 && ((string[0] as number) & 0xf8) === 0x48;
      const prefix = encoding.prefix === 'any' && !isWide && random.chance(0.2) ? [0x66] : [];
      const bytes = Uint8Array.from([...prefix, ...string]);
      const length = disassemble(bytes, 0, bits)?.length;
      if (length === undefined) continue;
      const whole = bytes.subarray(0, length);
      found.set(Buffer.from(whole).toString('hex'), whole);
    }
  }
  return [...found.values()];
}

/** objdump does not know aliases of x87, joins WAIT with the next instruction, shows some NOPs as instructions of
 * MPX, and does not cut the targets of short jumps. */
const isComparable = (text: string): boolean => !/\(bad\)|\bbnd|^rex(\.\w+)?$|\[[er]iz|^data\d\d (j|loop)/.test(text);

function record(table: string, rows: readonly X86Row[], bits: CodeBits): void {
  const found = instructions(new Random(1), rows, bits);
  if (found.length === 0) return;
  const shown = objdump(found, bits);
  const strings = found.filter((_, i) => isComparable(shown[i] as string));
  if (strings.length === 0) return;
  // The remaining ones are at other addresses now.
  const texts = objdump(strings, bits);
  mkdirSync(TESTDATA, { recursive: true });
  const assembled = gnuAs(texts, bits);
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const lines = strings.map((bytes, i) => {
    const again = assembled[i];
    return `${[hex(bytes), texts[i], ...(again ? [hex(again)] : [])].join('\t')}\n`;
  });
  writeFileSync(recordingOf(table, bits), gzipSync(lines.join(''), { level: 9 }));
  console.log(`${table}, ${bits} bits: ${strings.length} instructions`);
}

for (const [table, rows] of Object.entries(x86Tables))
  if (argv.length < 3 || argv.includes(table)) for (const bits of MODES) record(table, rows, bits);
