import { CodeBuffer, Ty } from './code-buffer.js';
import { ModuleWriter } from './module-writer.js';
import { IntOp, Op, Simd } from './opcodes.js';

const I32 = { params: [Ty.i32], results: [Ty.i32] };

function instantiate(writer: ModuleWriter, imports: WebAssembly.ModuleImports = {}): WebAssembly.Exports {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const bytes = writer.toBytes() as Uint8Array<ArrayBuffer>;
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory }, test: imports }).exports;
}

/** Whether a function with this body and signature is valid. */
function isValid(params: readonly Ty[], results: readonly Ty[], emit: (code: CodeBuffer) => void): boolean {
  const writer = new ModuleWriter();
  const code = new CodeBuffer();
  emit(code);
  writer.define(writer.declare(), { params, results }, [], code.toBytes(), 'f');
  return WebAssembly.validate(writer.toBytes() as Uint8Array<ArrayBuffer>);
}

describe('ModuleWriter', () => {
  it('makes a module of nothing', () => {
    expect(WebAssembly.validate(new ModuleWriter().toBytes() as Uint8Array<ArrayBuffer>)).toBe(true);
  });

  it('joins imports, functions that call each other whatever their order, and locals of all types', () => {
    const writer = new ModuleWriter();
    const triple = writer.import('test', 'triple', I32);
    const [outer, inner] = [writer.declare(), writer.declare()];
    writer.define(
      inner,
      I32,
      [Ty.i32, Ty.i32, Ty.i64, Ty.v128, Ty.f64, Ty.i32],
      new CodeBuffer().get(0).call(triple).set(6).get(6).toBytes(),
    );
    writer.define(outer, I32, [], new CodeBuffer().get(0).i32(1).op(IntOp.add[0]).call(inner).toBytes(), 'größer');
    const exports = instantiate(writer, { triple: (x: number) => x * 3 });
    expect(Object.keys(exports)).toEqual(['größer']);
    expect((exports['größer'] as (x: number) => number)(4)).toBe(15);
  });

  it('writes bodies and counts that need more than one byte', () => {
    const writer = new ModuleWriter();
    const code = new CodeBuffer(1).get(0);
    for (let i = 0; i < 5000; i++) code.i32(1).op(IntOp.add[0]);
    for (let i = 0; i < 300; i++)
      writer.define(writer.declare(), I32, new Array<Ty>(200).fill(Ty.i64), code.toBytes(), `f${i}`);
    const exports = instantiate(writer);
    expect((exports['f299'] as (x: number) => number)(7)).toBe(5007);
  });

  it('refuses imports after functions, and functions without a body', () => {
    const writer = new ModuleWriter();
    writer.declare();
    expect(() => writer.import('test', 'late', I32)).toThrow('imports come before functions');
    expect(() => writer.toBytes()).toThrow('function 0 was declared but not defined');
  });
});

describe('opcodes', () => {
  const wide = [Ty.i32, Ty.i64] as const;
  it.each(Object.entries(IntOp))('%s is an operation on i32 and i64', (name, opcodes) => {
    const unary = ['clz', 'ctz', 'popcnt'].includes(name);
    const comparison = /^(eq|ne|[lg][te][su])$/.test(name);
    wide.forEach((ty, i) => {
      const params = unary ? [ty] : [ty, ty];
      const emit = (code: CodeBuffer): void => {
        params.forEach((_, n) => code.get(n));
        code.op(opcodes[i] as number);
      };
      expect([name, isValid(params, [comparison ? Ty.i32 : ty], emit)]).toEqual([name, true]);
    });
  });

  it.each(Object.entries(Op).filter(([name]) => /load|store/.test(name)))('%s accesses memory', (name, opcode) => {
    const ty = name.startsWith('v128') ? Ty.v128 : name.startsWith('i64') ? Ty.i64 : Ty.i32;
    const store = name.includes('store');
    const emit = (code: CodeBuffer): void => {
      code.get(0);
      if (store) code.get(1);
      code.memory(opcode, 0x1234);
    };
    expect(isValid(store ? [Ty.i32, ty] : [Ty.i32], store ? [] : [ty], emit)).toBe(true);
  });

  it.each(Object.entries(Simd))('%s is what its name says', (name, opcode) => {
    const scalar = name.startsWith('i64') ? Ty.i64 : Ty.i32;
    const v = Ty.v128;
    const [params, result, lane] = name.endsWith('_splat')
      ? [[scalar], v, false]
      : name.includes('extract_lane')
        ? [[v], scalar, true]
        : name.includes('replace_lane')
          ? [[v, scalar], v, true]
          : /_(true|bitmask)$/.test(name)
            ? [[v], Ty.i32, false]
            : /_sh[lr](_[su])?$/.test(name)
              ? [[v, Ty.i32], v, false]
              : /_(abs|neg|popcnt|not|sqrt)$|extend_|extadd_|convert_/.test(name)
                ? [[v], v, false]
                : [[v, v], v, false];
    const emit = (code: CodeBuffer): void => {
      params.forEach((_, n) => code.get(n));
      code.op(opcode);
      if (lane) code.byte(0);
    };
    expect(isValid(params as Ty[], [result as Ty], emit)).toBe(true);
  });
});
