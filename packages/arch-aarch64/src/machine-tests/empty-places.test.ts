import { MachineHarness, log } from './machine-harness.test.helper.js';

/** A place of VirtIO in which the machine of the tests has no device. */
const PLACE = 0x0a00_3c00;

describe('the places of VirtIO that no vdev has', () => {
  it.each(['interp', 'wasm'] as const)('tell a guest that probes them so (%s)', async (engine) => {
    const read = [0x000, 0x004, 0x008, 0x00c, 0x010, 0x034, 0x0fc, 0x100].map(
      (at) => `ldr w2, [x1, #${at}]\n${log(2)}`,
    );
    const wide = `ldr x2, [x1]\n${log(2)}`;
    const written = `mov w3, #1\n str w3, [x1, #0x70]\n str x3, [x1, #0x80]\n ldr w2, [x1, #0x70]\n${log(2)}`;
    const machine = await MachineHarness.run(`ldr x1, =${PLACE}\n${read.join('')}${wide}${written}`, { engine });
    machine.expectEnd();
    expect(machine.exceptions).toEqual([]);
    // QEMU 7.2 has the same there (-M virt -global virtio-mmio.force-legacy=false, monitor command xp).
    const first = [0x7472_6976n, 2n, 0n, 0x554d_4551n, 0n, 0n, 0n, 0n];
    expect(machine.log).toEqual([...first, 0x2_7472_6976n, 0n]);
  });
});
