// npm run soak:guest [-- --minutes N] [--arch A]: a Debian guest compresses, sorts, searches and starts processes for an hour, always new code at
// new places. Says each minute what the second tier and the process hold. Fails when modules, code pages, heap or memory grow.

import { parseArgs } from 'node:util';
import { Failure, main } from './lib/failure.mjs';
import { say } from './lib/step.mjs';

/** The guests by architecture. */
const GUESTS = {
  aarch64: { guest: 'debian-arm64', image: 'Image', console: 'ttyAMA0' },
  x86_64: { guest: 'debian-amd64', image: 'bzImage', console: 'ttyS0' },
};
const MEBIBYTE = 0x10_0000;
/** Growth while the guest's programs run for the first time does not count. */
const WARM_UP_SHARE = 0.3;
/** How far the end may lie above what was reached by then: the collector and V8's code cache wander. */
const SLACK = { rssMiB: 160, heapMiB: 48, modules: 1500, codePages: 1024 };
const ROUND_LIMIT_MS = 10 * 60_000;

/** One round of the guest's work; `$i` is its number. */
const ROUND = [
  'seq 1 20000 | sort -r | md5sum',
  'head -c 2000000 /bin/busybox | gzip -c | gunzip -c | sha256sum',
  'n=0; while [ $n -lt 150 ]; do /bin/true; (exit 0); n=$((n+1)); done',
  'n=0; s=0; while [ $n -lt 3000 ]; do s=$(((s*31+n+i)%65521)); n=$((n+1)); done; echo $s',
  'seq 1 5000 | sed "s/\\([0-9]\\)/<\\1$i>/g" | awk "{ t += length(\\$0) } END { print t }"',
  'mkdir -p /tmp/s; cp /bin/busybox /tmp/s/b$i; /tmp/s/b$i echo copied; rm -rf /tmp/s',
];

/** Works until the time is over, and compares what is held with what was held after the warm-up. */
async function soak(vm, shell, milliseconds) {
  const started = performance.now();
  const samples = [];
  for (let round = 1, next = 60e3; performance.now() - started < milliseconds; round++) {
    await shell.round(round);
    if (performance.now() - started < next) continue;
    next += 60e3;
    samples.push(held(vm));
    say(`${Math.round((performance.now() - started) / 60e3)} min, ${round} rounds: ${JSON.stringify(samples.at(-1))}`);
  }
  if (samples.length < 4) throw new Failure('Too short to see growth: at least five minutes.');
  const settled = samples.slice(0, Math.max(1, Math.ceil(samples.length * WARM_UP_SHARE)));
  const late = samples.slice(-settled.length);
  const grown = Object.entries(SLACK).filter(([key, slack]) => highest(late, key) > highest(settled, key) + slack);
  if (grown.length > 0) throw new Failure(`Grown: ${grown.map(([key]) => key).join(', ')}`);
}

const highest = (samples, key) => Math.max(...samples.map((sample) => sample[key]));

/** Present memory of the process and regions of the second tier, and their counts so far. */
function held(vm) {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const { instructions, engine } = vm.stats();
  const { regions, codePages, evicted } = engine;
  return {
    rssMiB: Math.round(rss / MEBIBYTE),
    heapMiB: Math.round(heapUsed / MEBIBYTE),
    externalMiB: Math.round(external / MEBIBYTE),
    modules: regions.live.modules,
    liveRegions: regions.live.regions,
    codePages,
    evicted,
    compileMs: Math.round(regions.milliseconds),
    longestPauseMs: Math.round(regions.longestPause),
    gigaInstructions: Math.round(instructions / 1e7) / 100,
  };
}

/** The guest's shell. */
class Shell {
  #text = '';
  #check = () => undefined;

  constructor(vm) {
    this.console = vm.console;
    this.console.onOutput((bytes) => {
      this.#text += Buffer.from(bytes).toString('latin1');
      this.#check();
    });
  }

  async round(number) {
    this.console.send(`i=${number}; { ${ROUND.join('; ')}; } > /dev/null 2>&1; echo ROUND-$((i))-DONE\n`);
    await this.until(new RegExp(`ROUND-${number}-DONE`));
  }

  /** Waits for output and forgets all that came. */
  until(pattern) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Failure(`The guest is stuck: ${this.#text.slice(-500)}`)),
        ROUND_LIMIT_MS,
      );
      this.#check = () => {
        if (!pattern.test(this.#text)) return;
        clearTimeout(timer);
        this.#check = () => undefined;
        this.#text = '';
        resolve();
      };
      this.#check();
    });
  }
}

function readOptions() {
  const { values } = parseArgs({
    options: { minutes: { type: 'string', default: '60' }, arch: { type: 'string', default: 'aarch64' } },
  });
  if (!/^\d+$/.test(values.minutes)) throw new Failure('--minutes takes a number', 2);
  const guest = Object.hasOwn(GUESTS, values.arch) ? GUESTS[values.arch] : undefined;
  if (guest === undefined) throw new Failure(`--arch takes ${Object.keys(GUESTS).join(' or ')}`, 2);
  return { minutes: Number(values.minutes), ...guest };
}

function notBuilt() {
  throw new Failure('qvm is not built: npm run build');
}

await main(async () => {
  const { minutes, guest, image, console: terminal } = readOptions();
  const { createHypervisor } = await import('@qvm/sdk').catch(notBuilt);
  const { verifyGuest } = await import('@qvm/guests').catch(notBuilt);
  const { files } = await verifyGuest(guest).catch((cause) => {
    throw new Failure(`${cause.message} (npx qvm guest fetch ${guest})`);
  });
  const hypervisor = createHypervisor();
  const vm = await hypervisor.createVm({
    name: 'soak',
    image: files[image],
    initrd: files['initramfs.cpio.gz'],
    cmdline: `console=${terminal} quiet`,
    baseDir: '/',
    ram: [{ size: '256M' }],
  });
  try {
    const shell = new Shell(vm);
    await vm.start();
    await shell.until(/GUEST-READY[^]*guest# /);
    await soak(vm, shell, minutes * 60e3);
  } finally {
    await hypervisor.dispose();
  }
});
