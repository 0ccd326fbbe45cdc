import type { BootRequest } from '../architecture/architecture.js';
import { BOOT_SCREEN } from '../display/boot-screen.js';
import { FW_CFG } from '../firmware/firmware-configuration.js';
import { RAM_RESERVATIONS } from '../memory/ram-reservations.js';
import { loadData } from './load-data.js';
import type { AssembledVm } from './vm-assembly.js';
import { vdevAcpi } from './vm-acpi.js';
import { consolePath, vdevNodes } from './vm-device-tree.js';

/**
 * The files to boot: a {@link BootRequest} without the parts that the VM adds.
 *
 * @experimental
 */
export type BootFiles = Omit<BootRequest, 'vdevNodes' | 'vdevAcpi' | 'reservations' | 'screen' | 'firmware'>;

/** Puts the guest's files into memory, at first and again after each reset. */
export class GuestBoot {
  readonly #parts: AssembledVm;
  #request: BootRequest | undefined;

  constructor(parts: AssembledVm) {
    this.#parts = parts;
  }

  /** Loads the guest for the first time. */
  load(files: BootFiles): Promise<void> {
    const { vdevs, service } = this.#parts;
    const stdoutPath = files.stdoutPath ?? consolePath(vdevs);
    const screen = service(BOOT_SCREEN);
    const firmware = service(FW_CFG);
    this.#request = {
      ...files,
      ...(screen === undefined ? {} : { screen }),
      ...(firmware === undefined ? {} : { firmware }),
      ...(stdoutPath === undefined ? {} : { stdoutPath }),
      reservations: service(RAM_RESERVATIONS)?.all ?? [],
      vdevNodes: (context) => vdevNodes(vdevs, context),
      vdevAcpi: (context) => vdevAcpi(vdevs, context),
    };
    return this.#boot(this.#request);
  }

  /** Resets machine and vdevs and loads the same guest; nothing before the first {@link load}. */
  async again(): Promise<void> {
    if (this.#request === undefined) return;
    this.#parts.machine.reset();
    for (const vdev of this.#parts.vdevs) vdev.run('reset', (device) => device.reset());
    await this.#boot(this.#request);
  }

  async #boot(request: BootRequest): Promise<void> {
    const { map, memory, machine, hooks } = this.#parts;
    for (const file of request.data ?? []) {
      loadData(file, map, memory);
      machine.invalidateCode(file.address, file.bytes.length);
    }
    const commandLine = hooks.kernelCommandLine.call(request.commandLine ?? '');
    await machine.boot({ ...request, commandLine });
  }
}
