import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquireLock } from './lock.js';

let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qvm-lock-'));
  path = join(folder, '.lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The id of a process that has ended. */
function deadPid(): number {
  return spawnSync('true').pid;
}

describe('acquireLock', () => {
  it('names its holder, and leaves nothing behind', async () => {
    const lock = await acquireLock(path);
    expect(readFileSync(path, 'utf8')).toMatch(new RegExp(`^\\S+ ${process.pid} \\d*\\n$`));
    await lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('lets one in at a time', async () => {
    let inside = 0;
    let most = 0;
    let total = 0;
    const work = async (): Promise<void> => {
      const lock = await acquireLock(path, { pollInterval: 1 });
      inside++;
      most = Math.max(most, inside);
      await sleep(2);
      inside--;
      total++;
      await lock.release();
    };
    await Promise.all(Array.from({ length: 12 }, work));
    expect({ most, total }).toEqual({ most: 1, total: 12 });
  });

  it('says whom it waits for, once', async () => {
    const first = await acquireLock(path);
    const waits: number[] = [];
    const second = acquireLock(path, { pollInterval: 1, onWait: (pid) => waits.push(pid) });
    await sleep(30);
    await first.release();
    await (await second).release();
    expect(waits).toEqual([process.pid]);
  });

  it.each([
    ['of a process that ended', () => `${hostname()} ${deadPid()} \n`],
    ['of an earlier process with the same id', () => `${hostname()} ${process.pid} 1\n`],
  ])('takes over a lock %s', async (_, text) => {
    writeFileSync(path, text());
    const lock = await acquireLock(path);
    await lock.release();
    expect(existsSync(path)).toBe(false);
  });

  it('lets only one of many take over', async () => {
    writeFileSync(path, `${hostname()} ${deadPid()} \n`);
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      const lock = await acquireLock(path, { pollInterval: 1 });
      inside++;
      most = Math.max(most, inside);
      await sleep(1);
      inside--;
      await lock.release();
    };
    await Promise.all(Array.from({ length: 8 }, work));
    expect(most).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each(['elsewhere.example 1 1\n', 'garbage'])(
    'takes over %j only when it has not been touched for long',
    async (text) => {
      writeFileSync(path, text);
      const stop = AbortSignal.timeout(30);
      await expect(acquireLock(path, { pollInterval: 1, signal: stop })).rejects.toMatchObject({ code: 'aborted' });
      const old = new Date(Date.now() - 600_000);
      utimesSync(path, old, old);
      await (await acquireLock(path)).release();
    },
  );

  it('does not wait when already stopped', async () => {
    const lock = await acquireLock(path);
    await expect(acquireLock(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
    await lock.release();
  });
});
