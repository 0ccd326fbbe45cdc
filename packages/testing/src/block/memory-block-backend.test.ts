import { QvmError } from '@qvm/core';
import { MemoryBlockBackend } from './memory-block-backend.js';

const sector = (value: number): Uint8Array => new Uint8Array(512).fill(value);

describe('MemoryBlockBackend', () => {
  it('reads what was written, both ways', async () => {
    const disk = new MemoryBlockBackend(2048);
    disk.sync.write(512, [sector(1), sector(2)]);
    const [a, b] = [sector(0), sector(0)];
    await disk.read(512, [a, b]);
    expect([a[0], b[511], disk.bytes[1536]]).toEqual([1, 2, 0]);
    await disk.writeZeroes(512, 512, false);
    expect(disk.bytes.subarray(512, 1024)).toEqual(sector(0));
    expect(disk.log).toEqual(['write 512 1024', 'read 512 1024', 'zero 512 512']);
  });

  it('loses with the power what was not flushed, but for what it kept', async () => {
    const disk = new MemoryBlockBackend(1536);
    await disk.write(0, [sector(1)]);
    await disk.flush();
    await disk.write(512, [sector(2), sector(3)]);
    expect(disk.pendingSectors).toBe(2);
    const left = disk.afterPowerLoss((index) => index === 1).bytes;
    expect([left[0], left[512], left[1024]]).toEqual([1, 0, 3]);
  });

  it('holds requests back', async () => {
    const disk = new MemoryBlockBackend(1024);
    disk.hold();
    const both = Promise.all([disk.write(0, [sector(1)]), disk.write(0, [sector(2)])]);
    expect([disk.outstanding, disk.bytes[0]]).toEqual([2, 0]);
    disk.release([1, 0]);
    await both;
    expect(disk.bytes[0]).toBe(1);
  });

  it('closes when its requests have ended', async () => {
    const disk = new MemoryBlockBackend(1024);
    disk.hold();
    const writing = disk.write(0, [sector(1)]);
    const closing = disk.close();
    expect(disk.closed).toBe(false);
    disk.release();
    await Promise.all([writing, closing]);
    expect([disk.closed, disk.bytes[0]]).toEqual([true, 1]);
  });

  it('refuses what breaks the contract, and fails on demand', async () => {
    const disk = new MemoryBlockBackend(1024, { readOnly: true });
    await expect(disk.read(1, [sector(0)])).rejects.toMatchObject({ code: 'testing.block' });
    await expect(disk.read(1024, [sector(0)])).rejects.toMatchObject({ code: 'testing.block' });
    await expect(disk.write(0, [sector(0)])).rejects.toMatchObject({ code: 'testing.block' });
    disk.failure = new QvmError('block.io', 'broken');
    await expect(disk.read(0, [sector(0)])).rejects.toThrow('broken');
  });
});
