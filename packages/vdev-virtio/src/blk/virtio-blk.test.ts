import { BLK_OPTIONS } from './options.js';
import { QvmError } from '@qvm/core';
import { createVdev, describeVdevContract, MemoryBlockBackend, VirtioMmio } from '@qvm/testing';
import fc from 'fast-check';
import {
  answerOf,
  ask,
  benchOf,
  blk,
  headerOf,
  prepareBlk,
  SECTORS,
  segmentOf,
  settle,
  type BlkBench,
} from './blk-driver.test.helper.js';
import { BOUNCE_BUFFERS, BOUNCE_BYTES } from './bounce-buffers.js';
import {
  F_CONFIG_WCE,
  F_DISCARD,
  F_FLUSH,
  F_MQ,
  F_RO,
  F_WRITE_ZEROES,
  S_IOERR,
  S_OK,
  S_UNSUPP,
  T_DISCARD,
  T_FLUSH,
  T_GET_ID,
  T_IN,
  T_OUT,
  T_WRITE_ZEROES,
} from './constants.js';
import { REQUEST_NS } from './virtual-time-server.js';

const NEEDS_RESET = 0x40;
const sector = (value: number): Uint8Array => new Uint8Array(512).fill(value);

describeVdevContract(blk, {
  options: { file: '/disk' },
  prepare: (context) => prepareBlk(new MemoryBlockBackend(512 * 8))(context),
  change: (harness) => {
    harness.write(0x70, 1);
    harness.write(0x70, 3);
    harness.write(0x100 + 32, 0, 1);
  },
});

