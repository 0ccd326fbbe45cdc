import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * A program that compiles a module before and after the first step of a VM; V8 reports the compiler that it used. The
 * modules differ, because V8 caches modules that it has compiled.
 */
const PROGRAM = `
import { optimizingCompiler } from ${JSON.stringify(fileURLToPath(new URL('./optimizing-compiler.js', import.meta.url)))};
const moduleOf = (n) => WebAssembly.compile(Uint8Array.of(
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0, 7, 5, 1, 1, 0x66, 0, 0, 10, 6, 1, 4, 0, 0x41, n, 0x0b));
const call = async (n) => {
  const { exports } = await WebAssembly.instantiate(await moduleOf(n));
  console.log('result', exports.f());
};
const taps = [];
const tap = (name, called) => {
  taps.push(called);
  return { dispose: () => taps.splice(taps.indexOf(called), 1) };
};
optimizingCompiler().apply({ name: 'test', hooks: { step: { tap } } });
await call(1);
taps[0]({ phase: 'begin' });
console.log('taps', taps.length);
taps[0]({ phase: 'end' });
console.log('taps', taps.length);
await call(2);
optimizingCompiler();
await call(3);
`;

describe('the plugin optimizingCompiler', () => {
  it('lets V8 optimize at once when a VM runs, until one begins anew', () => {
    const args = ['--trace-wasm-compilation-times', '--input-type=module', '--eval', PROGRAM];
    const output = execFileSync(process.execPath, args, { encoding: 'utf8' });
    const first = output.split(/result \d/).map((part) => /using (\w+)/.exec(part)?.[1]);
    expect(first.slice(0, 3)).toEqual(['Liftoff', 'TurboFan', 'Liftoff']);
    expect(output.match(/taps \d/g)).toEqual(['taps 1', 'taps 0']);
  });
});
