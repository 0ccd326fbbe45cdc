import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GuestProcess } from '../guest-process.mjs';
import { MIB, SECONDS, withGuest } from '../guest.mjs';
import { QVM, qvmSpec } from '../sides.mjs';
import { idleShare } from './boot.mjs';

const VMS = 8;
const VM_MIB = 64;
const LIMIT_SECONDS = 60;
const POLL_MS = 5;
/** The memory that the number of VMs is told for. */
const MEASURE_MIB = 16 * 1024;

const qvm = (...args) => ({ command: process.execPath, args: [QVM, ...args] });

/** One host with more and more small VMs, which print one character and then wait: how soon they run, and what each costs. */
export function hostOfMany({ kernel, folder, idleSeconds }) {
  const socket = join(folder, 'host.sock');
  return async (side, figures) =>
    withGuest(qvm('host', '--socket', socket), async (host) => {
      const add = (name, unit, value) => figures.add(side, { group: 'host', name, unit }, value);
      await until(() => existsSync(socket), 'the host’s socket');
      await ended(qvm('waitfor', '/dev/qvm', String(LIMIT_SECONDS), '--socket', socket));
      add('memory without a VM', MIB, host.residentMib);
      const memory = [];
      for (let index = 0; index < VMS; index++) {
        add(
          `start of a VM of ${VM_MIB} MiB to its first output`,
          SECONDS,
          await startVm({ kernel, folder, socket, index }),
        );
        memory.push(host.residentMib);
      }
      addMemory(add, memory);
      if (idleSeconds > 0) add(`idle, share of a core, ${VMS} VMs`, '%', await idleShare(host, idleSeconds));
      await ended(qvm('host', 'stop', '--socket', socket));
      await host.ended;
    });
}

/** Seconds from the start of the command until the guest's first character is in a file. */
async function startVm({ kernel, folder, socket, index }) {
  const output = join(folder, `output-${index}`);
  const file = join(folder, `vm-${index}.qvmconf`);
  const vdevs = [{ type: 'pl011', config: `hostdev=file:${output}` }];
  writeFileSync(file, JSON.stringify(qvmSpec({ name: `vm${index}`, kernel, ramMib: VM_MIB, vdevs })));
  return withGuest(qvm('start', '--detach', file, '--socket', socket), async (command) => {
    await until(
      () => existsSync(output) && statSync(output).size > 0,
      `output of VM ${index}`,
      () => command.errors,
    );
    return command.age;
  });
}

/** The first VM brings the engine, which the others share: the rest says what one more costs. */
function addMemory(add, memory) {
  if (memory.includes(undefined)) return;
  const slope = (memory.at(-1) - memory[0]) / (memory.length - 1);
  add('memory with one VM', MIB, memory[0]);
  add('memory of one more VM', MIB, slope);
  add(`VMs in ${MEASURE_MIB} MiB`, 'VMs', Math.floor((MEASURE_MIB - memory[0]) / slope) + 1);
}

async function ended(command) {
  await new GuestProcess(command).end(LIMIT_SECONDS);
}

async function until(condition, what, detail = () => '') {
  const limit = performance.now() + LIMIT_SECONDS * 1000;
  while (!condition()) {
    if (performance.now() > limit) throw new Error(`${what} did not come within ${LIMIT_SECONDS} s ${detail()}`);
    await sleep(POLL_MS);
  }
}
