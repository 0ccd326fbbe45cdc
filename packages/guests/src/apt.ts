import { mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand, type CommandResult } from './command.js';
import { parseControl } from './deb822.js';
import type { Environment } from './environment.js';
import { GuestFetchError } from './errors.js';
import { sha256OfFile } from './hash.js';

/** A package in the version that apt would install. */
export interface AptPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Size of the .deb in bytes. */
  readonly size: number;
  /** SHA-256 of the .deb, in lower-case hex, from the signed index. */
  readonly sha256: string;
  readonly depends: string;
  /** Approximate size when unpacked, in bytes; 0 if the index does not have it. */
  readonly installedBytes: number;
}

/** Called with the completed fraction, 0 to 1. */
export type OnFraction = (fraction: number) => void;

interface AptOptions {
  /** Folder for apt's state and lists. */
  readonly stateDirectory: string;
  readonly architecture: string;
  readonly suite: string;
  readonly env: Environment;
  readonly signal?: AbortSignal | undefined;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** "dlstatus:3:41.5:Retrieving file 3 of 9": apt's README.progress-reporting. */
function statusFraction(line: string): number | undefined {
  const percent = /^dlstatus:[^:]*:(\d+(?:\.\d+)?):/.exec(line)?.[1];
  return percent === undefined ? undefined : Math.min(1, Number(percent) / 100);
}

/**
 * apt with a state of its own, for an architecture that may differ from the machine's: uses the machine's sources and
 * keys, changes nothing on it, and needs no root. Signatures are checked as the machine's apt is configured.
 */
export class Apt {
  constructor(private readonly options: AptOptions) {}

  get #state(): string {
    return this.options.stateDirectory;
  }

  get #stamp(): string {
    return join(this.#state, 'updated');
  }

