import { contentsOf } from '@qvm/core/architecture';
import type { Contents, DigestStore } from '@qvm/core/architecture';
import { branch, COMPARE, inc, jumpFar, LEAVE, LESS, operation, set, store, ToyPair } from './toy-pair.test.helper.js';
import { PAGE } from './toy-vm.test.helper.js';
import type { ToySetup } from './toy-vm.test.helper.js';

const CODE = 4 * PAGE;
const DATA = 2 * PAGE;
const RAM_OF_CODE = 2 * PAGE;
const ROUNDS = 20_000;

class MemoryStore implements DigestStore {
  readonly files = new Map<string, Uint8Array>();
  /** Number of questions. */
  asked = 0;

  find(digest: string): Promise<Contents | undefined> {
    this.asked++;
    const bytes = this.files.get(digest);
    return Promise.resolve(bytes === undefined ? undefined : contentsOf(bytes));
  }

  keep(digest: string, bytes: Uint8Array): Promise<void> {
    this.files.set(digest, bytes);
    return Promise.resolve();
  }

  /** The only file. */
  get file(): Uint8Array {
    expect(this.files.size).toBe(1);
    return [...this.files.values()][0] as Uint8Array;
  }
}

const FAR_BYTES = jumpFar(0).length;

/** Counts to R2 in a loop of two pages: half of it is in the next one. Before each round comes `head`. */
function loop(step: readonly number[] = inc(5), head: readonly number[] = []): Program {
  const body = [...head, ...inc(0), ...step, ...step];
  const end = [...inc(6), ...operation(COMPARE, 0, 2), ...branch(LESS, 1), LEAVE];
  return {
    first: [...body, ...jumpFar(PAGE - body.length - FAR_BYTES)],
    second: [...end, ...jumpFar(-(PAGE + end.length + FAR_BYTES))],
  };
}

interface Program {
  readonly first: readonly number[];
  readonly second: readonly number[];
}

/** A VM with a program that runs to its end, beside the reference. */
async function run(files: MemoryStore, { first, second }: Program, at = 2, setup?: ToySetup): Promise<ToyPair> {
  const pair = new ToyPair('wasm', setup);
  pair.map(4, at);
  pair.map(5, at + 3);
  pair.map(2, 12);
  pair.write(at * PAGE, first);
  pair.write((at + 3) * PAGE, second);
  await pair.vm.boot(files);
  pair.setRegisters([0, DATA, ROUNDS]);
  // With its first instruction, the VM asks for translations of the mode.
  const { asked } = files;
  pair.run(1, CODE);
  while (files.asked === asked) await new Promise((done) => setTimeout(done, 1));
  await new Promise((done) => setTimeout(done, 1));
  pair.setRegisters([0, DATA, ROUNDS]);
  expect(pair.run(1_000_000, CODE)).toBe('leave');
  return pair;
}

async function keptOf(program: Program): Promise<MemoryStore> {
  const files = new MemoryStore();
  const { vm } = await run(files, program);
  expect(vm.region('translated')).toBeGreaterThan(0);
  await vm.machine.ended();
  return files;
}

