// npm run soak:host [-- SECONDS [SEED]]: eight VMs of one host are started, paused, stopped, cut and asked at random for ten
// minutes. Fails when a VM ends otherwise than it was told to, or when threads, open files or memory of the host grow.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { Failure, main } from './lib/failure.mjs';
import { say } from './lib/step.mjs';

const VMS = 8;
const SECONDS = Number(process.argv[2] ?? 600);
const SEED = Number(process.argv[3] ?? Date.now() % 0x1_0000_0000);
const MEBIBYTE = 0x10_0000;
/** Tolerance for memory, because the garbage collector decides when it returns some. */
const SLACK_BYTES = 512 * MEBIBYTE;

await main(async () => {
  const { ControlClient, EMBEDDED_GUESTS, HostLog, HostProcess } = await import('@qvm/host');
  say(`Seed ${SEED}, ${SECONDS} s`);
  const folder = mkdtempSync(join(tmpdir(), 'qvm-soak-'));
  const socket = join(folder, 'control.sock');
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
  const host = await HostProcess.open({ socket, log: new HostLog(sink, 'text', false) });
  const client = await ControlClient.connect(socket);
  const deadline = performance.now() + SECONDS * 1e3;
  const counts = {};
  const count = (what) => (counts[what] = (counts[what] ?? 0) + 1);
  const architectures = Object.entries(EMBEDDED_GUESTS);
  const live = (index, until) => {
    const [arch, image] = architectures[index % architectures.length];
    return liveAndDie({ client, name: `vm-${index}`, arch, image, random: randomFrom(SEED + index), until, count });
  };
  try {
    // Code that is loaded and compiled once does not count as growth.
    await Promise.all(Array.from({ length: VMS }, (_, index) => live(index, 0)));
    const before = used();
    await Promise.all(Array.from({ length: VMS }, (_, index) => live(index, deadline)));
    compare(before, await settled(before));
    say(JSON.stringify(counts));
  } finally {
    client.close();
    await host.shutdown(0);
    rmSync(folder, { recursive: true, force: true });
  }
});

/** One VM after the other under one name, each with a random life; at least one. */
async function liveAndDie({ client, name, arch, image, random, until, count }) {
  do {
    const spec = { name, arch, image, cpus: 1, ram: [{ size: 64 * MEBIBYTE }], vdevs: [], baseDir: '/' };
    await client.request('vm.create', { spec });
    await client.request('vm.start', { vm: name });
    const end = client.request('vm.wait', { vm: name });
    for (let step = Math.floor(random() * 6); step > 0; step--) {
      await new Promise((resolve) => setTimeout(resolve, random() * 100));
      const method = ['vm.pause', 'vm.resume', 'vm.stat', 'vm.irqstat', 'vm.vdevstat', 'vm.registers'][
        Math.floor(random() * 6)
      ];
      count(await tolerant(client.request(method, { vm: name }), method));
    }
    const last = ['vm.stop', 'vm.destroy', 'vm.resume'][Math.floor(random() * 3)];
    count(await tolerant(client.request(last, { vm: name }), last));
    // A paused guest that nobody resumed waits for its end here.
    if (last === 'vm.resume') await tolerant(client.request('vm.destroy', { vm: name }), '');
    const { exitCode, reason, cause } = await end;
    if (exitCode !== 0 && exitCode !== 3) throw new Failure(`${name} ended with ${exitCode}: ${reason} ${cause ?? ''}`);
    count(`end ${exitCode}`);
  } while (performance.now() < until);
}

/** An operation that a VM's state does not allow is refused; any other error is a mistake. */
async function tolerant(request, method) {
  try {
    await request;
    return method;
  } catch (error) {
    if (['vm.illegal-transition', 'host.vm-lost'].includes(error.code)) return `${method} refused`;
    throw new Failure(`${method}: ${error.message}`);
  }
}

function used() {
  return {
    threads: readdirSync('/proc/self/task').length,
    files: readdirSync('/proc/self/fd').length,
    bytes: process.memoryUsage.rss(),
  };
}

/** Threads that were ended take a moment to go. */
async function settled(before) {
  for (let tries = 0; tries < 100; tries++) {
    const now = used();
    if (now.threads <= before.threads && now.files <= before.files) return now;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return used();
}

function compare(before, after) {
  say(`Before: ${JSON.stringify(before)}, after: ${JSON.stringify(after)}`);
  if (after.threads > before.threads || after.files > before.files || after.bytes > before.bytes + SLACK_BYTES) {
    throw new Failure('The host has grown.');
  }
}

/** Mulberry32: the same numbers for the same seed. */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
