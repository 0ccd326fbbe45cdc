import { readFile } from 'node:fs/promises';
import { SOFTFLOAT_SIGNATURES, instantiateSoftfloat, softfloatModule } from './index.js';
import { instantiateHarness } from './harness.test.util.js';

interface Compiler {
  compileWasm(): Promise<Uint8Array>;
  generatedSource(bytes: Uint8Array): string;
  vectorSource(): string;
}

const shared = (): WebAssembly.Memory => new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });

describe('the module', () => {
  it('is compiled once', () => {
    expect(softfloatModule()).toBe(softfloatModule());
  });

  it('imports nothing but a memory and exports the functions of the table', () => {
    expect(WebAssembly.Module.imports(softfloatModule())).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
    const exported = WebAssembly.Module.exports(softfloatModule());
    expect(exported.every(({ kind }) => kind === 'function')).toBe(true);
    expect(exported.map(({ name }) => name).sort()).toEqual(Object.keys(SOFTFLOAT_SIGNATURES).sort());
  });

  it('links to a module that declares the types of the table', () => {
    const memory = shared();
    expect(() => instantiateHarness(memory, instantiateSoftfloat(memory))).not.toThrow();
  });

  it('refuses a memory that is not shared', () => {
    expect(() => instantiateSoftfloat(new WebAssembly.Memory({ initial: 1 }))).toThrow(WebAssembly.LinkError);
  });

  it('writes FPSR and nothing else', () => {
    const memory = shared();
    const bytes = new Uint8Array(memory.buffer).fill(0xa5);
    const state = new Uint32Array(memory.buffer);
    state[1024] = 0;
    state[1025] = 0;
    const functions = instantiateSoftfloat(memory) as unknown as Record<string, (...args: unknown[]) => unknown>;
    for (const [name, { params }] of Object.entries(SOFTFLOAT_SIGNATURES)) {
      if (name.startsWith('v_')) continue;
      const args = params.map((type, i) => (type === 'i64' ? 3n << BigInt(60 - i) : 3 + i));
      if (!name.startsWith('u32')) args[args.length - 1] = 4096;
      functions[name]?.(...args);
    }
    expect(state[1024]).toBe(0);
    expect(state[1025]).not.toBe(0);
    const touched = bytes.findIndex((byte, i) => byte !== 0xa5 && (i < 4096 || i >= 4104));
    expect(touched).toBe(-1);
  });

  it('is what assembly/ compiles to', async () => {
    const url = new URL('../scripts/compile.mjs', import.meta.url);
    const compiler = (await import(url.href)) as Compiler;
    const committed = await readFile(new URL('../src/generated/softfloat-wasm.ts', import.meta.url), 'utf8');
    const vector = await readFile(new URL('../assembly/generated/vector.ts', import.meta.url), 'utf8');
    const rebuilt = compiler.generatedSource(await compiler.compileWasm());
    expect(rebuilt === committed).toBe(true);
    expect(vector).toBe(compiler.vectorSource());
  });
});
