import { readFile } from 'node:fs/promises';
import { Ty } from '@qvm/jit';
import { vectorHelper, vectorHelpers } from './vector-helpers.js';

interface Compiler {
  compileWasm(): Promise<Uint8Array>;
  generatedSource(bytes: Uint8Array): string;
}

describe('the module of vector functions', () => {
  it('imports nothing but a memory and exports the functions of the list', () => {
    expect(WebAssembly.Module.imports(vectorHelpers.compiled)).toEqual([
      { module: 'env', name: 'memory', kind: 'memory' },
    ]);
    const exported = WebAssembly.Module.exports(vectorHelpers.compiled);
    expect(exported.every(({ kind }) => kind === 'function')).toBe(true);
    expect(exported.map(({ name }) => name).sort()).toEqual(vectorHelpers.helpers.map(({ name }) => name).sort());
  });

  it('is compiled once and refuses a memory that is not shared', () => {
    expect(vectorHelpers.compiled).toBe(vectorHelpers.compiled);
    expect(() => vectorHelpers.instantiate(new WebAssembly.Memory({ initial: 1 }))).toThrow(WebAssembly.LinkError);
  });

  it('leaves memory alone when it is instantiated', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const bytes = new Uint8Array(memory.buffer).fill(0xa5);
    vectorHelpers.instantiate(memory);
    expect(bytes.every((byte) => byte === 0xa5)).toBe(true);
  });

  it('gives the address of FPSR only to functions that run exactly once', () => {
    expect(vectorHelper('sat_lanes').pure).toBe(false);
    for (const { name, params, pure } of vectorHelpers.helpers) {
      expect([name, pure]).toEqual([name, !name.startsWith('sat_')]);
      if (!pure) expect([name, params[params.length - 1]]).toEqual([name, Ty.i32]);
    }
  });

  it('is what assembly/ compiles to', async () => {
    const url = new URL('../../scripts/compile.mjs', import.meta.url);
    const compiler = (await import(url.href)) as Compiler;
    const committed = await readFile(new URL('../../src/generated/vector-helpers-wasm.ts', import.meta.url), 'utf8');
    expect(compiler.generatedSource(await compiler.compileWasm()) === committed).toBe(true);
  }, 60_000);
});
