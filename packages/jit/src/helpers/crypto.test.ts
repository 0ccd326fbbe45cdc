import { readFile } from 'node:fs/promises';
import { cryptoHelpers } from './crypto.js';

interface Compiler {
  compileWasm(): Promise<Uint8Array>;
  generatedSource(bytes: Uint8Array): string;
}

describe('the module of cryptographic steps', () => {
  it('imports nothing, not even a memory, and exports the functions of the list', () => {
    expect(WebAssembly.Module.imports(cryptoHelpers.compiled)).toEqual([]);
    const exported = WebAssembly.Module.exports(cryptoHelpers.compiled);
    expect(exported.every(({ kind }) => kind === 'function')).toBe(true);
    expect(exported.map(({ name }) => name).sort()).toEqual(cryptoHelpers.helpers.map(({ name }) => name).sort());
  });

  it('is compiled once', () => {
    expect(cryptoHelpers.compiled).toBe(cryptoHelpers.compiled);
  });

  it('is what assembly/ compiles to', async () => {
    const url = new URL('../../scripts/compile.mjs', import.meta.url);
    const compiler = (await import(url.href)) as Compiler;
    const committed = await readFile(new URL('../../src/generated/crypto-wasm.ts', import.meta.url), 'utf8');
    expect(compiler.generatedSource(await compiler.compileWasm()) === committed).toBe(true);
  }, 60_000);
});
