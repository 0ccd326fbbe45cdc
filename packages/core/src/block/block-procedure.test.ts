import type { BlockBackend, BlockOperations } from './block.js';
import { perform, performSync, type BlockProcedure } from './block-procedure.js';

const calls: string[] = [];

function operations<R>(kind: string, done: R, failure: (error: Error) => R): BlockOperations<R> {
  const note = (what: string): R => {
    calls.push(`${kind} ${what}`);
    return done;
  };
  return {
    read: (offset) => note(`read ${offset}`),
    write: () => failure(new Error('full')),
    flush: () => note('flush'),
    discard: () => note('discard'),
    writeZeroes: () => note('zero'),
  };
}

const disk: BlockBackend = {
  ...operations('async', Promise.resolve(), (error) => Promise.reject(error)),
  size: 512,
  readOnly: false,
  sync: operations<void>('sync', undefined, (error) => {
    throw error;
  }),
  close: () => Promise.resolve(),
};

function* procedure(): BlockProcedure<string> {
  yield (on) => on(disk).read(7, []);
  try {
    yield (on) => on(disk).write(0, []);
  } catch (error) {
    yield (on) => on(disk).flush();
    return String(error);
  }
  return 'no error';
}

function* failing(): BlockProcedure {
  yield (on) => on(disk).write(0, []);
}

describe('a block procedure', () => {
  beforeEach(() => calls.splice(0));

  it('runs asynchronously, failures included', async () => {
    expect(await perform(procedure())).toBe('Error: full');
    expect(calls).toEqual(['async read 7', 'async flush']);
    await expect(perform(failing())).rejects.toThrow('full');
  });

  it('runs synchronously, failures included', () => {
    expect(performSync(procedure())).toBe('Error: full');
    expect(calls).toEqual(['sync read 7', 'sync flush']);
    expect(() => performSync(failing())).toThrow('full');
  });

  it('says so when a disk has no synchronous operations', () => {
    const { sync: _sync, ...asynchronous } = disk;
    function* reading(): BlockProcedure {
      yield (on) => on(asynchronous).read(0, []);
    }
    expect(() => performSync(reading())).toThrow(expect.objectContaining({ code: 'block.sync' }));
  });
});
