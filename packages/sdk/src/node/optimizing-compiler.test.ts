import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * A program that compiles a module before and after the first step of a VM, and so again when a mode is new; V8 reports
 * the compiler that it used. The modules, functions with a loop, differ, because V8 caches modules that it has compiled.
 */
const PROGRAM = `
import { optimizingCompiler } from ${JSON.stringify(fileURLToPath(new URL('./optimizing-compiler.js', import.meta.url)))};
// (n) => { do n -= STEP while (n >= 0) }
const moduleOf = (step) => WebAssembly.compile(Uint8Array.of(
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 1, 0x7f, 0, 3, 2, 1, 0, 7, 5, 1, 1, 0x66, 0, 0, 10, 19, 1, 17, 0,
  3, 0x40, 0x20, 0, 0x41, step, 0x6b, 0x22, 0, 0x41, 0, 0x4e, 0x0d, 0, 0x0b, 0x0b));
let step = 0;
const call = async () => {
  const { exports } = await WebAssembly.instantiate(await moduleOf(++step));
  exports.f(100_000_000);
  exports.f(1);
  // Time in which V8 might compile it again.
  await new Promise((resolve) => setTimeout(resolve, 50));
  console.log('result', step);
};
const hookOf = () => {
  const taps = [];
  const tap = (name, called) => {
    taps.push(called);
    return { dispose: () => taps.splice(taps.indexOf(called), 1) };
  };
  return { taps, tap, call: (event) => [...taps].forEach((called) => called(event)) };
};
const hooks = { step: hookOf(), newCodeMode: hookOf() };
optimizingCompiler().apply({ name: 'test', hooks });
await call();
hooks.step.call({ phase: 'begin' });
console.log('taps', hooks.step.taps.length);
hooks.step.call({ phase: 'end' });
console.log('taps', hooks.step.taps.length);
await call();
hooks.step.call({ phase: 'begin' });
hooks.newCodeMode.call({ mode: 1 });
hooks.step.call({ phase: 'end' });
await call();
hooks.step.call({ phase: 'begin' });
hooks.step.call({ phase: 'end' });
await call();
optimizingCompiler();
await call();
`;

describe('the plugin optimizingCompiler', () => {
  it('lets V8 optimize at once when a VM runs, until one begins anew or enters another mode', () => {
    const args = ['--trace-wasm-compilation-times', '--input-type=module', '--eval', PROGRAM];
    const output = execFileSync(process.execPath, args, { encoding: 'utf8' });
    const parts = output.split(/result \d/).slice(0, -1);
    const first = parts.map((part) => /using (\w+)/.exec(part)?.[1]);
    expect(first).toEqual(['Liftoff', 'TurboFan', 'Liftoff', 'TurboFan', 'Liftoff']);
    expect(output.match(/taps \d/g)).toEqual(['taps 1', 'taps 0']);
  });
});