  #arguments(): string[] {
    const { architecture, suite } = this.options;
    const settings = {
      'APT::Architecture': architecture,
      'APT::Architectures': architecture,
      'Dir::State': this.#state,
      'Dir::State::Lists': join(this.#state, 'lists'),
      'Dir::State::status': join(this.#state, 'status'),
      'Dir::Cache': join(this.#state, 'cache'),
      // Without root apt cannot become its own user; with root that user could not write into the cache.
      'APT::Sandbox::User': '',
      'APT::Default-Release': `/^${suite}(-security|-updates)?$/`,
      'Acquire::Languages': 'none',
      'Acquire::Retries': '3',
      'APT::Status-Fd': '3',
    };
    return ['-q', ...Object.entries(settings).map(([key, value]) => `-o${key}=${value}`)];
  }

  async #prepare(): Promise<void> {
    await mkdir(join(this.#state, 'lists', 'partial'), { recursive: true });
    await mkdir(join(this.#state, 'cache', 'archives', 'partial'), { recursive: true });
    // An empty status file: for this apt, no package is installed.
    await writeFile(join(this.#state, 'status'), '', { flag: 'a' });
  }

  async #run(tool: string, args: readonly string[], cwd?: string, onFraction?: OnFraction): Promise<CommandResult> {
    await this.#prepare();
    return runCommand(tool, [...this.#arguments(), ...args], {
      env: this.options.env,
      signal: this.options.signal,
      cwd,
      onStatusLine: (line) => {
        const fraction = statusFraction(line);
        if (fraction !== undefined) onFraction?.(fraction);
      },
    });
  }

  /** True if the package lists have been fetched before. */
  hasLists(): Promise<boolean> {
    return exists(this.#stamp);
  }

  /**
   * Fetch the package lists.
   *
   * @throws GuestFetchError `apt-update-failed` with the last lines of apt's output
   */
  async update(onFraction?: OnFraction): Promise<void> {
    const result = await this.#run('apt-get', ['update'], undefined, onFraction);
    // apt-get exits with 0 even if nothing could be reached, as long as it has old lists; its warnings tell.
    const unreachable = /^W: (Some index files failed|Failed to fetch)/m.test(result.tail);
    if (result.exitCode !== 0 || unreachable) {
      throw new GuestFetchError('apt-update-failed', 'apt-get could not fetch the package lists', result.tail);
    }
    await writeFile(this.#stamp, '');
  }

  /**
   * The entry of apt's lists for the package, in the version that apt would install.
   *
   * @throws GuestFetchError `package-not-found`
   */
  async show(name: string): Promise<AptPackage> {
    const result = await this.#run('apt-cache', ['show', '--no-all-versions', name]);
    const fields = parseControl(result.stdout);
    const found = toPackage(fields);
    if (result.exitCode !== 0 || found?.name !== name) {
      const message = `apt knows no package ${name} for ${this.options.architecture}`;
      throw new GuestFetchError('package-not-found', message, result.tail.startsWith('Package:') ? '' : result.tail);
    }
    return found;
  }

  /**
   * Downloads a .deb into `folder` and checks its size and digest; keeps an existing file that is correct.
   *
   * @returns its path
   * @throws GuestFetchError `download-failed` or `checksum-mismatch`
   */
  async download(wanted: AptPackage, folder: string, onFraction?: OnFraction): Promise<string> {
    const path = join(folder, debFileName(wanted));
    if (await isIntact(path, wanted)) return path;
    await rm(path, { force: true });
    const scratch = join(folder, `.partial-${wanted.name}`);
    await rm(scratch, { recursive: true, force: true });
    await mkdir(scratch, { recursive: true });
    try {
      const result = await this.#run('apt-get', ['download', `${wanted.name}=${wanted.version}`], scratch, onFraction);
      const fetched = join(scratch, debFileName(wanted));
      if (result.exitCode !== 0 || !(await exists(fetched))) {
        throw new GuestFetchError('download-failed', `apt-get could not download ${wanted.name}`, result.tail);
      }
      if (!(await isIntact(fetched, wanted))) {
        throw new GuestFetchError('checksum-mismatch', `${wanted.name} arrived damaged`);
      }
      await syncFile(fetched);
      await rename(fetched, path);
      return path;
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
}

/** Whether a file has a name as {@link debFileName} makes it. */
export function isDebFileName(name: string): boolean {
  return /^[a-z0-9][a-z0-9+.-]*_[^_/]+_[a-z0-9-]+\.deb$/.test(name);
}

/** The name that apt gives to the file: NAME_VERSION_ARCH.deb with the version's `:` quoted. */
export function debFileName(wanted: Pick<AptPackage, 'name' | 'version' | 'architecture'>): string {
  return `${wanted.name}_${wanted.version.replaceAll(':', '%3a')}_${wanted.architecture}.deb`;
}

/** Validates the fields that become arguments and file names: the lists are signed, but not by this project. */
function toPackage(fields: ReadonlyMap<string, string>): AptPackage | undefined {
  const name = fields.get('package') ?? '';
  const version = fields.get('version') ?? '';
  const architecture = fields.get('architecture') ?? '';
  const size = Number(fields.get('size'));
  const sha256 = (fields.get('sha256') ?? '').toLowerCase();
  const wellFormed =
    /^[a-z0-9][a-z0-9+.-]{1,127}$/.test(name) &&
    /^[0-9][A-Za-z0-9.+~:-]{0,127}$/.test(version) &&
    /^[a-z0-9-]{1,32}$/.test(architecture) &&
    /^[0-9a-f]{64}$/.test(sha256) &&
    Number.isSafeInteger(size) &&
    size > 0;
  if (!wellFormed) return undefined;
  const installedBytes = (Number(fields.get('installed-size')) || 0) * 1024;
  return { name, version, architecture, size, sha256, depends: fields.get('depends') ?? '', installedBytes };
}

async function isIntact(path: string, wanted: AptPackage): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  return info?.size === wanted.size && (await sha256OfFile(path)) === wanted.sha256;
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
