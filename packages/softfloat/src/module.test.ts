import { readFile } from 'node:fs/promises';
import {
  SOFTFLOAT_SIGNATURES,
  SOFTFLOAT_X86_SIGNATURES,
  instantiateSoftfloat,
  instantiateSoftfloatX86,
  softfloatModule,
  softfloatX86Module,
} from './index.js';
import { instantiateHarness } from './harness.test.util.js';

interface GeneratedModule {
  readonly file: string;
  readonly generated: Readonly<Record<string, string>>;
}

interface Compiler {
  readonly MODULES: readonly GeneratedModule[];
  compileWasm(module: GeneratedModule): Promise<Uint8Array>;
  generatedSource(module: GeneratedModule, bytes: Uint8Array): string;
}

const shared = (): WebAssembly.Memory => new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });

describe.each([
  {
    name: 'the module of AArch64',
    compiled: softfloatModule,
    signatures: SOFTFLOAT_SIGNATURES,
    instantiate: instantiateSoftfloat,
    withoutStatus: /^u32/,
  },
  {
    name: 'the module of x86',
    compiled: softfloatX86Module,
    signatures: SOFTFLOAT_X86_SIGNATURES,
    instantiate: instantiateSoftfloatX86,
    withoutStatus: /^f32_r(cp|sqrt)$/,
  },
])('$name', ({ compiled, signatures, instantiate, withoutStatus }) => {
  it('is compiled once', () => {
    expect(compiled()).toBe(compiled());
  });

  it('imports nothing but a memory and exports the functions of the table', () => {
    expect(WebAssembly.Module.imports(compiled())).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
    const exported = WebAssembly.Module.exports(compiled());
    expect(exported.every(({ kind }) => kind === 'function')).toBe(true);
    expect(exported.map(({ name }) => name).sort()).toEqual(Object.keys(signatures).sort());
  });

  it('links to a module that declares the types of the table', () => {
    const memory = shared();
    expect(() => instantiateHarness<string>(memory, instantiate(memory), signatures)).not.toThrow();
  });

  it('refuses a memory that is not shared', () => {
    expect(() => instantiate(new WebAssembly.Memory({ initial: 1 }))).toThrow(WebAssembly.LinkError);
  });

  it('writes two words of status and nothing else', () => {
    const memory = shared();
    const bytes = new Uint8Array(memory.buffer).fill(0xa5);
    const state = new Uint32Array(memory.buffer);
    state[1024] = 0;
    state[1025] = 0;
    const functions = instantiate(memory) as unknown as Record<string, (...args: unknown[]) => unknown>;
    for (const [name, { params }] of Object.entries(signatures)) {
      if (/^(v_|f80_)/.test(name)) continue;
      const args = params.map((type, i) => (type === 'i64' ? 3n << BigInt(60 - i) : 3 + i));
      if (!withoutStatus.test(name)) args[args.length - 1] = 4096;
      functions[name]?.(...args);
    }
    expect(state[1025]).not.toBe(0);
    const touched = bytes.findIndex((byte, i) => byte !== 0xa5 && (i < 4096 || i >= 4104));
    expect(touched).toBe(-1);
  });
});

describe('the committed modules', () => {
  it.each(['softfloat-wasm.ts', 'softfloat-x86-wasm.ts'])('%s is what assembly/ compiles to', async (file) => {
    const url = new URL('../scripts/compile.mjs', import.meta.url);
    const compiler = (await import(url.href)) as Compiler;
    const module = compiler.MODULES.find((candidate) => candidate.file === file);
    if (module === undefined) throw new Error(`scripts/compile.mjs has no module ${file}`);
    const read = (path: string): Promise<string> => readFile(new URL(`../${path}`, import.meta.url), 'utf8');
    const rebuilt = compiler.generatedSource(module, await compiler.compileWasm(module));
    expect(rebuilt === (await read(`src/generated/${file}`))).toBe(true);
    for (const [path, text] of Object.entries(module.generated)) expect(await read(`assembly/${path}`)).toBe(text);
  });
});
