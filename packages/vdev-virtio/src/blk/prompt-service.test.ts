import type { BlockBackend, BlockStep } from '@qvm/core/services';
import { MemoryBlockBackend } from '@qvm/testing';
import { PROMPT_NS, PromptService, SLOW_FACTOR } from './prompt-service.js';

const READ: BlockStep = (on) => on(disk).read(0, [new Uint8Array(512)]);
const FLUSH: BlockStep = (on) => on(disk).flush();
let disk: BlockBackend;

/** A service on a host whose operations take the time in `cost`. */
function serviceOf(prompt: boolean, cost: { nanoseconds: number }) {
  disk = new MemoryBlockBackend(4096, { prompt });
  let time = 0;
  let inside = false;
  const now = (): number => {
    if (inside) time += cost.nanoseconds;
    inside = !inside;
    return time;
  };
  const service = new PromptService(disk, now);
  /** Whether the step has ended on return. */
  const atOnce = async (step: BlockStep, quiet = true): Promise<boolean> => {
    const pending = service.perform(step, quiet);
    inside = false;
    await pending;
    return pending === undefined;
  };
  return { service, atOnce, pass: (nanoseconds: number) => (time += nanoseconds) };
}

describe('the prompt service of a disk', () => {
  it('reads at once from a prompt disk, and flushes asynchronously', async () => {
    const { atOnce } = serviceOf(true, { nanoseconds: 1000 });
    expect([await atOnce(READ), await atOnce(FLUSH)]).toEqual([true, false]);
  });

  it('does nothing at once with a disk that is not prompt, or is at work', async () => {
    expect(await serviceOf(false, { nanoseconds: 0 }).atOnce(READ)).toBe(false);
    expect(await serviceOf(true, { nanoseconds: 0 }).atOnce(READ, false)).toBe(false);
  });

  it('throws what the disk failed with', () => {
    const { service } = serviceOf(true, { nanoseconds: 0 });
    (disk as MemoryBlockBackend).closed = true;
    expect(() => service.perform(READ, true)).toThrow(expect.objectContaining({ code: 'testing.block' }));
  });

  it('stops when its time is spent, until the event loop had its turn', async () => {
    const { service, atOnce } = serviceOf(true, { nanoseconds: PROMPT_NS / 2 });
    expect([await atOnce(READ), await atOnce(READ), await atOnce(READ)]).toEqual([true, true, false]);
    service.refill();
    expect(await atOnce(READ)).toBe(true);
  });

  it('leaves a disk that was slow twice alone for a while', async () => {
    const cost = { nanoseconds: 2 * PROMPT_NS };
    const { service, atOnce, pass } = serviceOf(true, cost);
    expect(await atOnce(READ)).toBe(true);
    service.refill();
    expect(await atOnce(READ)).toBe(true);
    cost.nanoseconds = 1000;
    service.refill();
    expect(await atOnce(READ)).toBe(false);
    pass(SLOW_FACTOR * 4 * PROMPT_NS);
    service.refill();
    expect(await atOnce(READ)).toBe(true);
  });

  it('does not take one slow operation for a slow disk, nor two that are far apart', async () => {
    const cost = { nanoseconds: 0 };
    const { service, atOnce, pass } = serviceOf(true, cost);
    for (let count = 0; count < 3; count++) {
      for (const nanoseconds of [2 * PROMPT_NS, 1000]) {
        cost.nanoseconds = nanoseconds;
        expect(await atOnce(READ)).toBe(true);
        service.refill();
      }
      pass(SLOW_FACTOR * 4 * PROMPT_NS);
    }
  });
});
