import { CodeBuffer, Ty } from './code-buffer.js';
import { ModuleWriter } from './module-writer.js';
import { withoutBodies } from './without-bodies.js';

/** A module whose function `f<i>` returns the address that it imports plus `i`. */
function makeModule(count: number): Uint8Array {
  const writer = new ModuleWriter();
  const base = writer.importAddress('env', 'base');
  const memory = { params: [], results: [Ty.i32] };
  for (let i = 0; i < count; i++) {
    const code = new CodeBuffer();
    code.global(base).i32(i).byte(0x6a);
    writer.define(writer.declare(), memory, [Ty.i64], code.toBytes(), `f${i}`);
  }
  return writer.toBytes();
}

function functionsOf(bytes: Uint8Array): Record<string, () => number> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 0x1_0000, shared: true });
  const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
  return new WebAssembly.Instance(module, { env: { memory, base: 1000 } }).exports as Record<string, () => number>;
}

describe('withoutBodies', () => {
  const whole = makeModule(200);

  it('leaves the functions that are kept as they are', () => {
    const functions = functionsOf(withoutBodies(whole, (index) => index % 3 === 0));
    for (let i = 0; i < 200; i += 3) expect(functions[`f${i}`]?.()).toBe(1000 + i);
  });

  it('lets the others trap, and is smaller', () => {
    const smaller = withoutBodies(whole, (index) => index === 7);
    expect(() => functionsOf(smaller)['f8']?.()).toThrow(WebAssembly.RuntimeError);
    expect(smaller.length).toBeLessThan(whole.length - 199 * 5);
  });

  it('refuses what is no whole module', () => {
    for (let length = 9; length < whole.length; length += 7) {
      const part = whole.subarray(0, length);
      // The sections up to a border are a module.
      if (WebAssembly.validate(part as Uint8Array<ArrayBuffer>)) continue;
      expect(() => functionsOf(withoutBodies(part, () => true))).toThrow();
    }
    expect(() => withoutBodies(whole.subarray(0, 20), () => true)).toThrow(RangeError);
  });
});
