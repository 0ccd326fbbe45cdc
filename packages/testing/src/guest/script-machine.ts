import type { Board } from '@qvm/core/board';
import { virt } from '@qvm/boards';
import { ARCHITECTURE, BOARD, provide } from '@qvm/core';
import type { QvmPlugin } from '@qvm/core';
import type {
  Architecture,
  ArchitectureSource,
  BootFile,
  BootRequest,
  Machine,
  MachineServices,
} from '@qvm/core/architecture';
import { readScript, SCRIPT_HEADER } from './script-instruction.js';
import { notSaved, SCRIPT_HOOK_KINDS, ScriptVcpu } from './script-vcpu.js';

/** The processors of a VM with a scripted guest. Shared interrupt inputs are connected directly to them. */
class ScriptMachine implements Machine {
  readonly vcpus: readonly ScriptVcpu[];

  constructor(services: MachineServices) {
    const inputs = new Set<number>();
    this.vcpus = Array.from({ length: services.vcpus }, (_, index) => new ScriptVcpu(index, services, inputs));
    services.wiring.attach({
      inputChanged: (number, vcpu, level) => {
        if (vcpu === undefined && level) inputs.add(number);
        else if (vcpu === undefined) inputs.delete(number);
      },
    });
  }

  async boot({ image }: BootRequest): Promise<void> {
    const script = readScript(image.name, image.bytes);
    for (const vcpu of this.vcpus) vcpu.start(script);
  }

  reset(): void {
    // The boot that follows starts the script again.
  }

  invalidateCode(): void {
    // Scripts are not in guest RAM.
  }

  mappingChanged(): void {
    // Each access looks the address up in the map.
  }

  save(): never {
    throw notSaved();
  }

  restore(): never {
    throw notSaved();
  }

  stats(): Readonly<Record<string, number>> {
    return { lines: this.vcpus[0]?.line ?? 0 };
  }
}

/**
 * Options of the board of scripted guests.
 *
 * @experimental
 */
export type ScriptBoard = Pick<Board, 'implicitVdevs' | 'defaultConsole'>;

/**
 * The architecture of scripted guests, under a name that configurations can use.
 *
 * @experimental
 */
export const scriptArchitecture: Architecture = {
  name: 'aarch64',
  defaultBoard: 'script',
  hookKinds: SCRIPT_HOOK_KINDS,
  engineBytes: () => 0x1000,
  createMachine: (services) => new ScriptMachine(services),
};

/** {@link scriptArchitecture} as plugins register it. */
const scriptSource: ArchitectureSource = { ...scriptArchitecture, load: () => Promise.resolve(scriptArchitecture) };

/**
 * The board of scripted guests: the places of `virt`, and no implicit vdevs except those of `has`.
 *
 * @experimental
 */
export function scriptBoard(has: ScriptBoard = { implicitVdevs: [] }): Board {
  const { defaultConsole: _, ...map } = virt;
  return { ...map, ...has, name: scriptArchitecture.defaultBoard, description: 'Scripted guests, on the map of virt' };
}

/**
 * A plugin that makes a hypervisor run scripted guests instead of AArch64 ones. Their console is a PL011; there are no
 * other implicit vdevs.
 *
 * @experimental
 */
export const scriptPlugin: QvmPlugin = createScriptPlugin({ implicitVdevs: [], defaultConsole: 'pl011' });

/**
 * {@link scriptPlugin} with another board.
 *
 * @experimental
 */
export function createScriptPlugin(board: ScriptBoard): QvmPlugin {
  return {
    name: 'script-machine',
    apiVersion: 1,
    provides: [
      provide({ token: ARCHITECTURE, scope: 'host', multi: true, factory: () => scriptSource }),
      provide({ token: BOARD, scope: 'host', multi: true, factory: () => scriptBoard(board) }),
    ],
  };
}

/**
 * Makes the image of a guest that executes the given lines in order, each as one or several instructions. Addresses
 * are guest-physical, or I/O ports with the prefix `io:`; numbers are decimal or `0x…`, widths 1, 2 or 4 bytes (when
 * absent 4, and 1 for a port).
 *
 * | Line | Effect |
 * | --- | --- |
 * | `write ADDRESS VALUE [WIDTH]` | Writes a register, or RAM. |
 * | `expect ADDRESS VALUE [WIDTH]` | Reads a register or RAM; another value ends the VM with exit code 63 and a reason that says so. |
 * | `show ADDRESS [WIDTH]` | Reads a register or RAM and prints the value. |
 * | `wait NANOSECONDS` | Waits in virtual time. |
 * | `interrupt NUMBER` | Waits until an interrupt input is high. |
 * | `print TEXT` | Prints on a PL011 at 0x09000000. |
 * | `echo` | Sends back the input of the PL011, until a `q` arrives. |
 * | `poweroff`, `reset`, `exit CODE` | Ends or resets the VM. |
 * | `spin`, `sleep` | Runs, or waits, for ever. |
 * | `break` | Makes the engine fail. |
 *
 * Empty lines and lines that begin with `# ` are ignored. After the last line the guest sleeps. It runs on vCPU 0.
 *
 * @experimental
 */
export function scriptedGuest(...lines: readonly string[]): BootFile {
  return { name: 'script', bytes: new TextEncoder().encode(`${SCRIPT_HEADER}${lines.join('\n')}\n`) };
}