describe.each([
  { clock: 'real-time', packed: false },
  { clock: 'real-time', packed: true },
  { clock: 'real-time', packed: false, prompt: true },
  { clock: 'icount', packed: false },
] as const)('virtio-blk, %p', ({ clock, packed, ...disk }) => {
  const bench = (setup: Parameters<typeof benchOf>[0] = {}): BlkBench =>
    benchOf({ clock, ...setup, disk: { ...disk, ...setup.disk }, options: { packed, ...setup.options } });

  it('reads and writes, however a request is spread over descriptors', async () => {
    const it = bench();
    const header = headerOf(T_OUT, 3);
    const data = Uint8Array.from({ length: 1024 }, (_, index) => index * 7);
    const read = [
      header.subarray(0, 3),
      header.subarray(3),
      data.subarray(0, 1),
      data.subarray(1, 700),
      data.subarray(700),
    ];
    expect(await ask(it, { read, write: [1] })).toMatchObject({ status: S_OK, written: 1 });
    expect(it.disk.bytes.subarray(3 * 512, 5 * 512)).toEqual(data);
    const whole = await ask(it, { read: [headerOf(T_IN, 2)], write: [1, 600, 1447, 1] });
    expect(whole).toMatchObject({ status: S_OK, written: 2049 });
    expect([whole.data[0], whole.data.subarray(512, 1536), whole.data[2047]]).toEqual([3, data, 6]);
  });

  it('passes large requests through piece by piece', async () => {
    const [pieces, sectors] = [9, 63];
    const length = pieces * sectors * 512;
    const it = bench({ sectors: pieces * sectors + 1 });
    const queue = it.driver.queue(0);
    const { memory } = it.harness.context;
    const header = queue.allocate(16);
    memory.write(header, headerOf(T_IN, 1));
    // All pieces use the same guest memory: a driver may do that, and a test has little memory.
    const address = queue.allocate(sectors * 512);
    const data = Array.from({ length: pieces }, () => ({ address, length: sectors * 512, write: true }));
    const status = { address: queue.allocate(1), length: 1, write: true };
    queue.addSegments([{ address: header, length: 16, write: false }, ...data, status]);
    queue.kick();
    await settle(it);
    expect(queue.collect()).toMatchObject([{ written: length + 1 }]);
    expect(it.disk.log).toEqual([`read 512 ${BOUNCE_BYTES}`, `read ${512 + BOUNCE_BYTES} ${length - BOUNCE_BYTES}`]);
    expect(memory.read(address, 512)).toEqual(sector(((pieces - 1) * sectors + 2) & 0xff));
  });

  it('refuses what lies outside the disk or is no sector', async () => {
    const it = bench();
    for (const [first, length] of [
      [SECTORS, 512],
      [SECTORS - 1, 1024],
      [2n ** 64n - 1n, 512],
      [2n ** 55n, 512],
      [0, 511],
      [0, 513],
    ] as const) {
      const answer = await ask(it, { read: [headerOf(T_IN, first)], write: [length, 1] });
      expect(answer).toMatchObject({ status: S_IOERR, written: 0 });
      const out = await ask(it, { read: [headerOf(T_OUT, first), new Uint8Array(length)], write: [1] });
      expect(out).toMatchObject({ status: S_IOERR });
    }
    expect(it.disk.log).toEqual([]);
    expect(await ask(it, { read: [headerOf(T_IN, SECTORS - 1)], write: [512, 1] })).toMatchObject({ status: S_OK });
  });

  it('flushes, gives its name, and does not know other requests', async () => {
    const it = bench({ options: { serial: 'WD-0815' } });
    expect(await ask(it, { read: [headerOf(T_FLUSH)], write: [1] })).toMatchObject({ status: S_OK, written: 1 });
    expect(it.disk.log).toEqual(['flush 0 0']);
    const { status, data } = await ask(it, { read: [headerOf(T_GET_ID)], write: [20, 1] });
    expect([status, new TextDecoder().decode(data)]).toEqual([S_OK, 'WD-0815'.padEnd(20, '\0')]);
    for (const type of [2, 3, 5, 7, 12, 14, 0xffff_ffff]) {
      expect(await ask(it, { read: [headerOf(type)], write: [512, 1] })).toMatchObject({
        status: S_UNSUPP,
        written: 0,
      });
    }
  });

  it('tells the guest of failures, and the host once', async () => {
    const it = bench();
    it.disk.failure = new QvmError('block.io', 'the disk is broken');
    for (const [type, read, write] of [
      [T_IN, [], [512, 1]],
      [T_OUT, [sector(1)], [1]],
      [T_FLUSH, [], [1]],
      [T_WRITE_ZEROES, [segmentOf(0, 1)], [1]],
    ] as const) {
      expect(await ask(it, { read: [headerOf(type), ...read], write })).toMatchObject({ status: S_IOERR });
    }
    expect(it.harness.context.logger.entries.filter(({ message }) => message.includes('broken'))).toHaveLength(1);
    expect(it.harness.vdev.status()).toMatchObject({ device: { requests: 4, failed: 4 } });
  });

  it('discards and writes zeros, checking all ranges before the first', async () => {
    const it = bench({ disk: { discardUnit: 4096 } });
    const out = async (type: number, ...segments: readonly Uint8Array[]): Promise<number | undefined> =>
      (await ask(it, { read: [headerOf(type), ...segments], write: [1] })).status;
    expect(await out(T_DISCARD, segmentOf(0, 8), segmentOf(16, 8))).toBe(S_OK);
    expect(await out(T_WRITE_ZEROES, segmentOf(32, 2, 1))).toBe(S_OK);
    expect(it.disk.log).toEqual(['discard 0 4096', 'discard 8192 4096', 'zero 16384 1024']);
    expect([it.disk.bytes[0], it.disk.bytes[4096], it.disk.bytes[16384]]).toEqual([0, 9, 0]);
    expect(await out(T_DISCARD, segmentOf(0, 8), segmentOf(0, 8, 1))).toBe(S_UNSUPP);
    expect(await out(T_WRITE_ZEROES, segmentOf(0, 8, 2))).toBe(S_UNSUPP);
    expect(await out(T_DISCARD, segmentOf(0, 1), segmentOf(SECTORS - 1, 2))).toBe(S_IOERR);
    expect(await out(T_WRITE_ZEROES, segmentOf(2n ** 64n - 1n, 1))).toBe(S_IOERR);
    expect(await out(T_WRITE_ZEROES, segmentOf(0, 1), segmentOf(0, 1))).toBe(S_IOERR);
    expect(await out(T_DISCARD, segmentOf(0, 1).subarray(1))).toBe(S_IOERR);
    expect(await out(T_DISCARD)).toBe(S_IOERR);
    expect(it.disk.log).toHaveLength(3);
  });

  it('serves all of its queues', async () => {
    const it = bench({ options: { queues: 3 } });
    expect([it.driver.features & F_MQ, it.driver.readConfig(34, 2)]).toEqual([F_MQ, 3]);
    for (const queue of [2, 0, 1]) {
      const { data } = await ask(it, { read: [headerOf(T_IN, queue)], write: [512, 1] }, queue);
      expect(data[0]).toBe(queue + 1);
    }
  });

  it('does not survive a request without room for header or status', async () => {
    for (const buffer of [{ read: [headerOf(T_IN)] }, { read: [new Uint8Array(15)], write: [1] }, { write: [512] }]) {
      const it = bench();
      it.driver.queue(0).add(buffer);
      it.driver.queue(0).kick();
      await settle(it);
      expect(it.driver.status & NEEDS_RESET).toBe(NEEDS_RESET);
      it.driver.start();
      expect(await ask(it, { read: [headerOf(T_IN)], write: [512, 1] })).toMatchObject({ status: S_OK });
    }
  });

  it('answers any request, and touches only what was asked for', async () => {
    const piece = fc.nat(700);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(T_IN, T_OUT, T_FLUSH, T_GET_ID, T_DISCARD, T_WRITE_ZEROES, 77),
        fc.oneof(fc.nat(SECTORS + 2), fc.constantFrom(2n ** 32n, 2n ** 63n, 2n ** 64n - 1n)),
        fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 4 }),
        fc.array(piece, { maxLength: 4 }),
        fc.boolean(),
        async (type, first, read, write, indirect) => {
          const it = bench({ disk: { discardUnit: 512 } });
          const answer = await ask(it, { read: [headerOf(type, first), ...read], write: [...write, 1], indirect });
          expect([S_OK, S_IOERR, S_UNSUPP]).toContain(answer.status);
          expect(answer.written).toBeLessThanOrEqual(answer.data.length + 1);
          if (type !== T_OUT) return;
          const length = read.reduce((sum, bytes) => sum + bytes.length, 0);
          const fits = length % 512 === 0 && Number(first) * 512 + length <= it.disk.size;
          expect([answer.status === S_OK, it.disk.log.length > 0]).toEqual([fits, fits && length > 0]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('the features of virtio-blk', () => {
  it('follow the disk and the options', () => {
    const offered = (setup: Parameters<typeof benchOf>[0]): bigint =>
      benchOf({ ...setup, start: false }).driver.offered;
    const [plain, readOnly] = [offered({}), offered({ disk: { readOnly: true, discardUnit: 512 } })];
    expect(plain & (F_RO | F_DISCARD | F_MQ)).toBe(0n);
    expect(plain & (F_FLUSH | F_CONFIG_WCE | F_WRITE_ZEROES)).toBe(F_FLUSH | F_CONFIG_WCE | F_WRITE_ZEROES);
    expect(readOnly & (F_RO | F_FLUSH | F_CONFIG_WCE | F_WRITE_ZEROES | F_DISCARD)).toBe(F_RO | F_FLUSH);
    expect(offered({ disk: { discardUnit: 512 } }) & F_DISCARD).toBe(F_DISCARD);
    expect(offered({ disk: { discardUnit: 512 }, options: { discard: false } }) & F_DISCARD).toBe(0n);
  });

  it('show in the configuration space', () => {
    const { driver } = benchOf({ disk: { discardUnit: 4096 } });
    const words = [0, 4, 12, 20, 24, 36, 40, 44, 48, 52].map((offset) => driver.readConfig(offset));
    expect(words).toEqual([SECTORS, 0, 254, 512, 0x8_0003, 0x40_0000, 64, 8, 0x1_0000, 1]);
    expect([driver.readConfig(32, 1), driver.readConfig(56, 1)]).toEqual([1, 1]);
  });

  it('refuses to write to a read-only disk', async () => {
    const it = benchOf({ disk: { readOnly: true, discardUnit: 512 } });
    for (const type of [T_OUT, T_WRITE_ZEROES]) {
      const read = [headerOf(type), type === T_OUT ? sector(1) : segmentOf(0, 1)];
      expect(await ask(it, { read, write: [1] })).toMatchObject({ status: S_IOERR });
    }
    expect(it.disk.log).toEqual([]);
  });

  it('does not discard where that is not offered', async () => {
    for (const setup of [
      {},
      { disk: { discardUnit: 512 }, options: { discard: false } },
      { disk: { readOnly: true } },
    ]) {
      const it = benchOf(setup);
      const answer = await ask(it, { read: [headerOf(T_DISCARD), segmentOf(0, 1)], write: [1] });
      expect([answer.status, it.disk.log]).toEqual([S_UNSUPP, []]);
    }
  });

  it.each([
    ['the driver does not know flushes', ~(F_FLUSH | F_CONFIG_WCE), {}, 'writethrough'],
    ['the driver cannot choose', ~F_CONFIG_WCE, { cache: 'writethrough' }, 'writeback'],
    ['the host chose write-through', -1n, { cache: 'writethrough' }, 'writethrough'],
    ['nobody chose', -1n, {}, 'writeback'],
  ])('writes as it must when %s', async (_case, mask, options, cache) => {
    const features = BigInt.asUintN(64, mask);
    const it = benchOf({ features, options });
    await ask(it, { read: [headerOf(T_OUT), sector(1)], write: [1] });
    expect(it.disk.log).toEqual(['write 0 512', ...(cache === 'writethrough' ? ['flush 0 0'] : [])]);
  });

  it('lets the driver choose the cache, until it resets the device', async () => {
    const it = benchOf();
    it.driver.writeConfig(32, 0, 1);
    await ask(it, { read: [headerOf(T_WRITE_ZEROES), segmentOf(0, 1)], write: [1] });
    expect(it.disk.log).toEqual(['zero 0 512', 'flush 0 0']);
    it.driver.writeConfig(0, 7, 4);
    it.driver.start();
    expect([it.driver.readConfig(32, 1), it.driver.readConfig(0)]).toEqual([1, SECTORS]);
  });
});

describe('the options of virtio-blk', () => {
  const openedBy = (options: Record<string, string>): unknown => {
    const opened: (readonly [string, unknown])[] = [];
    createVdev(blk, { options, prepare: prepareBlk(new MemoryBlockBackend(512), opened as never) });
    return opened[0];
  };

  it('name a disk', () => {
    const owner = 'vm:virtio-blk-0';
    expect(openedBy({ file: '/a' })).toEqual(['/a', { readOnly: false, owner }]);
    expect(openedBy({ hostdev: '/a' })).toEqual(['/a', { readOnly: false, owner }]);
    expect(openedBy({ hostdev: '<a' })).toEqual(['a', { readOnly: true, owner }]);
    const place = { baseDir: '/folder' };
    expect(BLK_OPTIONS.file.read('<a/b', place)).toEqual({ ok: true, value: { path: '/folder/a/b', readOnly: true } });
    expect(BLK_OPTIONS.file.read('</dev/b', place)).toEqual({ ok: true, value: { path: '/dev/b', readOnly: true } });
    for (const text of ['', '<', 'a\u0000b']) expect(BLK_OPTIONS.file.read(text, place)).toMatchObject({ ok: false });
    expect(openedBy({ file: '/a', overlay: '/o', readonly: 'on' })).toEqual([
      '/a',
      { readOnly: true, overlay: '/o', owner },
    ]);
  });

  it('name just one', () => {
    for (const options of [{}, { file: '/a', hostdev: '/b' }]) {
      expect(() => openedBy(options)).toThrow(expect.objectContaining({ code: 'vdev.option' }));
    }
  });

  it('need a disk that can be used synchronously under icount', () => {
    const disk = new MemoryBlockBackend(512);
    Object.defineProperty(disk, 'sync', { value: undefined });
    const create = (): unknown => createVdev(blk, { options: { file: '/a' }, prepare: prepareBlk(disk) });
    expect(create).toThrow(expect.objectContaining({ code: 'block.sync' }));
    expect(disk.closed).toBe(true);
  });
});

describe('a prompt disk', () => {
  it('answers reads and writes before the kick returns, and flushes when they are durable', async () => {
    const it = benchOf({ disk: { prompt: true } });
    const queue = it.driver.queue(0);
    queue.add({ read: [headerOf(T_IN, 4)], write: [512, 1] });
    queue.add({ read: [headerOf(T_OUT, 5), sector(7)], write: [1] });
    queue.kick();
    expect(queue.collect().map(answerOf)).toMatchObject([{ status: S_OK, data: sector(5) }, { status: S_OK }]);
    expect(it.driver.acknowledgeInterrupt()).toBe(1);
    it.disk.hold();
    queue.add({ read: [headerOf(T_FLUSH)], write: [1] });
    queue.add({ read: [headerOf(T_IN, 4)], write: [512, 1] });
    queue.kick();
    // Requests that arrive while the disk is working take the same way, so that the two ways are never used at the same
    // time.
    expect([queue.collect(), it.disk.outstanding]).toEqual([[], 2]);
    it.disk.release();
    await settle(it);
    expect(queue.collect().map(answerOf)).toMatchObject([{ status: S_OK }, { status: S_OK }]);
  });
});

describe('requests that the host works on', () => {
  it('are as many as there are buffers, and the others follow', async () => {
    const it = benchOf({ options: { queues: 4 } });
    it.disk.hold();
    for (let queue = 0; queue < 4; queue++) {
      for (let index = 0; index < 8; index++) {
        it.driver.queue(queue).add({ read: [headerOf(T_IN, index)], write: [512, 1], indirect: true });
        it.driver.queue(queue).add({ read: [headerOf(T_FLUSH)], write: [1], indirect: true });
      }
      it.driver.queue(queue).kick();
    }
    expect(it.disk.outstanding).toBe(BOUNCE_BUFFERS);
    expect(it.harness.vdev.status()).toMatchObject({ device: { outstanding: BOUNCE_BUFFERS } });
    expect(() => it.harness.vdev.save()).toThrow(expect.objectContaining({ code: 'virtio.busy' }));
    it.disk.release([...Array(BOUNCE_BUFFERS).keys()].reverse());
    await settle(it);
    const answers = [0, 1, 2, 3].flatMap((queue) => it.driver.queue(queue).collect().map(answerOf));
    expect(answers).toHaveLength(64);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([S_OK]));
  });

  it('end before a save: the driver finds the answers in what was saved', async () => {
    const it = benchOf({ options: { queues: 3 } });
    it.disk.hold();
    const queues = [0, 1, 2].map((index) => it.driver.queue(index));
    for (const queue of queues) {
      for (let at = 0; at < 12; at++) queue.add({ read: [headerOf(T_IN, at)], write: [512, 1], indirect: true });
      queue.kick();
    }
    expect(it.disk.outstanding).toBe(BOUNCE_BUFFERS);
    const resting = it.harness.quiesce();
    expect(() => it.harness.vdev.save()).toThrow(expect.objectContaining({ code: 'virtio.busy' }));
    it.disk.release();
    await resting;
    const snapshot = it.harness.vdev.save();
    const inOrder = Array.from({ length: 12 }, (_, at) => at + 1);
    expect(queues.map((queue) => queue.collect().map(({ room }) => room[0]))).toEqual([inOrder, inOrder, inOrder]);
    // The restored device continues: the next result is in the next entry of the used ring.
    const other = createVdev(blk, {
      options: { file: '/disk', queues: 3 },
      context: { memory: it.harness.context.memory },
      prepare: prepareBlk(it.disk),
    });
    other.vdev.restore(snapshot);
    queues[1]?.add({ read: [headerOf(T_IN, 5)], write: [512, 1] });
    queues[1]?.publish();
    other.write(VirtioMmio.QueueNotify, 1);
    other.context.clock.advance(100 * REQUEST_NS);
    expect(queues[1]?.collect().map(answerOf)).toMatchObject([{ status: S_OK, written: 513 }]);
  });

  it('end before the disk closes', async () => {
    const it = benchOf();
    it.disk.hold();
    it.driver.queue(0).add({ read: [headerOf(T_OUT, 0), sector(0x11)], write: [1] });
    it.driver.queue(0).kick();
    const released = it.harness.vdev.dispose();
    expect(it.disk.closed).toBe(false);
    it.disk.release();
    await released;
    expect([it.disk.closed, it.disk.bytes[0]]).toEqual([true, 0x11]);
  });

  it('end unseen after a reset, and new ones wait for them', async () => {
    const it = benchOf();
    it.disk.hold();
    const [id] = [it.driver.queue(0).add({ read: [headerOf(T_IN, 5)], write: [512, 1] })];
    const [, room] = it.driver.queue(0).segments(id);
    it.driver.queue(0).add({ read: [headerOf(T_OUT, 0), sector(0x11)], write: [1] });
    it.driver.queue(0).kick();
    it.driver.start();
    const { memory } = it.harness.context;
    const before = memory.read(room?.address ?? 0, 512);
    const queue = it.driver.queue(0);
    queue.add({ read: [headerOf(T_OUT, 0), sector(0x22)], write: [1] });
    queue.kick();
    expect(it.disk.outstanding).toBe(2);
    await settle(it);
    expect(queue.collect()).toEqual([]);
    it.disk.release();
    await settle(it);
    expect(queue.collect().map(answerOf)).toMatchObject([{ status: S_OK }]);
    expect(it.disk.bytes.subarray(0, 512)).toEqual(sector(0x22));
    expect(it.disk.log).toEqual(['read 2560 512', 'write 0 512', 'write 0 512']);
    expect(memory.read(room?.address ?? 0, 512)).not.toEqual(sector(6));
    expect(before).not.toEqual(sector(6));
  });

  it('take their data when they begin', async () => {
    const it = benchOf();
    it.disk.hold();
    const queue = it.driver.queue(0);
    const id = queue.add({ read: [headerOf(T_OUT, 0), sector(0x11)], write: [1] });
    queue.kick();
    it.harness.context.memory.write(queue.segments(id)[1]?.address ?? 0, sector(0x33));
    it.disk.release();
    await settle(it);
    expect(it.disk.bytes.subarray(0, 512)).toEqual(sector(0x11));
  });

  it('are none under icount: each is served at its virtual time', () => {
    const it = benchOf({ clock: 'icount' });
    const queue = it.driver.queue(0);
    queue.add({ read: [headerOf(T_IN)], write: [512, 1] });
    queue.add({ read: [headerOf(T_IN)], write: [512, 1] });
    queue.kick();
    const { clock } = it.harness.context;
    const counts = [0, 19_999, 1, 19_999, 1, 1e9].map((step) => {
      clock.advance(step);
      return queue.collect().length;
    });
    expect(counts).toEqual([0, 0, 1, 0, 1, 0]);
  });
});
