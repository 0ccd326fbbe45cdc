/** Nanoseconds per call from a WebAssembly loop. Run: node packages/softfloat/scripts/bench.mjs [part of a function's name] */
import { SOFTFLOAT_SIGNATURES, instantiateSoftfloat } from '../dist/index.js';
import { instantiateHarness } from '../dist/harness.test.util.js';

const only = process.argv[2] ?? '';
const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
const callers = instantiateHarness(memory, instantiateSoftfloat(memory), SOFTFLOAT_SIGNATURES);
const view = new DataView(memory.buffer);
const FP = 16;
const ARGS = 256;
const TIMES = 2_000_000;

function put(name, k, at) {
  const value = 1.1 + 0.7 * k;
  if (/^(v_)?u32/.test(name)) return view.setUint32(at, 0xb0000000, true);
  if (/_from_/.test(name)) return view.setBigInt64(at, 12345n + (12345n << 32n), true);
  for (let i = 0; i < 2; i++) {
    if (/^(v_)?f64/.test(name)) view.setFloat64(at + 8 * i, value, true);
    else if (/^(v_)?f32/.test(name)) for (const j of [0, 4]) view.setFloat32(at + 8 * i + j, value, true);
    else for (const j of [0, 2, 4, 6]) view.setUint16(at + 8 * i + j, 0x3c66 + 300 * k, true);
  }
}

/**
 * Arguments of a function: numbers first, then zeros for the rounding mode and other parameters, lanes, the status
 * address.
 */
function prepare(name, status) {
  const { params } = SOFTFLOAT_SIGNATURES[name];
  const vector = name.startsWith('v_');
  const floats = /muladd/.test(name)
    ? 3
    : /_(add|sub|mul|mulx|div|min|max|minnum|maxnum|abd|recps|rsqrts|cmp..|compare)$/.test(name)
      ? 2
      : 1;
  params.forEach((_, k) => {
    const at = ARGS + 16 * k;
    const tail = params.length - 1 - k - (/u32/.test(name) && !/_(to|from)_/.test(name) ? -1 : 0);
    if (k < floats) put(name, k, at);
    else if (tail === 0) view.setUint32(at, FP, true);
    else if (tail === 1 && vector) view.setUint32(at, /f64/.test(name) ? 2 : /f32|u32/.test(name) ? 4 : 8, true);
    else view.setUint32(at, 0, true);
  });
  view.setUint32(FP, 0, true);
  view.setUint32(FP + 4, status, true);
}

function measure(name, status) {
  const run = () => {
    prepare(name, status);
    const start = performance.now();
    for (let i = 0; i < TIMES; i += 100_000) {
      view.setUint32(FP + 4, status, true);
      callers[name](ARGS, 100_000);
    }
    return ((performance.now() - start) / TIMES) * 1e6;
  };
  run();
  return Math.min(run(), run());
}

/** The integer path: FPCR.RMode toward zero. */
function slow(name) {
  prepare(name, 0x10);
  view.setUint32(FP, 3 << 22, true);
  const start = performance.now();
  callers[name](ARGS, TIMES);
  return ((performance.now() - start) / TIMES) * 1e6;
}

for (const name of Object.keys(SOFTFLOAT_SIGNATURES).filter((n) => n.includes(only))) {
  console.log(
    `${name.padEnd(20)} ${measure(name, 0x10).toFixed(1).padStart(7)} ns, toward zero ${slow(name).toFixed(1).padStart(7)} ns`,
  );
}
