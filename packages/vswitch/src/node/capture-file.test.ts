import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@qvm/core';
import { readCapture } from '../capture/pcapng.test.helper.js';
import { frame, station } from '../frames.test.helper.js';
import type { CaptureOutputs } from '../capture/capture-output.js';
import { CaptureFile } from './capture-file.js';

const A = station(1);
const B = station(2);
const hasTcpdump = spawnSync('tcpdump', ['--version']).status === 0;
if (!hasTcpdump) console.log('SKIPPED: the comparison with tcpdump, because tcpdump is not installed.');

const outputs: CaptureOutputs = {
  problem: (path) => (path.endsWith('pipe') ? 'it is a pipe' : undefined),
  open(path) {
    const descriptor = openSync(path, 'w');
    return { write: (bytes) => void writeSync(descriptor, bytes), close: () => closeSync(descriptor) };
  },
};

describe('a capture', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'qvm-capture-'));
    path = join(folder, 'net0.pcapng');
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('holds every frame with its length, direction and time', () => {
    const before = BigInt(Date.now()) * 1_000_000n;
    const capture = new CaptureFile(path, 'vm/net0', outputs, silentLogger);
    for (let length = 60; length < 68; length++) {
      capture.record(frame(A, B, length, undefined, length), length % 2 === 0 ? 'in' : 'out');
    }
    capture.close();
    const { name, frames } = readCapture(readFileSync(path));
    expect(name).toBe('vm/net0');
    expect(frames.map((captured) => captured.frame.length)).toEqual([60, 61, 62, 63, 64, 65, 66, 67]);
    expect(frames.map(({ direction }) => direction)).toEqual([1, 2, 1, 2, 1, 2, 1, 2]);
    expect([...(frames[3]?.frame ?? [])]).toEqual([...frame(A, B, 63, undefined, 63)]);
    // The clocks of the process and of the system differ slightly.
    for (const { time } of frames) expect(Math.abs(Number(time - before) / 1e9)).toBeLessThan(60);
  });

  it('writes large amounts while it goes on', () => {
    const capture = new CaptureFile(path, 'vm/net0', outputs, silentLogger);
    const large = frame(A, B, 1, undefined, 9000);
    for (let count = 0; count < 100; count++) capture.record(large, 'in');
    expect(readFileSync(path).length).toBeGreaterThan(800_000);
    capture.close();
    expect(readCapture(readFileSync(path)).frames).toHaveLength(100);
  });

  it('writes what came when nothing more comes', async () => {
    const capture = new CaptureFile(path, 'vm/net0', outputs, silentLogger);
    capture.record(frame(A, B, 1), 'in');
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(readCapture(readFileSync(path)).frames).toHaveLength(1);
    capture.close();
  });

  it('touches no file while there are no frames', () => {
    new CaptureFile(path, 'vm/net0', outputs, silentLogger).close();
    expect(existsSync(path)).toBe(false);
  });

  it('says once that it cannot write, and goes on without', () => {
    const messages: string[] = [];
    const logger = { log: (_level: string, message: string) => void messages.push(message) };
    const capture = new CaptureFile(folder, 'vm/net0', outputs, logger);
    const large = frame(A, B, 1, undefined, 0x1_0000);
    for (let count = 0; count < 3; count++) capture.record(large, 'in');
    capture.close();
    expect(messages).toEqual([expect.stringContaining(`the capture "${folder}" ends here: EISDIR`)]);
  });

  it('is refused at once where nothing can be written', () => {
    expect(() => new CaptureFile('/a/pipe', 'vm/net0', outputs, silentLogger)).toThrow(
      '"/a/pipe" cannot be written: it is a pipe',
    );
  });

  (hasTcpdump ? it : it.skip)('is read by tcpdump', () => {
    const capture = new CaptureFile(path, 'vm/net0', outputs, silentLogger);
    capture.record(frame(A, B, 1, undefined, 61), 'in');
    capture.record(frame(B, A, 2), 'out');
    capture.close();
    const output = execFileSync('tcpdump', ['-e', '-n', '-r', path], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const lines = output
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('\t'));
    expect(lines[0]).toMatch(/02:00:00:00:00:02 > 02:00:00:00:00:01, ethertype Unknown \(0x88b5\), length 61/);
    expect(lines[1]).toMatch(/02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype Unknown \(0x88b5\), length 60/);
  });
});
