import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The browser's command, from `CHROMIUM` or the search path; `undefined` when there is none. */
export function findChromium() {
  const names = process.env.CHROMIUM ? [process.env.CHROMIUM] : NAMES;
  return names.find((name) => spawnSync(name, ['--version']).status === 0);
}

/**
 * Opens `url` in a headless browser with a profile of its own.
 *
 * @returns what it says on its standard error so far, a promise that settles if it ends by itself, and how to end it
 */
export function openPage(command, url) {
  const profile = mkdtempSync(join(tmpdir(), 'qvm-browser-'));
  const child = spawn(command, [...FLAGS, `--user-data-dir=${profile}`, '--enable-logging=stderr', url], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // Its helpers are in its process group, so that all of them can be ended.
    detached: true,
  });
  let messages = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (messages = (messages + text).slice(-8192)));
  const ended = new Promise((resolve) => child.once('close', resolve).once('error', resolve));
  const close = async () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  return { messages: () => messages, ended, close };
}