describe('translations of an earlier VM', () => {
  it('are used where the same code is', async () => {
    const files = await keptOf(loop());
    const { vm } = await run(files, loop());
    expect(vm.region('known')).toBeGreaterThan(0);
    expect(vm.region('translated')).toBe(0);
    expect(vm.regionEntries).toBeGreaterThan(0);
  });

  it('are used wherever the code is in memory', async () => {
    const files = await keptOf(loop());
    const { vm } = await run(files, loop(), 7);
    expect(vm.region('known')).toBeGreaterThan(0);
    expect(vm.region('translated')).toBe(0);
  });

  it('are compiled in the background, too', async () => {
    const files = await keptOf(loop());
    const pair = await run(files, loop(), 2, { tuning: { background: true, hot: 1e6 } });
    for (let i = 0; i < 20 && pair.vm.region('known') === 0; i++) {
      await new Promise((done) => setTimeout(done, 10));
      pair.setRegisters([0, DATA, ROUNDS]);
      pair.run(1_000_000, CODE);
    }
    expect(pair.vm.region('known')).toBeGreaterThan(0);
  });

  it('are not used for other code', async () => {
    const files = await keptOf(loop());
    // The same first bytes, another second page.
    const other = { first: loop().first, second: [...inc(7), ...loop().second.slice(1)] };
    for (const program of [loop(inc(3)), other]) {
      const { vm } = await run(files, program);
      expect(vm.region('translated')).toBeGreaterThan(0);
    }
  });

  it('are not used any more when the code changes', async () => {
    const files = await keptOf(loop());
    const pair = await run(files, loop());
    const known = pair.vm.region('known');
    for (let i = 0; i < 6; i++) {
      // At one time the code is as it was, at the next it is not.
      pair.write(RAM_OF_CODE + 1, i % 2 === 0 ? inc(3) : inc(5));
      pair.setRegisters([0, 0, ROUNDS]);
      expect(pair.run(1_000_000, CODE)).toBe('leave');
    }
    expect(pair.vm.region('known')).toBeGreaterThan(known);
  });

  it('are not used any more when the guest changes its code', async () => {
    // R1 is where the counter goes.
    const program = loop(inc(5), store(0, 1, 0));
    const files = await keptOf(program);
    const pair = await run(files, program);
    for (let i = 0; i < 4; i++) {
      // At first it is data, then in the page of the loop's second half.
      pair.setRegisters([0, i < 2 ? DATA : CODE + PAGE + 64, 2000]);
      pair.run(40_000, CODE);
    }
  });

  it('are ignored when the file is damaged', async () => {
    const files = await keptOf(loop());
    const whole = files.file.slice();
    const key = [...files.files.keys()][0] as string;
    for (let at = 0; at < whole.length; at += 41) {
      const bytes = whole.slice();
      bytes[at] = (bytes[at] as number) ^ 0x55;
      // A module that is changed is another program: the store's digest finds that. All other bytes must not matter.
      if (at >= whole.length - moduleBytes(whole)) break;
      files.files.set(key, bytes);
      await run(files, loop());
    }
    files.files.set(key, whole.subarray(0, 100));
    const { vm } = await run(files, loop());
    expect(vm.region('known')).toBe(0);
  });

  it('are forgotten when their modules are not valid', async () => {
    const files = await keptOf(loop());
    const key = [...files.files.keys()][0] as string;
    const bytes = files.file.slice();
    // The magic number of each module.
    for (let i = 0; i < bytes.length; i++)
      if (bytes[i] === 0 && bytes[i + 1] === 0x61 && bytes[i + 2] === 0x73) bytes[i + 1] = 0x62;
    files.files.set(key, bytes);
    const { vm } = await run(files, loop());
    expect(vm.region('known')).toBe(0);
    expect(vm.region('translated')).toBeGreaterThan(0);
  });

  it('are not written again when there is nothing new', async () => {
    const files = await keptOf(loop());
    const before = files.file;
    const { vm } = await run(files, loop());
    await vm.machine.ended();
    expect(files.file).toBe(before);
  });

  it('are not used while regions are listed', async () => {
    const files = await keptOf(loop());
    const pair = new ToyPair('wasm');
    pair.vm.hooks.codeTranslated.tap('test', () => undefined);
    await pair.vm.boot(files);
    pair.map(4, 2);
    pair.write(RAM_OF_CODE, [...set(0, 1), LEAVE]);
    expect(pair.run(10, CODE)).toBe('leave');
    await new Promise((done) => setTimeout(done, 20));
    expect(pair.vm.region('modules')).toBe(0);
  });
});

/** Bytes of modules and code in a pack: all after the words. */
const moduleBytes = (pack: Uint8Array): number =>
  pack.length - (2 + new DataView(pack.buffer, pack.byteOffset).getUint32(4, true)) * 4;
