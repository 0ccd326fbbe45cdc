import { virt } from '@qvm/boards';
import { GuestPhysicalMap, RamGuestMemory, VmMemory, readDeviceTree } from '@qvm/core/architecture';
import type { Board } from '@qvm/core/board';
import { createVmHooks } from '@qvm/core/host';
import type { BootRequest, MachineServices } from '@qvm/core/architecture';
import type { DeviceTreeNode } from '@qvm/core/vdev';
import { loadGuest } from './boot-loader.js';
import type { BootEntry } from './boot-loader.js';
import type { AddressRange } from '@qvm/core/architecture';

/** State of guest memory after a boot, and where things were placed. */
export interface Booted extends BootEntry {
  readonly tree: DeviceTreeNode;
  readonly treeBytes: Uint8Array;
}

/** The memory of a VM, without the rest of the VM. */
export class BootBench {
  readonly map: GuestPhysicalMap;
  readonly guest: RamGuestMemory;
  readonly hooks = createVmHooks('test');

  constructor(
    readonly ram: readonly AddressRange[],
    private readonly board: Board = virt,
  ) {
    const memory = new VmMemory(ram.reduce((sum, { size }) => sum + size + 0x1_0000, 0x2_0000));
    this.map = new GuestPhysicalMap(memory);
    ram.forEach(({ base, size }, i) => this.map.addRam('ram', `ram${i}`, base, size));
    this.guest = new RamGuestMemory(this.map, memory, () => undefined);
    // Memory is not zero at first, so that a loader must clear what has to be zero.
    for (const { base, size } of ram) this.guest.view(base, size).fill(0xee);
  }

  async boot(request: Partial<BootRequest> & Pick<BootRequest, 'image'>, cpus = 1): Promise<Booted> {
    const clock = { kind: 'icount' };
    const own = { map: this.map, guestMemory: this.guest, hooks: this.hooks, board: this.board, clock };
    const services = own as unknown as MachineServices;
    const affinities = Array.from({ length: cpus }, (_, i) => BigInt(i));
    const entry = await loadGuest({ vdevNodes: () => [], ...request }, services, affinities);
    const size = new DataView(this.guest.read(entry.deviceTree, 8).buffer).getUint32(4);
    const treeBytes = this.guest.read(entry.deviceTree, size);
    return { ...entry, treeBytes, tree: readDeviceTree(treeBytes) };
  }
}
