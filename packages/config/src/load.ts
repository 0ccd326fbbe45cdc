import { completeVm, reportMissing } from './build-spec.js';
import { ConfigError, type Finding, findingAt, FindingList } from './finding.js';
import { MAX_FILES } from './limits.js';
import { sourceOf } from './location.js';
import { overlayVm } from './overlay.js';
import { type Config, examineConfig, type ParseOptions } from './parse.js';
import type { VmFragment, VmSpec } from './spec.js';
import type { HostSpec, SharedMemorySpec, SwitchSpec, SystemSpec, SystemVmSpec } from './system.js';

/** Access to files for {@link loadConfigs}. @experimental */
export interface LoadOptions extends Pick<ParseOptions, 'environment' | 'vdevOptions'> {
  /** Reads the text of a file; throws a `ConfigError` when it cannot be read. */
  readonly read: (path: string) => Promise<string>;
  /** The folder of a file. */
  readonly directoryOf: (path: string) => string;
}

/** The combined contents of several configuration files. @experimental */
export interface LoadedConfigs {
  /** The host VMs of the system files. */
  readonly hosts: readonly HostSpec[];
  /** Complete VMs: of single files in the order given, then those of system files. */
  readonly vms: readonly VmSpec[];
  /** Parts of VMs that nothing refers to, with their files. */
  readonly fragments: readonly {
    /** Path of the file. */
    readonly file: string;
    /** Its content. */
    readonly fragment: VmFragment;
  }[];
  /** The switches of all system files. */
  readonly switches: readonly SwitchSpec[];
  /** The shared-memory regions of all system files. */
  readonly shmem: readonly SharedMemorySpec[];
  /**
   * All findings, file by file. If there is an error among them, invalid parts are omitted, and a VM may lack its RAM:
   * such VMs are only for further checks.
   */
  readonly findings: readonly Finding[];
}

/**
 * Reads files and those that they refer to, and combines them: an entry of a system file is laid over the
 * configurations that it names, or over the VM of the same name in another of the files. Never rejects because of the
 * contents of files.
 *
 * @experimental
 */
export async function loadConfigs(files: readonly string[], options: LoadOptions): Promise<LoadedConfigs> {
  return new ConfigLoader(options).load(files);
}

class ConfigLoader {
  private readonly findings: Finding[] = [];
  private readonly configs = new Map<string, Config | undefined>();

  constructor(private readonly options: LoadOptions) {}

  async load(files: readonly string[]): Promise<LoadedConfigs> {
    const named = [...new Set(files)];
    for (const file of named) await this.file(file);
    const given = named.flatMap((file) => withFile(file, this.configs.get(file)));
    const systems = given.flatMap(({ config }) => (config.kind === 'system' ? [config.system] : []));
    const vms = given.flatMap(({ config }) => (config.kind === 'vm' ? [config.spec] : []));
    const assembled = new Map<VmSpec, VmSpec>();
    const more: VmSpec[] = [];
    const hosts: HostSpec[] = [];
    for (const system of systems) {
      hosts.push(await this.host(system.host));
      for (const entry of system.vms) {
        const namesake = entry.config.length === 0 ? vms.find(({ name }) => name === entry.name) : undefined;
        if (namesake !== undefined) assembled.set(namesake, overlayVm(namesake, entry.fragment));
        else more.push(...(await this.entry(entry)));
      }
    }
    return {
      hosts,
      vms: [...vms.map((vm) => assembled.get(vm) ?? vm), ...more],
      fragments: given.flatMap(({ file, config }) =>
        config.kind === 'fragment' ? [{ file, fragment: config.fragment }] : [],
      ),
      ...declared(systems),
      findings: this.findings,
    };
  }

  private async host(host: HostSpec): Promise<HostSpec> {
    const parts = await this.parts(host.config, sourceOf(host.source, 'config'));
    return { ...host, vdevs: [...parts.flatMap(({ vdevs }) => vdevs), ...host.vdevs] };
  }

  private async entry({ name, config, fragment }: SystemVmSpec): Promise<readonly VmSpec[]> {
    const at = sourceOf(fragment.source);
    const parts = [...(await this.parts(config, at)), fragment];
    const whole = parts.reduce((base, over) => overlayVm(base, over));
    if (whole.ram === undefined && whole.source?.fields.ram === undefined) {
      const message = `the VM ${name} has no RAM: nothing says what it is made of`;
      const hint = 'add "config": "FILE", or name its file on the command line too';
      // A file of the list that could not be read has been reported.
      const complete = parts.length > config.length;
      if (complete) this.findings.push(findingAt(at, 'error', 'config.vm-incomplete', message, hint));
      return [];
    }
    const findings = new FindingList();
    reportMissing(whole, findings);
    const spec = completeVm(whole, findings);
    this.findings.push(...findings.sorted());
    return [spec];
  }

  /** The VMs and parts of VMs in files. */
  private async parts(paths: readonly string[], at: ReturnType<typeof sourceOf>): Promise<VmFragment[]> {
    const parts: VmFragment[] = [];
    for (const path of paths) {
      const config = await this.file(path);
      if (config === undefined) continue;
      if (config.kind === 'vm') parts.push(config.spec);
      else if (config.kind === 'fragment') parts.push(config.fragment);
      else {
        const message = `${path} describes a system, and a VM is wanted here`;
        this.findings.push(findingAt(at, 'error', 'config.reference', message));
      }
    }
    return parts;
  }

  private async file(file: string): Promise<Config | undefined> {
    if (this.configs.has(file)) return this.configs.get(file);
    const config = await this.attempt(file);
    this.configs.set(file, config);
    return config;
  }

  private async attempt(file: string): Promise<Config | undefined> {
    const { read, directoryOf, ...options } = this.options;
    try {
      if (this.configs.size >= MAX_FILES) {
        const at = { file, line: 1, column: 1 };
        throw new ConfigError([findingAt(at, 'error', 'config.too-large', `more than ${MAX_FILES} files`)]);
      }
      const examined = examineConfig(await read(file), { ...options, file, baseDir: directoryOf(file) });
      this.findings.push(...examined.findings);
      return examined.config;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.findings.push(...error.findings);
      return undefined;
    }
  }
}

function withFile(
  file: string,
  config: Config | undefined,
): readonly { readonly file: string; readonly config: Config }[] {
  return config === undefined ? [] : [{ file, config }];
}

function declared(systems: readonly SystemSpec[]): Pick<LoadedConfigs, 'switches' | 'shmem'> {
  return {
    switches: systems.flatMap(({ switches }) => switches),
    shmem: systems.flatMap(({ shmem }) => shmem),
  };
}
