import { moduleDependencies, moduleName } from './elf-modinfo.js';
import { GuestFormatError } from './errors.js';

/** A source of modules: a kernel package, or a table in a test. */
export interface ModuleProvider {
  /** The module's ELF file, or `undefined` if the kernel has no such module file. */
  load(name: string): Promise<Uint8Array | undefined>;
  /** True if the module is built into the kernel. */
  isBuiltIn(name: string): boolean;
}

/** Largest depth of dependencies; real ones stay below ten. */
const MAX_DEPTH = 64;

/** Modules that are requested by name at run time, which `depends=` (symbols only) does not list. */
const NEEDED_BY_NAME: Readonly<Record<string, readonly string[]>> = {
  // Metadata checksums: ext4 asks the crypto layer for "crc32c".
  ext4: ['crc32c_generic'],
};

interface ModuleNode {
  readonly data: Uint8Array;
  readonly needs: readonly string[];
}

/** Loads modules on demand and orders them so that they can be loaded. */
export class ModuleSet {
  readonly #nodes = new Map<string, ModuleNode | undefined>();

  constructor(private readonly provider: ModuleProvider) {}

  /**
   * `names` and all their dependencies, each once and after its own dependencies. Names that are built in or unknown to
   * the kernel are omitted from `order`; the latter are listed in `absent`.
   *
   * @throws GuestFormatError when a module is malformed, or dependencies are circular or missing
   */
  async resolve(names: readonly string[]): Promise<{ order: string[]; absent: string[] }> {
    const order = new Set<string>();
    const absent: string[] = [];
    for (const requested of names) {
      const name = moduleName(requested);
      if ((await this.#node(name)) !== undefined) await this.#visit(name, order, []);
      else if (!this.provider.isBuiltIn(name)) absent.push(name);
    }
    return { order: [...order], absent };
  }

  /** The ELF file of a module in the order that {@link resolve} returned. */
  data(name: string): Uint8Array {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new GuestFormatError(`module ${name} was never resolved`);
    return node.data;
  }

  async #visit(name: string, order: Set<string>, path: readonly string[]): Promise<void> {
    if (order.has(name)) return;
    if (path.includes(name)) throw new GuestFormatError(`modules depend on each other: ${[...path, name].join(' → ')}`);
    if (path.length >= MAX_DEPTH) throw new GuestFormatError(`module ${path[0] ?? name}: dependencies too deep`);
    const node = await this.#node(name);
    if (node === undefined) {
      if (this.provider.isBuiltIn(name)) return;
      throw new GuestFormatError(`module ${name}, needed by ${path.at(-1) ?? 'the guest'}, is not in the package`);
    }
    for (const need of node.needs) await this.#visit(need, order, [...path, name]);
    order.add(name);
  }

  async #node(name: string): Promise<ModuleNode | undefined> {
    if (this.#nodes.has(name)) return this.#nodes.get(name);
    const data = await this.provider.load(name);
    const byName = Object.hasOwn(NEEDED_BY_NAME, name) ? (NEEDED_BY_NAME[name] ?? []) : [];
    const node = data && { data, needs: [...moduleDependencies(data), ...byName] };
    this.#nodes.set(name, node);
    return node;
  }
}
