import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blockRequests } from './scenarios/block.mjs';
import { boot } from './scenarios/boot.mjs';
import { guestBench } from './scenarios/guest-bench.mjs';
import { hostOfMany } from './scenarios/host.mjs';
import { computeKernels } from './scenarios/kernels.mjs';
import { networkTransfer } from './scenarios/network.mjs';
import { notificationLatency } from './scenarios/notification.mjs';
import { sharedMemory } from './scenarios/shared-memory.mjs';
import { firstOutput } from './scenarios/start.mjs';
import { traceCost } from './scenarios/trace.mjs';
import { temporaryFolder } from './temporary.mjs';

/**
 * The measurements in order: `title`, `run(side, figures)`, and `only`, the key of the side that can do it, when the
 * other has nothing like it.
 */
export function planOf(options, architecture, linux) {
  const folder = temporaryFolder();
  const file = (name, bytes) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  const { images, lines } = architecture;
  const io = { linux: linux.full, commandLine: lines.lean, divisor: options.ioDivisor };
  const { idleSeconds } = options;
  const groups = {
    start: () => [
      { title: 'start', run: firstOutput({ kernel: file('first-output.bin', images.firstOutputImage()) }) },
    ],
    kernels: () => [
      {
        title: 'kernels',
        run: computeKernels({
          kernel: file('kernels.bin', images.kernelImage(options.kernelDivisor)),
          names: images.KERNEL_NAMES,
        }),
      },
    ],
    io: () => [
      {
        title: 'notification',
        run: notificationLatency({
          kernel: file('notify.bin', images.notifyImage(options.ioDivisor)),
          disk: join(folder, 'sector.img'),
        }),
      },
      { title: 'block', run: blockRequests({ ...io, disk: join(folder, 'disk.img') }) },
      {
        title: 'shared memory',
        only: 'ours',
        run: sharedMemory({
          kernel: file('copy.bin', images.copyImage(options.ioDivisor)),
          divisor: options.ioDivisor,
        }),
      },
      { title: 'network', run: networkTransfer(io) },
    ],
    host: () => [
      {
        title: 'host',
        only: 'ours',
        run: hostOfMany({ kernel: file('idle.bin', images.idleImage()), folder, idleSeconds }),
      },
      { title: 'trace', only: 'ours', run: traceCost({ linux: linux.guest, commandLine: lines.lean, folder }) },
    ],
    ...linuxGroups(options, architecture, linux),
  };
  return options.only.flatMap((name) => groups[name]());
}

function linuxGroups({ lines, divisor, benchSeconds, idleSeconds }, architecture, { guest }) {
  /** Statistics of a boot by command line: bench takes them off its own. */
  const boots = new Map();
  const each = (title, make) => () =>
    lines.map((name) => ({ title: `${title}, ${name}`, run: make({ name, text: architecture.lines[name] }) }));
  return {
    // Idleness does not depend on the command line: once is enough.
    boot: each('boot', (line) =>
      boot({ linux: guest, line, boots, idleSeconds: line.name === lines[0] ? idleSeconds : 0 }),
    ),
    bench: each(`bench ${divisor}`, (line) =>
      guestBench({ linux: guest, line, boots, divisor, seconds: benchSeconds }),
    ),
  };
}
