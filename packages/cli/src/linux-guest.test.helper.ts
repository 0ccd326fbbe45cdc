import { fileURLToPath } from 'node:url';
import type { Engine } from '@qvm/core/architecture';
import { fetchGuest, guestCacheDirectory } from '@qvm/guests';
import { createHypervisor, type ConsoleStream, type Hypervisor, type VdevDescription, type VmHandle } from '@qvm/sdk';

/** Several times the duration on a busy machine. */
const LIMIT_MS = 10 * 60_000;

/** Options of a Linux guest. */
export interface LinuxGuestOptions {
  /** The hypervisor. Default: a new one. */
  readonly hypervisor?: Hypervisor;
  readonly name?: string;
  readonly vdevs?: readonly VdevDescription[];
  readonly cpus?: number;
  readonly ram?: number;
  /** The guest's name in the catalogue. Default `debian-arm64`. */
  readonly guest?: LinuxName;
  /** The way by which the kernel is entered. Default: as its format says. */
  readonly entry?: string;
  /** Further words for the kernel. */
  readonly words?: string;
  /** File of the initial file system. Default: that with all modules. */
  readonly initrd?: string;
  /** The engine. Default: `wasm`. */
  readonly engine?: Engine;
  /** Effect of a reset by the guest. Default: the VM ends. */
  readonly onReset?: 'exit' | 'restart';
  /** Called before the VM starts. */
  readonly prepare?: (vm: VmHandle) => void;
}

type LinuxName = 'debian-arm64' | 'debian-amd64' | 'debian-amd64-cloud' | 'debian-i386';

/** A guest's architecture, the file of its kernel, and its console. */
const KINDS: Readonly<Record<LinuxName, { readonly arch: 'aarch64' | 'x86_64'; kernel: string; console: string }>> = {
  'debian-arm64': { arch: 'aarch64', kernel: 'Image', console: 'ttyAMA0' },
  'debian-amd64': { arch: 'x86_64', kernel: 'bzImage', console: 'ttyS0' },
  'debian-amd64-cloud': { arch: 'x86_64', kernel: 'bzImage', console: 'ttyS0' },
  'debian-i386': { arch: 'x86_64', kernel: 'bzImage', console: 'ttyS0' },
};

/** An unmodified Debian kernel in a VM of this process, controlled through its shell on the serial console. */
export class LinuxGuest {
  readonly vm: VmHandle;
  readonly #console: Reader;
  #commands = 0;

  private constructor(vm: VmHandle) {
    this.vm = vm;
    this.#console = new Reader(vm.console);
  }

  /** Boots to the shell, with all modules available. */
  static async boot(options: LinuxGuestOptions): Promise<LinuxGuest> {
    const { hypervisor = createHypervisor(), name = 'linux', vdevs = [], cpus = 1, ram = 2 ** 28 } = options;
    const { guest: kind = 'debian-arm64', words } = options;
    const { arch, kernel, console } = KINDS[kind];
    await fetchGuest(kind);
    const folder = `${guestCacheDirectory(process.env)}/${kind}`;
    const description = {
      name,
      arch,
      image: `${folder}/${kernel}`,
      ...(options.entry === undefined ? {} : { entry: options.entry }),
      initrd: `${folder}/${options.initrd ?? 'initramfs-full.cpio.gz'}`,
      cmdline: `console=${console} quiet${words === undefined ? '' : ` ${words}`}`,
      baseDir: fileURLToPath(new URL('.', import.meta.url)),
      cpus,
      ram: [{ size: ram }],
      vdevs,
    };
    const vm = await hypervisor.createVm(description, {
      onReset: options.onReset ?? 'exit',
      ...(options.engine === undefined ? {} : { engine: options.engine }),
    });
    options.prepare?.(vm);
    const guest = new LinuxGuest(vm);
    await vm.start();
    await guest.ready();
    return guest;
  }

  /** Waits for the shell, after the start or a reset. */
  async ready(): Promise<void> {
    await this.#console.until(/GUEST-READY[^]*guest# /);
  }

  /** Types a line, whose end nobody waits for. */
  type(line: string): void {
    this.vm.console.send(`${line}\n`);
  }

  /**
   * Runs a command in the guest's shell.
   *
   * @returns its output, without the last newline.
   * @throws Error when it fails.
   */
  async run(command: string): Promise<string> {
    const { begin, end } = this.#start(command);
    const text = (await this.#console.until(end)).replaceAll('\r', '');
    const [, output = '', code = ''] = new RegExp(`${begin}\n([^]*?)RC-(\\d+)-`).exec(text) ?? [];
    if (code !== '0') throw new Error(`${command} failed with ${code}: ${output}`);
    return output.replace(/\n$/, '');
  }

  /** A reader of another console of the guest. */
  stream(name: string): Reader {
    return new Reader(this.vm.stream(name));
  }

  async stop(): Promise<void> {
    await this.vm.dispose();
  }

  /** The echo of the shell does not match, because it does not have the numbers inserted. */
  #start(command: string): { readonly begin: string; readonly end: RegExp } {
    const number = ++this.#commands;
    this.vm.console.send(`echo BEGIN-$((${number})); ${command}; echo RC-$?-$((${number}))-\n`);
    return { begin: `BEGIN-${number}`, end: new RegExp(`RC-\\d+-${number}-\r?\n`) };
  }
}

/** Output of a console that can be awaited. */
export class Reader {
  readonly stream: ConsoleStream;
  readonly #chunks: Buffer[] = [];
  #check: () => void = () => undefined;

  constructor(stream: ConsoleStream) {
    this.stream = stream;
    stream.onOutput((bytes) => {
      this.#chunks.push(Buffer.from(bytes));
      this.#check();
    });
  }

  /**
   * Removes and returns all output up to the end of the first match.
   *
   * @param limit - milliseconds.
   */
  async until(pattern: RegExp, limit = LIMIT_MS): Promise<string> {
    const found = (): number | undefined => {
      const match = pattern.exec(this.#all().toString('latin1'));
      return match === null ? undefined : match.index + match[0].length;
    };
    return (await this.#take(found, String(pattern), limit)).toString('latin1');
  }

  /** Removes and returns a number of bytes. */
  async bytes(count: number): Promise<Buffer> {
    return this.#take(() => (this.#all().length >= count ? count : undefined), `${count} bytes`);
  }

  #all(): Buffer {
    const all = Buffer.concat(this.#chunks.splice(0));
    this.#chunks.push(all);
    return all;
  }

  #take(end: () => number | undefined, what: string, limit = LIMIT_MS): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(
          new Error(`${what} did not appear. The output ends with: ${this.#all().toString('latin1').slice(-2000)}`),
        );
      }, limit);
      this.#check = () => {
        const length = end();
        if (length === undefined) return;
        clearTimeout(timer);
        this.#check = () => undefined;
        const all = this.#all();
        this.#chunks.splice(0, 1, all.subarray(length));
        resolve(all.subarray(0, length));
      };
      this.#check();
    });
  }
}
