import fc from 'fast-check';
import { ByteQueue } from './byte-queue.js';
import { ConsoleChannel } from './console-channel.js';
import { MAX_KEPT_OUTPUT } from './console-stream.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);

describe('ByteQueue', () => {
  it('behaves like one long array', () => {
    const step = fc.oneof(
      fc.uint8Array({ maxLength: 9 }).map((data) => ({ push: data })),
      fc.nat({ max: 12 }).map((take) => ({ take })),
      fc.nat({ max: 12 }).map((truncate) => ({ truncate })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const queue = new ByteQueue();
        let model: number[] = [];
        for (const action of steps) {
          if ('push' in action) {
            queue.push(action.push);
            model.push(...action.push);
          } else if ('take' in action) {
            expect([...queue.take(action.take)]).toEqual(model.slice(0, action.take));
            model = model.slice(action.take);
          } else {
            const excess = Math.max(0, model.length - action.truncate);
            expect(queue.truncate(action.truncate)).toBe(excess);
            model = model.slice(excess);
          }
          expect(queue.length).toBe(model.length);
        }
      }),
    );
  });
});

describe('ConsoleChannel', () => {
  it('hands output over in one piece after the slice that wrote it', async () => {
    const channel = new ConsoleChannel('stdio');
    const seen: string[] = [];
    channel.onOutput((data) => void seen.push(text(data)));
    for (const character of 'abc') channel.backend.write(bytes(character));
    expect(seen).toEqual([]);
    await Promise.resolve();
    expect(seen).toEqual(['abc']);
  });

  it('keeps output for the first listener, up to a limit', () => {
    const channel = new ConsoleChannel('stdio');
    channel.backend.write(bytes('early'));
    const seen: string[] = [];
    channel.onOutput((data) => void seen.push(text(data))).dispose();
    expect(seen).toEqual(['early']);
    const block = new Uint8Array(MAX_KEPT_OUTPUT / 2);
    for (let i = 0; i < 3; i++) channel.backend.write(block);
    expect(channel.takeOutput()).toHaveLength(MAX_KEPT_OUTPUT);
    expect(channel.lost).toBe(block.length);
  });

  it('tells the guest’s side of input, and the host’s of its being taken', () => {
    const channel = new ConsoleChannel('stdio');
    const events: string[] = [];
    channel.send('before');
    channel.backend.onInput(() => void events.push('input'));
    channel.onDrained(() => void events.push('drained'));
    channel.send('');
    channel.send(bytes(' after'));
    expect(text(channel.backend.read(3))).toBe('bef');
    expect(channel.backend.available).toBe(9);
    expect(text(channel.backend.read(100))).toBe('ore after');
    expect(channel.backend.read(100)).toHaveLength(0);
    expect(events).toEqual(['input', 'drained']);
  });

  it('ends: its iterators finish, input goes nowhere', async () => {
    const channel = new ConsoleChannel('stdio');
    const all: string[] = [];
    const reader = (async () => {
      for await (const data of channel.output) all.push(text(data));
    })();
    channel.backend.write(bytes('one'));
    await new Promise((resolve) => setImmediate(resolve));
    channel.backend.write(bytes('two'));
    channel.backend.close();
    channel.backend.close();
    await reader;
    expect(all).toEqual(['one', 'two']);
    channel.send('x');
    channel.backend.write(bytes('x'));
    expect([channel.closed, channel.waiting, channel.takeOutput().length]).toEqual([true, 0, 0]);
    let told = 0;
    channel.onClosed(() => told++);
    expect(told).toBe(1);
  });
});
