import { Builder } from '../builder/builder.js';
import { R, WORDS, flags } from '../builder/builder-bench.test.helper.js';
import { EngineState, RECORD_BYTES } from '../builder/layout.js';
import { derived, int, register, rowMaker, small, target, wide } from '../describe/row.js';
import type { PatternRow } from '../describe/row.js';
import { Ty } from '../wasm/code-buffer.js';
import { WordDecoder } from '../describe/word-decoder.js';
import { BuiltIn } from '../records/built-in.js';
import { generateInterpreter } from './interpreter.js';
import { forEachStatic, operandsOf, staticIndex, staticsOf } from './operands.js';
import { Predecoder } from './predecoder.js';

const inst = rowMaker<Builder>();
const make = (rows: readonly PatternRow<Builder>[]) =>
  generateInterpreter({ rows, geometry: WORDS, flags, helpers: [], builder: Builder });

describe('records', () => {
  const row = inst(
    '1',
    'ALL',
    '0000 Rd:4 Rn:4 s:2! imm:18',
    {
      operands: { a: small((f) => f.imm & 0xffff), b: int((f) => -f.imm), Rm: register((f) => (f.Rn + 1) & 15) },
      derived: { odd: derived(2, (f) => f.imm & 1) },
      valid: ({ s }) => s !== 3,
    },
    (b, { Rd, Rn, Rm, a, b: n, s, odd }) => {
      const sum = b.add(b.add(b.readReg(R, Rn, Ty.i64), b.readReg(R, Rm, Ty.i64)), b.add(b.as(a, Ty.i64), n));
      b.writeReg(R, Rd, b.add(sum, b.imm(s * 2 + odd)));
    },
  );
  const interpreter = make([row]);
  const predecoder = new Predecoder(interpreter, new WordDecoder([row]));
  const word = (d: number, n: number, s: number, imm: number): number =>
    ((d << 24) | (n << 20) | (s << 18) | imm) >>> 0;
  const buffer = new ArrayBuffer(RECORD_BYTES);
  const record = new DataView(buffer);
  const memory = { data: record, u16: new Uint16Array(buffer), u32: new Uint32Array(buffer) };
  const page = { code: 0, slot: 0 };

  it('have one handler for each allocated choice of static fields', () => {
    expect(interpreter.handlers.filter((h) => h?.row === row)).toHaveLength(6);
    const numbers = new Set<number>();
    for (const s of [0, 1, 2]) {
      for (const imm of [4, 5]) {
        predecoder.write(memory, page, 0, word(1, 2, s, imm), 0);
        numbers.add(record.getUint16(0, true));
      }
    }
    expect(numbers.size).toBe(6);
  });

  it('hold state offsets and numbers in fields of their own', () => {
    expect(predecoder.write(memory, page, 0, word(3, 15, 1, 0x2_0005), 0)).toBe(false);
    const handler = interpreter.handlers[record.getUint16(0, true)];
    const values = Object.fromEntries(
      (handler?.fields ?? []).map(({ operand, kind, offset }) => {
        const name = operandsOf(row)[operand]?.name;
        return [`${name}:${kind}`, kind === 'i32' ? record.getInt32(offset, true) : record.getUint16(offset, true)];
      }),
    );
    expect(values).toEqual({
      'Rd:destination': R.writeOffset(3),
      'Rn:source': R.readOffset(15),
      'Rm:source': R.readOffset(0),
      'a:u16': 5,
      'b:i32': -0x2_0005,
    });
    const ends = (handler?.fields ?? [])
      .map(({ offset, kind }) => [offset, offset + (kind === 'i32' ? 4 : 2)] as const)
      .sort(([x], [y]) => x - y);
    ends.forEach(([from, to], i) => {
      expect(from).toBeGreaterThanOrEqual(i === 0 ? 2 : (ends[i - 1]?.[1] as number));
      expect(to).toBeLessThanOrEqual(RECORD_BYTES);
    });
  });

  it('of what is not allocated say so', () => {
    for (const bad of [word(0, 0, 3, 0), 0xf000_0000]) {
      record.setUint16(0, 0xffff, true);
      expect([predecoder.write(memory, page, 0, bad, 0), record.getUint16(0, true)]).toEqual([true, BuiltIn.Undefined]);
    }
  });

  it('end a run of instructions where control never goes on', () => {
    const away = inst('3', 'RETURN', '1111 Rn:4 imm:24', {}, (b, { Rn }) => b.jumpTo(b.readReg(R, Rn, Ty.i64)));
    const writer = new Predecoder(make([away]), new WordDecoder([away]));
    expect([0, 1].map(() => writer.write(memory, page, 0, 0xf100_0000, 0))).toEqual([true, true]);
  });

  it('tell near branches from those that leave the page', () => {
    const jump = inst(
      '2',
      'JUMP',
      '1 distance:31',
      { operands: { to: target((f) => (f.distance << 1) >> 1) } },
      (b, { to }) => b.jump(to),
    );
    const jumps = make([jump]);
    const writer = new Predecoder(jumps, new WordDecoder([jump]));
    const of = (distance: number, at: number) => {
      const key = (0x8000_0000 | (distance & 0x7fff_ffff)) >>> 0;
      // The page is as far before this record as the record's place in the slot.
      expect(writer.write(memory, { code: 0, slot: -at * 4 }, 0, key, at)).toBe(true);
      const field = jumps.handlers[record.getUint16(0, true)]?.fields[0];
      return [field?.kind, record.getInt32(field?.offset as number, true)];
    };
    expect([of(8, 0xff0), of(-0x10, 0x10), of(8, 0xff8), of(-4, 0)]).toEqual([
      ['near', 32],
      ['near', -64],
      ['i32', 8],
      ['i32', -4],
    ]);
  });

  it('hold 64 bits whole', () => {
    const value = 0x8123_4567_89ab_cdefn;
    const rows = [
      inst('3', 'WIDE', '0 imm:31', { operands: { w: wide(() => value) } }, (b, { w }) =>
        b.setState(EngineState.trash, b.as(w, Ty.i64)),
      ),
    ];
    const wides = make(rows);
    new Predecoder(wides, new WordDecoder(rows)).write(memory, page, 0, 0, 0);
    const field = wides.handlers[record.getUint16(0, true)]?.fields[0];
    expect([field?.kind, record.getBigUint64(field?.offset as number, true)]).toEqual(['i64', value]);
  });
});

describe('static choices', () => {
  it('are numbered so that enumerating and looking up agree', () => {
    const row = inst('1', 'S', 'a:2! b:1! x:29', { derived: { c: derived(3, (f) => f.x % 3) } }, () => undefined);
    const statics = staticsOf(row);
    const seen: string[] = [];
    forEachStatic(statics, (values, index) => {
      seen.push(JSON.stringify(values));
      expect(
        staticIndex(statics, { a: values['a'] as number, b: values['b'] as number, x: values['c'] as number }),
      ).toBe(index);
    });
    expect([seen.length, new Set(seen).size]).toEqual([24, 24]);
  });
});
